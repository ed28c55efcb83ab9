"""Templates keep to the house: contracts on components, nothing the browser refuses, words in gettext."""

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from django.conf import settings
from django.template import TemplateDoesNotExist, TemplateSyntaxError
from django.template.loader import get_template

from prm.web.marks import MARKUP

TEMPLATES = Path(settings.BASE_DIR) / "templates"
STATIC = Path(settings.BASE_DIR) / "static"
COMPONENTS = sorted((TEMPLATES / "components").glob("*.html"))
# Mails need inline styles; their layout alone may carry a <style> block.
NO_TOKEN = {
    "prm/notices/unsubscribe.html": "one click from a mail, without a session; the address carries the proof"
}
MAILS = ("emails/", "layouts/email.html")


def pages() -> list[Path]:
    return [
        path for path in sorted(TEMPLATES.rglob("*.html")) if not name_of(path).startswith(MAILS)
    ]


def name_of(path: Path) -> str:
    return path.relative_to(TEMPLATES).as_posix()


def wrong(paths: Iterable[Path], look: Callable[[str], list[str]]) -> dict[str, list[str]]:
    """Return by template what is found in its text; nothing is as it should be."""
    return {name_of(path): found for path in paths if (found := look(path.read_text()))}


def without_comments(text: str) -> str:
    text = re.sub(r"\{% comment %\}.*?\{% endcomment %\}", "", text, flags=re.DOTALL)
    return re.sub(r"\{#.*?#\}", "", text)


def test_a_template_can_be_read() -> None:
    unreadable = {}
    for name in map(name_of, sorted(TEMPLATES.rglob("*.html"))):
        try:
            get_template(name)
        except (TemplateSyntaxError, TemplateDoesNotExist) as error:
            unreadable[name] = str(error)

    assert unreadable == {}


def test_a_component_opens_with_its_contract() -> None:
    def first_line(text: str) -> list[str]:
        first = text.lstrip().splitlines()[0]
        return [] if first.startswith("{# ") and ":" in first else [first]

    # The first line says which names it takes.
    assert wrong(COMPONENTS, first_line) == {}


def test_a_component_stands_alone() -> None:
    # A component reads no request.
    around = re.compile(r"\{% extends|\{\{\s*request\b|\brequest\.")

    assert wrong(COMPONENTS, lambda text: around.findall(without_comments(text))) == {}


def test_a_component_is_given_only_what_it_names() -> None:
    def given_more(text: str) -> list[str]:
        calls = re.findall(r'\{% include "components/[^%]*%\}', text)
        return [call for call in calls if not re.search(r"\bonly\s*%\}$", call)]

    assert wrong(pages(), given_more) == {}


def test_nothing_stands_inline_that_the_policy_refuses() -> None:
    refused = re.compile(r"<[^>]*\sstyle=|<style|<[^>]*\son[a-z]+=|hx-on|hx-vals='js:|javascript:")

    def inline(text: str) -> list[str]:
        text = without_comments(text)
        scripts = [
            tag
            for tag in re.findall(r"<script[^>]*>", text)
            if "src=" not in tag and "application/json" not in tag
        ]
        return refused.findall(text) + scripts

    assert wrong(pages(), inline) == {}


def test_dates_and_numbers_are_written_by_the_house_tags() -> None:
    raw = re.compile(r"\|(?:date|time|timesince|timeuntil|naturaltime|floatformat|intcomma)\b")

    assert wrong(sorted(TEMPLATES.rglob("*.*")), raw.findall) == {}


def test_a_form_that_changes_something_carries_its_token() -> None:
    def without_token(text: str) -> list[str]:
        forms = re.findall(
            r'<form[^>]*method="post".*?</form>', without_comments(text), flags=re.DOTALL
        )
        return [form[:80] for form in forms if "csrf" not in form]

    found = wrong(pages(), without_token)

    assert {name: forms for name, forms in found.items() if name not in NO_TOKEN} == {}


