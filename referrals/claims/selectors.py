"""What is known of a company, and whose account it is."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection
from django.db.models import Count, Q
from django.utils.translation import gettext_lazy

from partners.programs.models import Program
from referrals.claims import rules
from referrals.claims.models import (
    Claim,
    ClaimRules,
    CrmAccount,
    OtherKind,
    SameCompany,
    Verdict,
)
from referrals.claims.rules import Facts, Match, Settings, Strength, match
from referrals.pipeline.models import Referral, StageKind

# What else is known of a company counts unless it ended without a customer.
ENDED_KINDS = (StageKind.LOST, StageKind.REJECTED, StageKind.EXPIRED)
WHY_WORDS = {
    "tax_id": gettext_lazy("Same tax number"),
    "domain": gettext_lazy("Same website or email domain"),
    "email": gettext_lazy("Same email address"),
    "name": gettext_lazy("Alike name"),
}
_OTHERS = 200
_SIMILAR = 20


def facts_of(referral: Referral) -> Facts:
    """Return what a referral says of its company."""
    return Facts(
        name=referral.company_norm,
        domain=referral.domain,
        email=referral.email_norm,
        tax_id=referral.tax_id_norm,
        country=referral.country,
    )


def account_key(referral: Referral) -> str:
    """Return what the referral's account is known by first: "domain:…", "tax:…", "email:…" or "name:…|IT"."""
    return rules.account_key(facts_of(referral))


def facts_of_account(account: CrmAccount) -> Facts:
    """Return what an account of the CRM says of its company."""
    return Facts(
        name=account.name_norm,
        domain=account.domain,
        tax_id=account.tax_id_norm,
        country=account.country,
    )


# ---------------------------------------------------------------- what a partner may learn


@dataclass(frozen=True)
class KnownCompany:
    """Whether a company is in the records: the partner's own newest live referral, and whether others have it.

    elsewhere never says whose: another partner's live referral, the vendor's customer, or an account of its CRM.
    """

    own_referral_id: UUID | None
    elsewhere: bool

    def __bool__(self) -> bool:
        return self.elsewhere or self.own_referral_id is not None


def known_company(facts: Facts, partner_id: UUID, at: datetime) -> KnownCompany:
    """Look for a company by domain, email and tax number over all referrals, customers and accounts of the tenant.

    Looks past the partner's policy through claims_known, which answers yes or no only. Also known: what another
    partner has on soft hold at the moment `at`. Names are not compared here: see name_is_known.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "select own_referral, known from claims_known(%s, %s, %s, %s, %s, %s)",
            [
                facts.domain,
                facts.email,
                list(rules.tax_spellings(facts.tax_id, facts.country)),
                rules.account_keys(facts),
                partner_id,
                at,
            ],
        )
        own, known = cursor.fetchone()
    return KnownCompany(own, elsewhere=bool(known))


def name_is_known(facts: Facts, partner_id: UUID) -> bool:
    """Tell whether somebody else's live referral or an account of the CRM has a name like the company's."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select claims_name_known(%s, %s, %s)", [facts.name, facts.country, partner_id]
        )
        return bool(cursor.fetchone()[0])


def may_register(facts: Facts, partner_id: UUID, at: datetime) -> str:
    """Return "open" when nobody else is known to have the company, else "review"; always two statements."""
    known = known_company(facts, partner_id, at)
    alike = name_is_known(facts, partner_id)
    return "review" if known.elsewhere or alike else "open"


# ---------------------------------------------------------------- what staff see


@dataclass(frozen=True)
class Found:
    """Another record that may be the same company as a referral: a referral or an account, why, and how sure.

    why: "tax_id", "domain", "email" or "name". claim: the other referral's open claim that protects it, if any.
    """

    why: str
    strength: Strength
    referral: Referral | None = None
    account: CrmAccount | None = None
    claim: Claim | None = None

    @property
    def other(self) -> tuple[str, UUID]:
        """What it is, and its id."""
        if self.referral is not None:
            return OtherKind.REFERRAL, self.referral.id
        assert self.account is not None
        return OtherKind.ACCOUNT, self.account.id

    @property
    def why_words(self) -> str:
        """Why, in the reader's language."""
        return str(WHY_WORDS[self.why])

    @property
    def is_strong(self) -> bool:
        """Whether more than a name points to it."""
        return self.strength >= Strength.STRONG


def matches_of(
    referrals: Collection[Referral], *, similar: bool = False
) -> dict[UUID, list[Found]]:
    """Return for each referral the others and the CRM's accounts that may be its company, surest first; staff only.

    similar: also names that are only alike, one look at the index per referral. Pairs that a person has called
    different companies are left out, and so are referrals that ended without a customer. At most 200 others in all.
    """
    if not referrals:
        return {}
    others: list[Referral | CrmAccount] = [*_referrals_like(referrals), *_accounts_like(referrals)]
    if similar:
        others += _similar_to(referrals, {record.id for record in others})
    apart = _told_apart([row.id for row in referrals])
    claims = {
        claim.referral_id: claim
        for claim in Claim.objects.open().filter(
            referral_id__in=[record.id for record in others if isinstance(record, Referral)]
        )
    }
    found: dict[UUID, list[Found]] = defaultdict(list)
    for row in referrals:
        ours = facts_of(row)
        for record in others:
            if record.id == row.id or (row.id, record.id) in apart:
                continue
            if why := match(ours, _facts(record)):
                found[row.id].append(_found(why, record, claims))
    return {key: sorted(rows, key=lambda one: -one.strength) for key, rows in found.items()}


def _facts(record: Referral | CrmAccount) -> Facts:
    return facts_of(record) if isinstance(record, Referral) else facts_of_account(record)


