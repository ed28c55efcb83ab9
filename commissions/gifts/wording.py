"""Rewards in words: where they stand, what may be done with them."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from commissions.gifts.models import GiftAward, GiftKind
from commissions.gifts.rules import FAILED, ORDERED, RECEIVED, SENT, WAITING

TONES = {WAITING: "warn", ORDERED: "info", SENT: "info", RECEIVED: "ok", FAILED: "bad"}
# What a person does to get an award there.
MOVES = {
    WAITING: gettext_lazy("Try once more"),
    ORDERED: gettext_lazy("Mark as ordered"),
    SENT: gettext_lazy("Mark as sent"),
    RECEIVED: gettext_lazy("Mark as received"),
    FAILED: gettext_lazy("Mark as not delivered"),
}


def state_text(award: GiftAward) -> str:
    """Return where an award stands; what waits for a code says so."""
    if waits_for_code(award):
        return _("Waits for codes")
    if award.is_coded and award.state == SENT:
        return _("Code ready")
    return str(award.get_state_display())


def waits_for_code(award: GiftAward) -> bool:
    """Tell whether an award waits until there are codes."""
    return award.is_coded and award.state == WAITING


def kind_text(kind: str) -> str:
    """Return a kind's name."""
    return str(GiftKind(kind).label)
