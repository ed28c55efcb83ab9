"""Reads about who is credited: a program's rules, contacts of an account, what a reader may know of a decision."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q

from prm.accounts.members import Member
from prm.tenancy.scope import current_scope
from referrals.attribution.models import (
    AttributionRules,
    Credit,
    Decision,
    Explanation,
    Hold,
    Reattribution,
    Signal,
    Touch,
)
from referrals.attribution.rules import AccountFacts, Contact, Outcome, Settings, winner
from referrals.claims.selectors import account_key
from referrals.pipeline.models import Referral

_FIELDS = tuple(Settings.__dataclass_fields__)


def settings_of(program_id: UUID) -> Settings:
    """Return the program's rules, the defaults where it has set none."""
    row = AttributionRules.objects.filter(program_id=program_id).values(*_FIELDS).first()
    return Settings(**{**row, "exempt_types": tuple(row["exempt_types"])}) if row else Settings()


def settings_json(settings: Settings) -> dict[str, Any]:
    """Return what a decision keeps of the rules in force."""
    return {**asdict(settings), "exempt_types": list(settings.exempt_types)}


def same_account(referral: Referral) -> Q:
    """Return the condition under which another referral of the program is about the same company for certain."""
    same = Q(id=referral.id)
    for column in ("domain", "tax_id_norm"):
        if value := getattr(referral, column):
            same |= Q(**{column: value})
    if referral.email_norm and not referral.domain:
        same |= Q(email_norm=referral.email_norm)
    return same & Q(program_id=referral.program_id)


def contacts_of(referral: Referral, *, until: datetime) -> list[Touch]:
    """Return all touches of the referral's account in its program up to a moment, in order; staff scope only."""
    return list(
        Touch.objects.filter(
            account_key=account_key(referral), program_id=referral.program_id, at__lte=until
        )
        .select_related("partner")
        .order_by("at", "id")
    )


def as_contacts(touches: Sequence[Touch]) -> list[Contact]:
    """Return touches as the rules read them."""
    return [Contact(row.id, row.kind, row.partner_id, row.at) for row in touches]


# Asked of the table, not of the model: revenue stands above attribution.
_CUSTOMER_SINCE = """
select min(since) from referrals_customer
 where tenant_id = %(tenant)s and referral_id <> %(referral)s
   and ((%(domain)s <> '' and domain = %(domain)s) or (%(email)s <> '' and email_norm = %(email)s))
"""


def account_facts(referral: Referral) -> AccountFacts:
    """Return since when the company has been a customer through something else than this referral."""
    values: dict[str, Any] = {
        "tenant": current_scope().tenant_id,
        "referral": referral.id,
        "domain": referral.domain,
        "email": referral.email_norm,
    }
    with connection.cursor() as cursor:
        cursor.execute(_CUSTOMER_SINCE, values)
        return AccountFacts(cursor.fetchone()[0])


def weighed_now(referral: Referral, *, at: datetime) -> Outcome:
    """Return what the program's rules say of the referral's account at a moment; staff scope only."""
    return winner(
        as_contacts(contacts_of(referral, until=at)),
        settings_of(referral.program_id),
        account_facts(referral),
        at=at,
    )


def newest_decision(referral_id: UUID) -> Decision | None:
    """Return the decision that counts now; staff scope only."""
    return (
        Decision.objects.filter(referral_id=referral_id)
        .select_related("winner", "actor")
        .order_by("-id")
        .first()
    )


def explanation_for(referral_id: UUID, member: Member) -> Explanation | None:
    """Return what the member's partner may read of the newest decision about its referral."""
    return (
        Explanation.objects.filter(referral_id=referral_id, partner_id=member.own_partner_id)
        .order_by("-id")
        .first()
    )


def live_credits(referral_ids: Collection[UUID]) -> dict[UUID, list[Credit]]:
    """Return the shares in force by referral, in their places; referrals without any are left out."""
    found: dict[UUID, list[Credit]] = {}
    rows = Credit.objects.filter(referral_id__in=list(referral_ids), ended_at=None)
    for row in rows.select_related("partner").order_by("referral_id", "place"):
        found.setdefault(row.referral_id, []).append(row)
    return found


def moves_of(referral_id: UUID) -> list[Reattribution]:
    """Return the referral's moves between partners, newest first; a partner sees those away from itself."""
    return list(
        Reattribution.objects.filter(referral_id=referral_id)
        .select_related("from_partner", "actor")
        .order_by("-id")
    )


@dataclass(frozen=True)
class HeldReferral:
    """A hold that waits for a person, with the signs that placed it."""

    hold: Hold
    signals: list[Signal]


def open_hold(referral_id: UUID) -> HeldReferral | None:
    """Return the hold of a referral that nobody has decided; staff scope only."""
    hold = (
        Hold.objects.filter(referral_id=referral_id, decided_at=None)
        .select_related("placed_by")
        .first()
    )
    if hold is None:
        return None
    return HeldReferral(hold, list(Signal.objects.filter(referral_id=referral_id).order_by("id")))


def last_hold(referral_id: UUID) -> Hold | None:
    """Return the newest hold that was decided; staff scope only."""
    return (
        Hold.objects.filter(referral_id=referral_id, decided_at__isnull=False)
        .select_related("decided_by")
        .order_by("-id")
        .first()
    )
