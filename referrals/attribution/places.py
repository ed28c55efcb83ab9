"""The place on the preview of a change of credit that the package of commissions fills: what it moves in money."""

from collections.abc import Callable, Sequence
from uuid import UUID

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from referrals.attribution.rules import Share

# What a filler takes and returns: referral and shares; a template with a whole <section>, and what it shows.
MoneyFiller = Callable[[UUID, Sequence[Share]], tuple[str, dict[str, object]]]
_fillers: list[MoneyFiller] = []


def fills_money(filler: MoneyFiller) -> MoneyFiller:
    """Register what shows the money. Raises ValueError for a second filler."""
    if _fillers and _fillers != [filler]:
        raise ValueError("the money is filled already")
    _fillers[:] = [filler]
    return filler


def money_of(referral_id: UUID, shares: Sequence[Share]) -> SafeString:
    """Return what the shares would move, rendered; empty when nothing fills the place."""
    return render_to_string(*_fillers[0](referral_id, shares)) if _fillers else SafeString("")
