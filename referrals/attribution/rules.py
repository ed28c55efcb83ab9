"""Who gets the credit for an account, and why; how a credit is split. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from prm.money import allocate

WHOLE = 10_000
REGISTRATION_KINDS = frozenset({"registration", "staff"})
CLICK_KINDS = frozenset({"click", "form", "coupon"})
# Every rule that can decide; the words are in referrals.attribution.wording.
RULES = (
    "first_registration",
    "last_registration",
    "first_click",
    "last_click",
    "registration_without_click",
    "existing_customer",
    "existing_customer_review",
    "direct_sales",
    "nothing_counts",
)


@dataclass(frozen=True)
class Settings:
    """One program's rules; the values here hold for a program that has set none. Days, hours, ten-thousandths."""

    basis: str = "registration"
    pick: str = "first"
    window_days: int = 90
    existing_customers: str = "review"
    direct_days: int = 0
    service_share: int = 2_000
    exempt_types: tuple[str, ...] = ()
    velocity: int = 50
    case_hours: int = 40
    appeal_days: int = 14


@dataclass(frozen=True)
class Contact:
    """One touch as the rules read it; without a partner it is the vendor's own sales."""

    id: int
    kind: str
    partner: UUID | None
    at: datetime


@dataclass(frozen=True)
class AccountFacts:
    """What else counts about the account. customer_since: aware moment, None for no customer."""

    customer_since: datetime | None = None


@dataclass(frozen=True)
class Weighed:
    """A contact and whether it counted; why: "counted", "decided", "too_old", "other_kind", "own_sales", "too_late"."""

    contact: Contact
    why: str

    @property
    def counted(self) -> bool:
        """Whether the contact was among those to choose from."""
        return self.why in {"counted", "decided"}


@dataclass(frozen=True)
class Outcome:
    """Who gets the credit by which rule; review: a person must say, nobody is credited until then."""

    partner: UUID | None
    rule: str
    weighed: tuple[Weighed, ...] = field(default=())
    review: bool = False


def winner(
    contacts: Sequence[Contact], settings: Settings, account: AccountFacts, *, at: datetime
) -> Outcome:
    """Return whom the account is credited to at a moment (aware UTC, inclusive).

    Contacts older than the window do not count; of those at the same moment the one recorded first goes before.
    Where clicks decide and nobody clicked, the registrations decide in the same order. A customer from before the
    deciding contact, and the vendor's own work in the days before it, come before the choice.
    """
    known = sorted(contacts, key=lambda row: (row.at, row.id))
    clicks = _counting(known, CLICK_KINDS, settings, at)
    registrations = _counting(known, REGISTRATION_KINDS, settings, at)
    by_click = settings.basis == "click"
    chosen = (clicks or registrations) if by_click else registrations
    kinds = CLICK_KINDS if by_click and clicks else REGISTRATION_KINDS
    if not chosen:
        return Outcome(None, "nothing_counts", _weighed(known, kinds, settings, at, None))
    decided = chosen[0] if settings.pick == "first" else chosen[-1]
    weighed = _weighed(known, kinds, settings, at, decided)
    if account.customer_since is not None and account.customer_since < decided.at:
        if settings.existing_customers == "none":
            return Outcome(None, "existing_customer", weighed)
        if settings.existing_customers == "review":
            return Outcome(None, "existing_customer_review", weighed, review=True)
    if _worked_on_before(known, decided, settings):
        return Outcome(None, "direct_sales", weighed)
    if by_click and not clicks:
        return Outcome(decided.partner, "registration_without_click", weighed)
    noun = "click" if by_click else "registration"
    return Outcome(decided.partner, f"{settings.pick}_{noun}", weighed)


def _counting(
    known: Sequence[Contact], kinds: frozenset[str], settings: Settings, at: datetime
) -> list[Contact]:
    since = at - timedelta(days=settings.window_days)
    return [
        row
        for row in known
        if row.partner is not None and row.kind in kinds and since <= row.at <= at
    ]


def _worked_on_before(known: Sequence[Contact], decided: Contact, settings: Settings) -> bool:
    """Tell whether the vendor's own people worked on the account in the days before the deciding contact."""
    if not settings.direct_days:
        return False
    since = decided.at - timedelta(days=settings.direct_days)
    return any(row.partner is None and since <= row.at < decided.at for row in known)


