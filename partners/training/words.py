"""Courses in words: texts in the reader's language, learning time, why a quiz is closed."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from partners.training.rules import Way, in_language
from prm.web.choices import language_in_words
from prm.web.formats import moment_text


class Told(NamedTuple):
    """A text, its language, and a mark such as "(in English)" where it is not the reader's."""

    text: str
    language: str
    mark: str


class Speaker:
    """Says texts in one reader's language, else in the tenant's, else in any."""

    def __init__(self, language: str, tenant_language: str) -> None:
        self.language, self.tenant_language = language, tenant_language

    def __call__(self, texts: Mapping[str, str]) -> Told:
        """Return the text to show."""
        text, language = in_language(texts, self.language, self.tenant_language)
        if not text or language == self.language:
            return Told(text, language, "")
        mark = _("(in %(language)s)") % {"language": language_in_words(language)}
        return Told(text, language, mark)


def learning_time(minutes: int) -> str:
    """Return minutes as people say them: "2 hours 30 minutes"; empty for none."""
    hours, rest = divmod(minutes, 60)
    parts = []
    if hours:
        parts.append(ngettext("%(count)d hour", "%(count)d hours", hours) % {"count": hours})
    if rest:
        parts.append(ngettext("%(count)d minute", "%(count)d minutes", rest) % {"count": rest})
    return " ".join(parts)


def way_words(way: Way) -> str:
    """Return why no attempt can start, empty when one can."""
    if way.why == "later" and way.opens_at:
        return _("You can try again from %(moment)s.") % {"moment": moment_text(way.opens_at)}
    return {
        "lessons": _("The quiz opens when all lessons are done."),
        "none_left": _("You have used all attempts. Ask your contact at the vendor for another."),
        "archived": _("The course is archived: no new attempts."),
        "passed": _("You have passed this course."),
        "no_questions": _("This course has no quiz."),
    }.get(way.why, "")


GAPS: dict[str, Any] = {
    "title": lambda _number: _("The course has no title"),
    "lessons": lambda _number: _("The course has no lesson"),
    "draw": lambda _number: _("More questions are drawn than the bank holds"),
    "body": lambda number: _("Lesson %(number)s has no text") % {"number": number},
    "file": lambda number: _("Lesson %(number)s has no file") % {"number": number},
}


def gap_words(gap: str) -> str:
    """Return what keeps a course from being published, in words."""
    code, _colon, number = gap.partition(":")
    return str(GAPS[code](number))
