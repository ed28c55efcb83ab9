"""Who and what the demo is about. Every name is invented; addresses end in .example."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

PASSWORD = "portal-demo-2026"  # noqa: S105  printed at every start of the demo


@dataclass(frozen=True)
class Person:
    """Somebody who signs in; role is one of prm.accounts.capabilities.Role."""

    name: str
    email: str
    role: str
    title: str = ""
    language: str = ""


@dataclass(frozen=True)
class PartnerStory:
    """A partner: weight is how often it refers, skill the chance that a referral is won."""

    name: str
    type: str
    country: str
    people: tuple[Person, ...]
    weight: int
    skill: float
    iban: tuple[str, str, str] | None = None
    program: str = ""
    state: str = "active"
    segment: str = ""


@dataclass(frozen=True)
class RuleStory:
    """A rule of a plan: exactly one of fixed_minor and rate."""

    trigger: str
    label: str
    fixed_minor: int | None = None
    rate: Decimal | None = None
    scope: str = ""
    months: int | None = None


@dataclass(frozen=True)
class PlanStory:
    """A version of a plan, in force from the first of the month that many months ago."""

    months_ago: int
    hold_days: int
    minimum_minor: int
    rules: tuple[RuleStory, ...]
    note: str = ""


@dataclass(frozen=True)
class ProgramStory:
    """A program with its plan versions; deals lie between the two amounts, in minor units."""

    name: str
    slug: str
    currency: str
    summary: str
    # Per language.
    agreement: Mapping[str, str]
    plans: tuple[PlanStory, ...]
    deal_minor: tuple[int, int]
    products: tuple[str, ...]
    custom_fields: tuple[dict[str, object], ...] = ()


@dataclass(frozen=True)
class TenantStory:
    """A vendor of the demo; staff[0] manages the channel, [1] and [2] are finance, [3] administers the program."""

    slug: str
    name: str
    legal_name: str
    legal_address: str
    tax_number: str
    country: str
    time_zone: str
    language: str
    accent: str
    accent_foreground: str
    iban: str
    bic: str
    staff: tuple[Person, ...]
    programs: tuple[ProgramStory, ...]
    partners: tuple[PartnerStory, ...]
    companies: tuple[str, ...]
    contacts: tuple[tuple[str, str], ...]
    reasons_lost: tuple[str, ...]
    reasons_declined: tuple[str, ...]
    next_steps: tuple[str, ...]
    contexts: tuple[str, ...]
    referral_count: int
    # Branches that tell companies of one name apart, and two companies nobody has answered yet.
    branches: tuple[str, ...]
    unanswered: tuple[str, str]
    seed: int = 7
    extra: dict[str, str] = field(default_factory=dict)


def rep(name: str, company: str) -> Person:
    """Name somebody of a partner who refers."""
    first = name.split(maxsplit=1)[0].lower()
    return Person(name, f"{first}@{company}.example", "partner_rep")


def boss(name: str, company: str, language: str = "") -> Person:
    """Name the one who runs a partner's place in the portal."""
    first = name.split(maxsplit=1)[0].lower()
    return Person(name, f"{first}@{company}.example", "partner_admin", language=language)


# Where partners of a country have their office.
ADDRESSES = {
    "DE": "Lindenstraße 40\n50674 Köln",
    "FR": "12 rue des Tanneurs\n59000 Lille",
    "GB": "5 Castle Street\nBristol BS1 3AD",
    "IE": "14 Wharf Lane\nDublin 2, D02 XY55",
    "IT": "Via Garibaldi 21\n10122 Torino",
    "NL": "Oudegracht 88\n3511 AV Utrecht",
    "SE": "Vasagatan 11\n411 24 Göteborg",
    "US": "1420 Blake Street\nDenver, CO 80202",
}
