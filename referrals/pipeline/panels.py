"""Places on this package's pages that packages above it fill: what a referral earns, what a program pays.

    from referrals.pipeline.panels import Panel, Reward, fills

    @fills("referral.earnings")
    def earnings_panel(referral: Referral, member: Member) -> Panel | None:
        return Panel("commissions/accruals/what_you_earn.html", {"lines": ...})

A filler checks the member's rights itself and returns None to leave the place empty. A place has one filler.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from prm.accounts.members import Member
from prm.web.parts import Entry


@dataclass(frozen=True)
class Panel:
    """A template of the package above and what it shows; a whole <section> with its heading."""

    template: str
    context: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Reward:
    """What one referral earns its partner, as a list's cell shows it. note: "if won", "paid 30 Oct"."""

    amount_minor: int
    currency: str
    note: str = ""


@dataclass(frozen=True)
class MoneyLine:
    """A line of money in the milestone mail, in words of the active language: "If they sign" and an amount."""

    label: str
    amount_minor: int
    currency: str


# name -> what a filler takes and returns
PLACES = {
    # (referral, member) -> Panel | None: the partner's and the staff's "What you earn" on a referral's page
    "referral.earnings",
    # (program, member) -> Panel | None: "What this can earn" beside the submission form
    "program.terms",
    # (referrals, member) -> Mapping[UUID, Reward]: the reward column of lists, one query for all rows
    "referral.rewards",
    # (referral) -> Sequence[MoneyLine]: money lines of the milestone mail; called inside the recipient's language
    "referral.milestone",
    # (referral) -> str: what proves that it has come, for the mail that confirms it: a receipt's number
    "referral.proof",
    # (payment: RevenueEvent, member) -> Panel | None: what a refund of it takes back, beside the refund form
    "revenue.refund",
}
_fillers: dict[str, Callable[..., Any]] = {}

# Places that several packages add to, each with a section of its own: name -> what an adder takes
SHARED_PLACES = {
    # (referral, member) -> Panel | None: sections of a referral's page, partner's and staff's alike
    "referral.main",
    # (referral, member) -> Panel | None: the same, below what it earns
    "referral.later",
    # (referral, member) -> Panel | None: the same, in the column beside
    "referral.aside",
    # (program, member) -> Panel | None: a program's rules for intake, on its page: list items that lead on
    "program.rules",
}
_adders: dict[str, list[tuple[int, Callable[..., Any]]]] = {}


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


def rewards_of(referrals: Sequence[Any], member: Member) -> Mapping[UUID, Reward]:
    """Return what each of the referrals earns, by id; referrals without a line are left out."""
    filler = _fillers.get("referral.rewards")
    return filler(referrals, member) if filler and referrals else {}


def proof_of(referral: Any) -> str:
    """Return the number of what proves that a referral has come, empty without one."""
    filler = _fillers.get("referral.proof")
    return filler(referral) if filler else ""


def rewards_are_known() -> bool:
    """Tell whether a package above says what referrals earn; without one lists have no such column."""
    return "referral.rewards" in _fillers


def milestone_lines(referral: Any) -> Sequence[MoneyLine]:
    """Return the money lines of a referral's milestone mail."""
    filler = _fillers.get("referral.milestone")
    return filler(referral) if filler else []


def adds(place: str, *, order: int) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register what adds a section to a shared place; smaller orders come first. Raises KeyError for an unknown one."""
    if place not in SHARED_PLACES:
        raise KeyError(place)

    def register(adder: Callable[..., Any]) -> Callable[..., Any]:
        rows = _adders.setdefault(place, [])
        if (order, adder) not in rows:
            rows.append((order, adder))
            rows.sort(key=lambda row: row[0])
        return adder

    return register


def sections(
    place: str, subject: Any, member: Member, request: HttpRequest | None = None
) -> SafeString:
    """Return the sections of a shared place, rendered one after the other; forms in them need the request's token."""
    token = {"csrf_token": get_token(request)} if request else {}
    found = [adder(subject, member) for _, adder in _adders.get(place, ())]
    return SafeString(
        "".join(render_to_string(part.template, part.context | token) for part in found if part)
    )


# What other slices add to a referral's timeline: (referral, member) -> entries in any order
TimelineAdder = Callable[[Any, Member], Sequence[Entry]]
_timeline: list[TimelineAdder] = []


def adds_to_timeline(adder: TimelineAdder) -> TimelineAdder:
    """Register what adds entries to a referral's timeline; it looks itself at what the member may see."""
    if adder not in _timeline:
        _timeline.append(adder)
    return adder


def timeline_entries(referral: Any, member: Member) -> list[Entry]:
    """Return what the slices above know of a referral's history."""
    return [entry for adder in _timeline for entry in adder(referral, member)]
