"""Move a referral to another partner, and split its credit: by a person, with a reason, told to both."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from partners.directory.models import Partner, PartnerState
from prm.accounts.capabilities import Role
from prm.accounts.models import Membership
from prm.events.services import Actor, emit
from prm.tenancy.scope import current_scope
from referrals.attribution.models import Credit, CreditRole, Reattribution, Touch
from referrals.attribution.rules import Outcome, Share, shares_of
from referrals.attribution.selectors import settings_of, weighed_now
from referrals.attribution.services import write_decision
from referrals.claims.models import Claim
from referrals.pipeline.models import Referral


class NoReason(ValueError):
    """Both partners must be told why."""


class NotAPartner(ValueError):
    """The partner does not work with the vendor, or is the one that has the referral already."""


class CreditChangedMeanwhile(ValueError):
    """Somebody else changed who is credited after it was looked at."""


@dataclass(frozen=True)
class Carried:
    """A referral on its way to another partner; rows of higher slices follow in the same transaction."""

    referral_id: UUID
    from_partner_id: UUID
    to_partner_id: UUID
    at: datetime


_carriers: list[Callable[[Carried], None]] = []


def carries(carrier: Callable[[Carried], None]) -> Callable[[Carried], None]:
    """Register a slice's part of a re-attribution."""
    if carrier not in _carriers:
        _carriers.append(carrier)
    return carrier


def lock_credits(*, shared: bool) -> None:
    """Keep bookings and changes of credit apart until the transaction ends; bookings share the lock."""
    name = "pg_advisory_xact_lock_shared" if shared else "pg_advisory_xact_lock"
    with connection.cursor() as cursor:
        cursor.execute(
            f"select {name}(hashtextextended('referral credits', %s))",
            [current_scope().tenant_id],
        )


def credit_number(referral_id: UUID) -> int:
    """Return the number of the newest set of shares, 0 for none: what a form has seen."""
    newest = Credit.objects.filter(referral_id=referral_id).order_by("-number").first()
    return newest.number if newest else 0


@transaction.atomic
def reattribute(
    *,
    referral_id: UUID,
    to_partner_id: UUID,
    reason: str,
    actor: Actor,
    at: datetime,
    rule: str = "by_hand",
    seen_number: int | None = None,
) -> Reattribution:
    """Give a referral, and all its credit, to another partner.

    reason: told to both. rule: the name of the rule that a person applied. seen_number: of the set of shares the
    person saw (credit_number). Customer and payments follow; notes and steps stay the old partner's. What was
    earned is taken back and booked anew by commissions, in new lines.
    Raises Referral.DoesNotExist, NoReason, NotAPartner, CreditChangedMeanwhile.
    Emits referral.reattributed and referral.credit_changed.
    """
    reason = _reason(reason)
    lock_credits(shared=False)
    referral = Referral.objects.select_for_update(no_key=True).get(id=referral_id)
    _still(referral_id, seen_number)
    if referral.partner_id == to_partner_id:
        raise NotAPartner(str(to_partner_id))
    _working([to_partner_id])
    move = Reattribution.objects.create(
        referral=referral,
        from_partner_id=referral.partner_id,
        to_partner_id=to_partner_id,
        number=referral.number,
        company=referral.company,
        rule=rule,
        reason=reason,
        submitted_by_id=referral.submitted_by_id,
        actor_id=actor.user_id,
        at=at,
    )
    carried = Carried(referral.id, referral.partner_id, to_partner_id, at)
    _hand_over(referral, to_partner_id)
    Claim.objects.filter(referral_id=referral.id).update(partner_id=to_partner_id)
    for carrier in _carriers:
        carrier(carried)
    shares = (Share(to_partner_id, CreditRole.SOURCE, 10_000, 10_000),)
    _write_credits(referral, shares, reason=reason, actor=actor, at=at)
    _decide(referral, to_partner_id, rule=rule, reason=reason, actor=actor, at=at)
    emit(
        "referral.reattributed",
        subject=f"referral:{referral.id}",
        actor=actor,
        partner_id=to_partner_id,
        payload={
            "referral_id": str(referral.id),
            "move_id": move.id,
            "from_partner_id": str(carried.from_partner_id),
            "to_partner_id": str(to_partner_id),
        },
        changes={"partner_id": [str(carried.from_partner_id), str(to_partner_id)]},
        at=at,
    )
    return move