def _weighed(
    known: Sequence[Contact],
    kinds: frozenset[str],
    settings: Settings,
    at: datetime,
    decided: Contact | None,
) -> tuple[Weighed, ...]:
    since = at - timedelta(days=settings.window_days)

    def why(row: Contact) -> str:
        if row is decided:
            return "decided"
        if row.partner is None:
            return "own_sales"
        if row.kind not in kinds:
            return "other_kind"
        if row.at > at:
            return "too_late"
        return "counted" if row.at >= since else "too_old"

    return tuple(Weighed(row, why(row)) for row in known)


# ---------------------------------------------------------------- shares


@dataclass(frozen=True)
class Share:
    """One partner's part: of its role's pool, and the pool's of the whole, in ten-thousandths."""

    partner: UUID
    role: str
    share: int
    pool: int


class SharesDoNotAddUp(ValueError):
    """The shares of a role do not make 100 %; `role` names it ("source" when there is none of it)."""

    def __init__(self, role: str, total: int) -> None:
        super().__init__(f"{role}: {total} of {WHOLE}")
        self.role, self.total = role, total


def shares_of(parts: Sequence[tuple[UUID, str, int]], *, service_share: int) -> tuple[Share, ...]:
    """Return checked shares, source before service: each role's make 100 % of its pool.

    parts: (partner, role, ten-thousandths of the role). service_share: the service pool's part of a reward, used only
    when somebody has service credit; the source pool is the rest. Somebody must have source credit.
    Raises SharesDoNotAddUp.
    """
    roles = ["source", "service"] if any(role == "service" for _, role, _ in parts) else ["source"]
    pools = {"source": WHOLE - service_share, "service": service_share}
    if len(roles) == 1:
        pools = {"source": WHOLE}
    found = []
    for role in roles:
        own = [part for part in parts if part[1] == role]
        total = sum(share for _, _, share in own)
        if total != WHOLE or any(share <= 0 for _, _, share in own):
            raise SharesDoNotAddUp(role, total)
        if len({partner for partner, _, _ in own}) != len(own):
            raise SharesDoNotAddUp(role, total)
        found += [Share(partner, role, share, pools[role]) for partner, _, share in own]
    return tuple(found)


def split_minor(total_minor: int, shares: Sequence[tuple[str, int, int]]) -> list[int]:
    """Split an amount in minor units over (role, share, pool) in their order; the parts add up exactly.

    First the pools by largest remainder, then each pool over its shares, earlier ones first on a tie.
    """
    pools = {role: pool for role, _, pool in shares}
    amounts = dict(zip(pools, allocate(total_minor, list(pools.values())), strict=True))
    parts = [0] * len(shares)
    for role, amount in amounts.items():
        places = [place for place, row in enumerate(shares) if row[0] == role]
        for place, part in zip(
            places, allocate(amount, [shares[place][1] for place in places]), strict=True
        ):
            parts[place] = part
    return parts


# ---------------------------------------------------------------- signs of one's own business


@dataclass(frozen=True)
class Known:
    """What is known of a partner, comparable: its domains, people's mailboxes, tax numbers, folded addresses."""

    domains: frozenset[str] = frozenset()
    emails: frozenset[str] = frozenset()
    tax_ids: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Lead:
    """What a referral says of its company and contact, comparable; free-mail domains are empty."""

    domain: str = ""
    email: str = ""
    tax_id: str = ""
    name: str = ""


def self_signals(
    lead: Lead, own: Known, linked: Known, rivals: frozenset[str], *, exempt: bool
) -> list[str]:
    """Return the signs that a referral is the partner's own business, strongest first.

    linked: companies that share the partner's bank account. rivals: domains of other partners.
    exempt: the program lets this type of partner refer itself; only another partner's domain is a sign then.
    """
    found = []
    if not exempt:
        if lead.email and lead.email in own.emails:
            found.append("own_person")
        if lead.domain and lead.domain in own.domains:
            found.append("own_domain")
        if lead.tax_id and lead.tax_id in own.tax_ids:
            found.append("own_tax_number")
        if lead.name and lead.name in own.names:
            found.append("own_name")
        if (lead.domain and lead.domain in linked.domains) or (
            lead.tax_id and lead.tax_id in linked.tax_ids
        ):
            found.append("linked_company")
    if lead.domain and lead.domain in rivals and lead.domain not in own.domains:
        found.append("partner_domain")
    return found