def _found(why: Match, record: Referral | CrmAccount, claims: dict[UUID, Claim]) -> Found:
    if isinstance(record, Referral):
        return Found(why.kind, why.strength, referral=record, claim=claims.get(record.id))
    return Found(why.kind, why.strength, account=record)


def _referrals_like(referrals: Collection[Referral]) -> list[Referral]:
    """Return live referrals with the domain, email, tax number or whole name of one of them, oldest first."""
    same = (
        Q(domain__in={row.domain for row in referrals} - {""})
        | Q(email_norm__in={row.email_norm for row in referrals} - {""})
        | Q(tax_id_norm__in=_tax_numbers(referrals))
        | Q(company_norm__in={row.company_norm for row in referrals} - {""})
    )
    return list(
        Referral.objects.filter(same)
        .exclude(stage_kind__in=ENDED_KINDS)
        .select_related("partner", "stage", "program", "submitted_by")
        .order_by("registered_at", "id")[:_OTHERS]
    )


def _accounts_like(referrals: Collection[Referral]) -> list[CrmAccount]:
    same = (
        Q(domain__in={row.domain for row in referrals} - {""})
        | Q(tax_id_norm__in=_tax_numbers(referrals))
        | Q(name_norm__in={row.company_norm for row in referrals} - {""})
    )
    return list(CrmAccount.objects.filter(same).order_by("id")[:_OTHERS])


def _tax_numbers(referrals: Iterable[Referral]) -> set[str]:
    return {text for row in referrals for text in rules.tax_spellings(row.tax_id_norm, row.country)}


def _similar_to(referrals: Collection[Referral], known: set[UUID]) -> list[Referral | CrmAccount]:
    """Return records whose names are like those of the referrals, without the known ones."""
    ids: dict[str, set[UUID]] = {OtherKind.REFERRAL: set(), OtherKind.ACCOUNT: set()}
    with connection.cursor() as cursor:
        for row in referrals:
            cursor.execute(
                "select kind, id from claims_similar(%s, %s)", [row.company_norm, _SIMILAR]
            )
            for kind, identity in cursor.fetchall():
                ids[kind].add(identity)
    rows = Referral.objects.filter(id__in=ids[OtherKind.REFERRAL] - known)
    accounts = CrmAccount.objects.filter(id__in=ids[OtherKind.ACCOUNT] - known)
    return [
        *rows.select_related("partner", "stage", "program", "submitted_by").order_by(
            "registered_at", "id"
        ),
        *accounts.order_by("id"),
    ]


def _told_apart(ids: Collection[UUID]) -> set[tuple[UUID, UUID]]:
    """Return the pairs with one of the ids that a person has called different companies, both ways round."""
    pairs = (
        SameCompany.objects.filter(verdict=Verdict.DIFFERENT)
        .filter(Q(referral_id__in=ids) | Q(other_id__in=ids))
        .values_list("referral_id", "other_id")
    )
    return {pair for one, other in pairs for pair in ((one, other), (other, one))}


# ---------------------------------------------------------------- a program's rules and a partner's places


def rules_of(program_id: UUID) -> Settings:
    """Return the program's rules of claims, the defaults where it has none of its own."""
    row = ClaimRules.objects.filter(program_id=program_id).first()
    return settings_of(row) if row else rules.DEFAULTS


def settings_of(row: ClaimRules) -> Settings:
    """Return a row as the value that rules work with."""
    return Settings(**{name: getattr(row, name) for name in Settings.__dataclass_fields__})


@dataclass(frozen=True)
class Places:
    """How many claims a partner has open in a program, and how many it may have."""

    taken: int
    most: int

    @property
    def left(self) -> int:
        """How many more it may have; 0 also when the rules have become stricter than what it holds."""
        return max(0, self.most - self.taken)


def places_of(*, partner_id: UUID, program_id: UUID, at: datetime) -> Places:
    """Return the partner's places in a program at a moment; its quality counts over the 365 days before."""
    return places_in(partner_id=partner_id, program_ids=[program_id], at=at)[program_id]


def places_in(
    *, partner_id: UUID, program_ids: Collection[UUID], at: datetime
) -> dict[UUID, Places]:
    """Return the partner's places in each program, in three queries however many programs there are."""
    ended = Referral.objects.filter(
        partner_id=partner_id, program_id__in=program_ids, closed_at__gt=at - timedelta(days=365)
    )
    won, lost = Count("id", Q(stage_kind=StageKind.WON)), Count("id", Q(stage_kind=StageKind.LOST))
    quality = {
        row["program_id"]: (row["won"], row["won"] + row["lost"])
        for row in ended.order_by().values("program_id").annotate(won=won, lost=lost)
    }
    claims = Claim.objects.live(at).filter(partner_id=partner_id, program_id__in=program_ids)
    taken = dict(claims.order_by().values_list("program_id").annotate(Count("id")))
    own = {row.program_id: row for row in ClaimRules.objects.filter(program_id__in=program_ids)}
    found = {}
    for program_id in program_ids:
        settings = settings_of(own[program_id]) if program_id in own else rules.DEFAULTS
        wins, decided = quality.get(program_id, (0, 0))
        found[program_id] = Places(
            taken.get(program_id, 0), rules.places(settings, won=wins, decided=decided)
        )
    return found


def claim_of(referral_id: UUID) -> Claim | None:
    """Return the referral's newest claim, open or ended; None when it never had one."""
    return Claim.objects.filter(referral_id=referral_id).order_by("-claimed_at", "-id").first()


def protection_days(program_id: UUID) -> int:
    """Return for how many days accepting a referral of the program protects its account."""
    return Program.objects.only("protection_days").get(id=program_id).protection_days
