"""Signs of one's own business and of invented leads: they hold a referral for a person, and cancel nothing."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q

from partners.directory.models import Partner
from prm.accounts.models import Membership
from prm.events.services import SYSTEM, Actor, emit
from prm.tenancy.scope import current_scope
from prm.web.domains import canonical_domain
from referrals.attribution.models import Hold, HoldOutcome, Signal
from referrals.attribution.rules import Known, Lead, self_signals
from referrals.attribution.selectors import settings_of
from referrals.pipeline.models import Referral, StageKind
from referrals.pipeline.rules import normalised_company, normalised_email, normalised_tax_id
from referrals.pipeline.services import end_referral


class HoldReasonRequired(ValueError):
    """The partner must be told why."""


class NotHeld(ValueError):
    """Nobody holds the referral, or another person has decided it."""


@transaction.atomic
def assess(*, referral_id: UUID, at: datetime) -> list[Signal]:
    """Look for signs that a referral is the partner's own business or invented; hold it when there is one.

    In a scope of the whole tenant. A repeat looks again and adds what is new; a referral that a person has looked at
    is never held for the same signs again. Raises Referral.DoesNotExist. Emits referral.held.
    """
    referral = (
        Referral.objects.select_for_update(no_key=True, of=("self",))
        .select_related("partner")
        .get(id=referral_id)
    )
    known = set(Signal.objects.filter(referral_id=referral.id).values_list("kind", flat=True))
    fresh = Signal.objects.bulk_create(
        Signal(referral=referral, kind=kind, facts=facts, at=at)
        for kind, facts in _found(referral).items()
        if kind not in known
    )
    if fresh:
        _place(referral, note="", actor=SYSTEM, at=at)
    return fresh


@transaction.atomic
def hold(*, referral_id: UUID, note: str, actor: Actor, at: datetime) -> Hold:
    """Hold a referral by a person's decision; its money stays pending. A repeat returns the open hold.

    note: for the vendor's people only. What is payable already stays payable. Raises Referral.DoesNotExist.
    Emits referral.held.
    """
    referral = Referral.objects.select_for_update(no_key=True).get(id=referral_id)
    return _place(referral, note=note.strip(), actor=actor, at=at)


def _place(referral: Referral, *, note: str, actor: Actor, at: datetime) -> Hold:
    if first := Hold.objects.filter(referral_id=referral.id, decided_at=None).first():
        return first
    row = Hold.objects.create(
        referral=referral, placed_at=at, placed_by_id=actor.user_id, note=note
    )
    referral.held_at = at
    referral.save(update_fields=["held_at"])
    emit(
        "referral.held",
        subject=f"referral:{referral.id}",
        actor=actor,
        partner_id=referral.partner_id,
        payload={"referral_id": str(referral.id), "hold_id": row.id},
        at=at,
    )
    return row


@transaction.atomic
def decide_hold(
    *, referral_id: UUID, outcome: str, reason: str, actor: Actor, at: datetime
) -> Hold:
    """End a hold: lifted, what was earned goes its way; declined, the referral is declined with the same reason.

    reason: shown to the partner. A declined one that is won or closed stays in its stage and stays held: it earns
    nothing any more, and commissions take back what it earned. Taking it up again takes the decline back.
    Raises HoldReasonRequired, NotHeld, Referral.DoesNotExist, MoveRefused.
    Emits referral.hold_lifted or referral.hold_declined.
    """
    if not reason.strip():
        raise HoldReasonRequired
    if actor.user_id is None:
        raise ValueError("a person decides a hold")
    referral = Referral.objects.select_for_update(no_key=True).get(id=referral_id)
    row = Hold.objects.filter(referral_id=referral.id, decided_at=None).first()
    if row is None:
        raise NotHeld(referral.number)
    row.outcome, row.reason = HoldOutcome(outcome), reason.strip()
    row.decided_at, row.decided_by_id = at, actor.user_id
    row.save(update_fields=["outcome", "reason", "decided_at", "decided_by"])
    lifted = row.outcome == HoldOutcome.LIFTED
    if lifted:
        referral.held_at = None
        referral.save(update_fields=["held_at"])
    else:
        referral.declined_at, referral.declined_reason = at, row.reason
        referral.save(update_fields=["declined_at", "declined_reason"])
        end_referral(
            referral_id=referral.id,
            kind=StageKind.REJECTED,
            reason=row.reason,
            actor=actor,
            at=at,
        )
    emit(
        "referral.hold_lifted" if lifted else "referral.hold_declined",
        subject=f"referral:{referral.id}",
        actor=actor,
        partner_id=referral.partner_id,
        payload={"referral_id": str(referral.id), "hold_id": row.id},
        at=at,
    )
    return row


# ---------------------------------------------------------------- what speaks for it


def _found(referral: Referral) -> dict[str, dict[str, Any]]:
    """Return the signs on a referral, each with what matched."""
    settings = settings_of(referral.program_id)
    partner = referral.partner
    lead = Lead(
        domain=referral.domain,
        email=referral.email_norm,
        tax_id=referral.tax_id_norm,
        name=referral.company_norm,
    )
    signs = self_signals(
        lead,
        _known(partner),
        _linked(partner),
        _rival_domains(referral),
        exempt=partner.type in settings.exempt_types,
    )
    found: dict[str, dict[str, Any]] = {kind: {"domain": referral.domain} for kind in signs}
    day = referral.registered_at - timedelta(hours=24)
    count = Referral.objects.filter(
        partner_id=partner.id, registered_at__gt=day, registered_at__lte=referral.registered_at
    ).count()
    if settings.velocity and count > settings.velocity:
        found["velocity"] = {"count": count}
    return found


def _known(partner: Partner) -> Known:
    people = Membership.objects.filter(
        tenant_id=current_scope().tenant_id, partner_id=partner.id, ended_at=None
    ).values_list("user__email", flat=True)
    emails = {normalised_email(email) for email in people} - {""}
    domains = {canonical_domain(email) for email in emails} | {
        partner.domain,
        canonical_domain(partner.website),
    }
    return Known(
        domains=frozenset(domains - {""}),
        emails=frozenset(emails),
        tax_ids=frozenset({normalised_tax_id(partner.tax_number)} - {""}),
        names=frozenset(
            {normalised_company(name) for name in (partner.name, partner.legal_name)} - {""}
        ),
    )


# Asked of the table, not of the model: payouts stand above referrals. The newest account of each partner counts.
_SAME_ACCOUNT = """
with newest as (
  select distinct on (partner_id) partner_id, number_digest from commissions_payout_account
   where tenant_id = %(tenant)s order by partner_id, id desc)
select other.partner_id from newest own
  join newest other on other.number_digest = own.number_digest and other.partner_id <> own.partner_id
 where own.partner_id = %(partner)s and own.number_digest <> ''
"""


def _linked(partner: Partner) -> Known:
    """Return the companies that share the partner's bank account or its address."""
    with connection.cursor() as cursor:
        cursor.execute(_SAME_ACCOUNT, {"tenant": current_scope().tenant_id, "partner": partner.id})
        ids = [row[0] for row in cursor.fetchall()]
    same = Q(id__in=ids)
    if partner.address.strip():
        same |= Q(address=partner.address)
    rows = list(Partner.objects.filter(same).exclude(id=partner.id)[:100])
    return Known(
        domains=frozenset({row.domain for row in rows} - {""}),
        tax_ids=frozenset({normalised_tax_id(row.tax_number) for row in rows} - {""}),
    )


def _rival_domains(referral: Referral) -> frozenset[str]:
    """Return the lead's domain when it is another partner's."""
    if not referral.domain:
        return frozenset()
    rivals = Partner.objects.filter(domain=referral.domain).exclude(id=referral.partner_id)
    return frozenset(rivals.values_list("domain", flat=True)[:1])
