"""Italian is whole: every text translated, none in doubt, every placeholder kept, and compiled without gettext."""

import re
import shutil
from gettext import GNUTranslations
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from django.conf import settings as portal
from django.core.management import call_command
from django.core.management.base import CommandError
from pytest_django.fixtures import Settings

from prm.management.commands.compile_texts import compile_text

CATALOGUES = sorted(Path(portal.LOCALE_PATHS[0]).glob("*/LC_MESSAGES/django.po"))


def catalog_of(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=path.parent.parent.name)


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parent.parent.name)
def test_every_text_is_translated_and_sure(path: Path) -> None:
    texts = [message for message in catalog_of(path) if message.id]

    assert [message.id for message in texts if message.fuzzy] == []
    assert [
        message.id
        for message in texts
        if not all(message.string if isinstance(message.string, list | tuple) else [message.string])
    ] == []


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"%\(\w+\)[sd]|(?<!%)%[sd]|\{\w+\}", text))


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parent.parent.name)
def test_every_placeholder_survives(path: Path) -> None:
    lost = []
    for message in catalog_of(path):
        if not message.id:
            continue
        sources = message.id if isinstance(message.id, list | tuple) else [message.id]
        targets = message.string if isinstance(message.string, list | tuple) else [message.string]
        wanted = set().union(*(placeholders(text) for text in sources))
        lost += [target for target in targets if target and not placeholders(target) <= wanted]
        lost += [
            target
            for target in targets[1:] or targets
            if target and placeholders(target) != placeholders(sources[-1])
        ]

    assert lost == []


def test_compiling_needs_no_gettext_and_gives_italian() -> None:
    call_command("compile_texts", force=True, verbosity=0)

    with (CATALOGUES[0].with_suffix(".mo")).open("rb") as file:
        assert GNUTranslations(file).gettext("There is a problem") == "C'è un problema"


def test_a_translation_that_drops_a_placeholder_does_not_compile(tmp_path: Path) -> None:
    folder = tmp_path / "it" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "django.po").write_text(
        '#, python-format\nmsgid "%(count)s rows"\nmsgstr "%(conto)s righe"\n'
    )

    with pytest.raises(CommandError, match="conto"):
        compile_text(folder / "django.po")
    assert not (folder / "django.mo").exists()


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("xgettext"), reason="GNU gettext is not installed")
def test_the_catalogue_knows_every_text_of_the_code(tmp_path: Path, settings: Settings) -> None:
    (tmp_path / "it" / "LC_MESSAGES").mkdir(parents=True)
    shutil.copy(CATALOGUES[0], tmp_path / "it" / "LC_MESSAGES" / "django.po")
    settings.LOCALE_PATHS = [tmp_path]

    call_command("collect_texts", verbosity=0)

    fresh = catalog_of(tmp_path / "it" / "LC_MESSAGES" / "django.po")
    known = {(message.context, message.id) for message in catalog_of(CATALOGUES[0])}
    assert [message.id for message in fresh if (message.context, message.id) not in known] == []