@transaction.atomic
def set_credits(
    *,
    referral_id: UUID,
    credits: Sequence[tuple[UUID, str, int]],  # noqa: A002  the word for it
    reason: str,
    actor: Actor,
    at: datetime,
    rule: str = "split",
    service_share: int | None = None,
    seen_number: int | None = None,
) -> list[Credit]:
    """Split a referral's credit among partners; return the new set of shares.

    credits: (partner, "source" or "service", ten-thousandths of the role), 100 % a role. service_share: the service
    pool's part of each reward in ten-thousandths, the program's when None. The same set again writes nothing.
    Rewards are taken back and booked anew in new lines by commissions. The referral stays with its partner.
    Raises Referral.DoesNotExist, NoReason, NotAPartner, SharesDoNotAddUp, CreditChangedMeanwhile.
    Emits referral.credit_changed.
    """
    reason = _reason(reason)
    lock_credits(shared=False)
    referral = Referral.objects.select_for_update(no_key=True).get(id=referral_id)
    if service_share is None:
        service_share = settings_of(referral.program_id).service_share
    shares = shares_of(credits, service_share=service_share)
    live = _live(referral_id)
    if [Share(row.partner_id, row.role, row.share, row.pool) for row in live] == list(shares):
        return live
    _still(referral_id, seen_number)
    _working(sorted({share.partner for share in shares}))
    rows = _write_credits(referral, shares, reason=reason, actor=actor, at=at)
    _decide(referral, referral.partner_id, rule=rule, reason=reason, actor=actor, at=at)
    return rows


def _live(referral_id: UUID) -> list[Credit]:
    return list(Credit.objects.filter(referral_id=referral_id, ended_at=None).order_by("place"))


def _reason(text: str) -> str:
    if not text.strip():
        raise NoReason
    return text.strip()


def _still(referral_id: UUID, seen_number: int | None) -> None:
    if seen_number is not None and credit_number(referral_id) != seen_number:
        raise CreditChangedMeanwhile(str(referral_id))


def _working(partner_ids: Sequence[UUID]) -> None:
    found = Partner.objects.filter(id__in=partner_ids, merged_into=None).exclude(
        state=PartnerState.ENDED
    )
    if found.count() != len(partner_ids):
        raise NotAPartner(str(partner_ids))


def _hand_over(referral: Referral, to_partner_id: UUID) -> None:
    """Change the partner, and who hears of the referral there: who brought the company, else the partner's admin."""
    touch = (
        Touch.objects.filter(partner_id=to_partner_id, facts__user_id__isnull=False)
        .filter(program_id=referral.program_id)
        .filter(account_key__in=Touch.objects.filter(referral_id=referral.id).values("account_key"))
        .order_by("at", "id")
        .first()
    )
    people = Membership.objects.filter(
        tenant_id=current_scope().tenant_id, partner_id=to_partner_id, ended_at=None
    )
    heir = people.filter(user_id=touch.facts["user_id"]).first() if touch else None
    heir = heir or people.filter(roles__contains=[Role.PARTNER_ADMIN]).order_by("id").first()
    referral.partner_id = to_partner_id
    referral.submitted_by_id = heir.user_id if heir else None
    referral.submitted_by_name = ""
    changed = ["partner", "submitted_by", "submitted_by_name"]
    if referral.declined_at:
        # What was declined was the other partner's part in it; the words were for that one.
        referral.held_at, referral.declined_at, referral.declined_reason = None, None, ""
        changed += ["held_at", "declined_at", "declined_reason"]
    referral.save(update_fields=changed)


def _write_credits(
    referral: Referral, shares: Sequence[Share], *, reason: str, actor: Actor, at: datetime
) -> list[Credit]:
    number = credit_number(referral.id) + 1
    before = _live(referral.id)
    Credit.objects.filter(referral_id=referral.id, ended_at=None).update(ended_at=at)
    rows = Credit.objects.bulk_create(
        Credit(
            referral=referral,
            partner_id=share.partner,
            number=number,
            place=place,
            role=share.role,
            share=share.share,
            pool=share.pool,
            company=referral.company,
            reason=reason,
            at=at,
        )
        for place, share in enumerate(shares)
    )
    emit(
        "referral.credit_changed",
        subject=f"referral:{referral.id}",
        actor=actor,
        payload={
            "referral_id": str(referral.id),
            "number": number,
            "partner_ids": sorted({str(row.partner_id) for row in [*before, *rows]}),
        },
        changes={"credits": [[_short(row) for row in before], [_short(row) for row in rows]]},
        at=at,
    )
    return rows


def _short(row: Credit) -> str:
    return f"{row.partner_id}:{row.role}:{row.share}/{row.pool}"


def _decide(
    referral: Referral, partner_id: UUID, *, rule: str, reason: str, actor: Actor, at: datetime
) -> None:
    """Keep the person's decision beside what the rules would have said of the contacts."""
    settings, by_rules = settings_of(referral.program_id), weighed_now(referral, at=at)
    write_decision(
        referral,
        Outcome(partner_id, rule, by_rules.weighed),
        settings,
        occasion="moved",
        actor=actor,
        at=at,
        reason=reason,
    )
