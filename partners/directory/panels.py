"""Places on a partner's page that packages above fill: its referrals, its earnings.

    from partners.directory.panels import Panel, fills

    @fills("partner.referrals")
    def recent_referrals(partner: Partner, member: Member) -> Panel | None:
        return Panel("referrals/pipeline/of_partner.html", {"lines": ...})

A filler checks the member's rights itself and returns None to leave the place empty. A place has one filler.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from prm.accounts.members import Member


@dataclass(frozen=True)
class Panel:
    """A template of the package above and what it shows; a whole <section> with its heading."""

    template: str
    context: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ReferralCounts:
    """How many of a partner's referrals are under way, and how many were won; counted up to 1,000."""

    open_count: int = 0
    won_count: int = 0


PLACES = {
    # (partner, member) -> Panel | None: the newest referrals
    "partner.referrals",
    # (partner, member) -> Panel | None: balances and the newest statements
    "partner.earnings",
    # (partner, member) -> Panel | None: exceptions from the plans
    "partner.terms",
    # (partner, member) -> Panel | None: the tier it stands in, per program
    "partner.tiers",
    # (partner, member) -> Panel | None: how the partner came, with what was noted before
    "partner.origin",
    # (partner, member) -> Panel | None: what the partner shares, and what that brought
    "partner.sharing",
    # (partner ids) -> Mapping[UUID, ReferralCounts]: two columns of the list, one query for all rows
    "partner.counts",
}
_fillers: dict[str, Callable[..., Any]] = {}


def fills(place: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register what fills a place. Raises KeyError for an unknown place, ValueError for a second filler."""
    if place not in PLACES:
        raise KeyError(place)

    def register(filler: Callable[..., Any]) -> Callable[..., Any]:
        if _fillers.get(place, filler) is not filler:
            raise ValueError(f"{place} is filled already")
        _fillers[place] = filler
        return filler

    return register


def panel(place: str, subject: Any, member: Member) -> SafeString:
    """Return the rendered panel of a place, empty when nothing fills it."""
    filler = _fillers.get(place)
    found: Panel | None = filler(subject, member) if filler else None
    return render_to_string(found.template, found.context) if found else SafeString("")


def counts_of(partner_ids: Sequence[UUID]) -> Mapping[UUID, ReferralCounts]:
    """Return the referral counts of partners by id; partners without referrals are left out."""
    filler = _fillers.get("partner.counts")
    return filler(partner_ids) if filler and partner_ids else {}


def counts_are_known() -> bool:
    """Tell whether a package above counts referrals; without one the list has no such columns."""
    return "partner.counts" in _fillers
