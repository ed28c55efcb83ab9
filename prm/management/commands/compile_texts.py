"""Compile the translations (.po to .mo) with Babel, so that no gettext program is needed to run the portal."""

import os
from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser


class Command(BaseCommand):
    """`manage.py compile_texts`: quick when nothing changed; --force writes all."""

    help = "Compile translations; only catalogues newer than their compiled form."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--force", action="store_true", help="compile what is up to date as well"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        for folder in settings.LOCALE_PATHS:
            for source in sorted(Path(folder).glob("*/LC_MESSAGES/*.po")):
                if options["force"] or stale(source):
                    count = compile_text(source)
                    if options["verbosity"]:
                        self.stdout.write(f"{source.parent.parent.name}: {count} texts compiled")


def stale(source: Path) -> bool:
    """Tell whether a catalogue is newer than its compiled form."""
    target = source.with_suffix(".mo")
    return not target.exists() or target.stat().st_mtime < source.stat().st_mtime


def compile_text(source: Path) -> int:
    """Write the .mo beside a .po at once or not at all; return the number of translated texts.

    Raises CommandError when a text's placeholders do not match its translation's.
    """
    locale = source.parent.parent.name
    with source.open("rb") as file:
        catalog = read_po(file, locale=locale, domain=source.stem)
    problems = [
        f"{locale}: {message.id!r}: {error}"
        for message, errors in catalog.check()
        for error in errors
        if message.string and not message.fuzzy
    ]
    if problems:
        raise CommandError("\n".join(problems))
    target = source.with_suffix(".mo")
    part = target.with_suffix(f".{os.getpid()}.part")
    with part.open("wb") as file:
        write_mo(file, catalog)
    part.replace(target)
    translated = [message for message in catalog if message.id and not message.fuzzy]
    return sum(1 for message in translated if any(message.string or ()))
