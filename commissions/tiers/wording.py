"""Tiers in words: what one asks for, and what a recalculation does."""

from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from commissions.tiers.rules import Move, Numbers, Settings
from prm.web.formats import day_text, money_text

MOVES = {
    "up": gettext_lazy("Moves up"),
    "down": gettext_lazy("Moves down"),
    "warned": gettext_lazy("Is warned"),
    "waits": gettext_lazy("Was warned"),
    "grace": gettext_lazy("Stays, in its grace"),
    "recovered": gettext_lazy("Stays, warning withdrawn"),
    "stays": gettext_lazy("Stays"),
}
TONES = {"up": "ok", "down": "bad", "warned": "warn", "waits": "warn", "recovered": "ok"}


def numbers_words(numbers: Numbers, currency: str) -> list[str]:
    """Return what is asked for or missing, one phrase each; what is nothing is left out."""
    words = []
    if numbers.wins:
        words.append(ngettext("%(n)s win", "%(n)s wins", numbers.wins) % {"n": numbers.wins})
    if numbers.minor:
        words.append(_("%(amount)s in won deals") % {"amount": money_text(numbers.minor, currency)})
    if numbers.courses:
        words.append(
            ngettext("%(n)s certificate", "%(n)s certificates", numbers.courses)
            % {"n": numbers.courses}
        )
    return words


def needs_text(numbers: Numbers, currency: str, match: str) -> str:
    """Return what a tier asks for as one phrase."""
    words = numbers_words(numbers, currency)
    if not words:
        return _("Nothing")
    if len(words) == 1:
        return words[0]
    glue = _("%(first)s or %(second)s") if match == "any" else _("%(first)s and %(second)s")
    text = words[0]
    for word in words[1:]:
        text = glue % {"first": text, "second": word}
    return text


def span_text(settings: Settings) -> str:
    """Return which months count."""
    return ngettext("in the last month", "in the last %(n)s months", settings.months) % {
        "n": settings.months
    }


def move_text(move: Move, *, today: date) -> str:
    """Return what a recalculation does with a partner, with its day when it is not at once."""
    label = str(MOVES[move.kind])
    if move.on is None or (move.kind == "down" and move.on <= today):
        return label
    if move.kind == "grace":
        return _("Stays, in its grace until %(day)s") % {"day": day_text(move.on)}
    return _("%(what)s, moves down on %(day)s") % {"what": label, "day": day_text(move.on)}
