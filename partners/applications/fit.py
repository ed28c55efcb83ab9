"""How well a prospect fits: points from 0 to 100, each part with its reason. Pure but for the active language."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext, ngettext

from partners.directory.models import PartnerType
from prm.web.choices import country_name

# The most that each part can give; together 100.
MOST = {"type": 20, "country": 15, "size": 15, "clients": 25, "domain": 10, "like": 15}


@dataclass(frozen=True)
class Facts:
    """What is known of a prospect; None: not known."""

    type: str = PartnerType.REFERRAL
    country: str = ""
    staff_count: int | None = None
    client_count: int | None = None
    domain: str = ""


@dataclass(frozen=True)
class Field:
    """What the vendor's partners are like.

    types, countries: how many work with the vendor now. won: (type, country) -> partners of the kind that won.
    """

    types: Mapping[str, int] = field(default_factory=dict)
    countries: Mapping[str, int] = field(default_factory=dict)
    won: Mapping[tuple[str, str], int] = field(default_factory=dict)

    def won_of_type(self, kind: str) -> int:
        """How many partners of a type won a referral."""
        return sum(count for (one, _country), count in self.won.items() if one == kind)


@dataclass(frozen=True)
class FitPart:
    """One part of the score: points of at most `of`, and why."""

    label: str
    points: int
    of: int
    why: str

    def stored(self) -> dict[str, Any]:
        """Return it as the prospect keeps it."""
        return {"label": self.label, "points": self.points, "of": self.of, "why": self.why}


def fit_parts(facts: Facts, partners: Field) -> list[FitPart]:
    """Return the parts of a prospect's fit; their points sum to the fit, 0 to 100."""
    return [
        FitPart(gettext("Type"), *_type(facts, partners)),
        FitPart(gettext("Country"), *_country(facts, partners)),
        FitPart(gettext("Size"), *_size(facts)),
        FitPart(gettext("Clients that could buy"), *_clients(facts)),
        FitPart(gettext("Own domain"), *_domain(facts)),
        FitPart(gettext("Like partners that won"), *_like(facts, partners)),
    ]


def _type(facts: Facts, partners: Field) -> tuple[int, int, str]:
    most, kind = MOST["type"], PartnerType(facts.type).label
    if partners.won_of_type(facts.type):
        return most, most, gettext("%(kind)s: partners of this type win") % {"kind": kind}
    if partners.types.get(facts.type):
        return 12, most, gettext("%(kind)s: you have some, none has won yet") % {"kind": kind}
    return 6, most, gettext("%(kind)s: a type you have no partner of") % {"kind": kind}


def _country(facts: Facts, partners: Field) -> tuple[int, int, str]:
    most = MOST["country"]
    if not facts.country:
        return 0, most, gettext("Not known")
    name = {"country": country_name(facts.country)}
    if partners.countries.get(facts.country):
        return most, most, gettext("You work with partners in %(country)s") % name
    return 5, most, gettext("You have no partner in %(country)s yet") % name


def _size(facts: Facts) -> tuple[int, int, str]:
    most, count = MOST["size"], facts.staff_count
    if count is None:
        return 0, most, gettext("Not known")
    words = ngettext("%(count)s person", "%(count)s people", count) % {"count": count}
    points = 15 if 5 <= count < 50 else 12 if 50 <= count < 250 else 8 if count >= 250 else 5
    return (points if count else 0), most, words


def _clients(facts: Facts) -> tuple[int, int, str]:
    most, count = MOST["clients"], facts.client_count
    if count is None:
        return 0, most, gettext("Not known")
    words = ngettext("%(count)s client", "%(count)s clients", count) % {"count": count}
    points = 25 if count >= 50 else 16 if count >= 10 else 8 if count else 0
    return points, most, words


def _domain(facts: Facts) -> tuple[int, int, str]:
    most = MOST["domain"]
    if facts.domain:
        return most, most, facts.domain
    return 0, most, gettext("None that is its own")


def _like(facts: Facts, partners: Field) -> tuple[int, int, str]:
    most = MOST["like"]
    count = partners.won.get((facts.type, facts.country), 0) if facts.country else 0
    if not count:
        return 0, most, gettext("No partner of the same type and country has won yet")
    words = ngettext(
        "%(count)s partner of the same type and country has won",
        "%(count)s partners of the same type and country have won",
        count,
    )
    return (most if count >= 3 else 10), most, words % {"count": count}