def test_a_part_with_a_form_is_given_the_token() -> None:
    with_forms = [
        path.relative_to(TEMPLATES).as_posix()
        for path in TEMPLATES.rglob("*.html")
        if "{% csrf_token %}" in path.read_text()
    ]
    calls = "\n".join(
        call
        for path in TEMPLATES.rglob("*.html")
        for call in re.findall(r"\{% include [^%]*\bonly\s*%\}", path.read_text())
        if "csrf_token=csrf_token" not in call
    )

    # `only` takes the request's token away: the form would be refused.
    assert [name for name in with_forms if f'include "{name}"' in calls] == []


def words_in(text: str) -> Iterator[str]:
    """Yield visible English that is in no translation tag: text between tags, and the attributes people meet."""
    text = without_comments(text)
    text = re.sub(
        r"\{% blocktrans(late)?\b.*?\{% endblocktrans(late)? %\}", "", text, flags=re.DOTALL
    )
    text = re.sub(
        r"\{% block (card_class|body_attributes) %\}.*?\{% endblock[^%]*%\}",
        "",
        text,
        flags=re.DOTALL,
    )
    text = re.sub(
        r"<script.*?</script>|<svg.*?</svg>|<kbd>.*?</kbd>|<code>.*?</code>",
        "",
        text,
        flags=re.DOTALL,
    )
    named = re.findall(
        r'(?:aria-label|placeholder|title|alt|data-done)="([^"{]*[A-Za-z]{3}[^"{]*)"', text
    )
    yield from named
    bare = re.sub(r"\{%.*?%\}|\{\{.*?\}\}|<[^>]*>", "\n", text, flags=re.DOTALL)
    for line in bare.splitlines():
        if re.search(r"[A-Za-z]{3,}", line) and "&" not in line:
            yield line.strip()


# Names that are the same in every language.
UNTRANSLATED = {"CSV", "XLSX", "PDF", "Excel", "EUR", "SEPA", "JSON", "doctype html"}


def test_every_word_people_read_can_be_translated() -> None:
    def untranslated(text: str) -> list[str]:
        return [
            words
            for words in words_in(re.sub(r"<!doctype html>", "", text, flags=re.IGNORECASE))
            if words not in UNTRANSLATED
            and "{%" not in words
            and not words.startswith(("/*", "@media", "."))
        ]

    assert wrong([*pages(), *sorted((TEMPLATES / "emails").rglob("*.html"))], untranslated) == {}


def test_style_sheets_fetch_nothing_from_elsewhere() -> None:
    for path in [*STATIC.rglob("*.css"), *STATIC.rglob("*.js")]:
        text = path.read_text()
        assert "sourceMappingURL" not in text, path.name
        assert re.findall(r"url\([\"']?(?:https?:)?//", text) == [], path.name
        assert "@import" not in text, path.name


def test_raw_colours_stand_in_the_tokens_only() -> None:
    text = (STATIC / "css" / "components.css").read_text()
    inside = re.sub(r"light-dark\([^;]*;", "", re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL))

    # White behind a QR code and the hairline on a pressed button are the same in every scheme.
    assert set(re.findall(r"#[0-9a-fA-F]{3,8}\b", inside)) <= {"#fff", "#0000"}


def test_every_icon_that_a_template_draws_exists() -> None:
    """An unknown name is a KeyError when the page is drawn, and only in the state that draws it."""
    drawn = re.compile(r'\{% icon "([^"]+)"|\bicon="([^"]+)"')
    unknown = {
        f"{name_of(path)}: {name}"
        for path in TEMPLATES.rglob("*.html")
        for pair in drawn.findall(without_comments(path.read_text()))
        if (name := pair[0] or pair[1]) not in MARKUP
    }

    assert unknown == set()


def test_pages_without_results_turn_over_as_a_whole() -> None:
    """A link that is to swap #results does nothing at all where there is none."""
    stuck = {
        name_of(path)
        for path in pages()
        if (text := without_comments(path.read_text()))
        and re.search(r"components/pager\.html\" with (?![^%]*whole=True)", text)
        and 'id="results"' not in text
    }

    assert stuck == set()
