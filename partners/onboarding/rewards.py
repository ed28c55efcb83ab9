"""What partners earn beside commissions: given once ever, noted when they got it."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from partners.onboarding.models import Entitlement, RewardKind
from prm.events.services import Actor, emit


class WordsRequired(ValueError):
    """Sending a step back, noting a call, or how something was given, needs words."""


@transaction.atomic
def grant(
    *,
    partner_id: UUID,
    program_id: UUID,
    key: str,
    kind: str,
    actor: Actor,
    at: datetime,
    amount_minor: int | None = None,
    currency: str = "",
    text: dict[str, str] | None = None,
) -> Entitlement:
    """Give a partner something once ever; the same key returns the first, whatever it says now.

    amount_minor: minor units of currency, for credits and gift cards. Emits entitlement.earned.
    """
    row, made = Entitlement.objects.get_or_create(
        partner_id=partner_id,
        key=key,
        defaults={
            "program_id": program_id,
            "kind": RewardKind(kind).value,
            "amount_minor": amount_minor,
            "currency": currency,
            "text": text or {},
            "earned_at": at,
        },
    )
    if made:
        emit(
            "entitlement.earned",
            subject=f"partner:{partner_id}",
            actor=actor,
            partner_id=partner_id,
            payload={
                "entitlement_id": str(row.id),
                "partner_id": str(partner_id),
                "program_id": str(program_id),
            },
            at=at,
        )
    return row


@transaction.atomic
def fulfil(*, entitlement_id: UUID, text: str, actor: Actor, at: datetime) -> Entitlement:
    """Note that a partner got what it had earned, and how; a repeat changes nothing.

    Raises WordsRequired. Emits entitlement.fulfilled.
    """
    if not text.strip():
        raise WordsRequired
    row = Entitlement.objects.select_for_update(no_key=True).get(id=entitlement_id)
    if row.fulfilled_at:
        return row
    row.fulfilled_at, row.fulfilled_by_id, row.fulfilment = at, actor.user_id, text.strip()[:300]
    row.save(update_fields=["fulfilled_at", "fulfilled_by", "fulfilment"])
    emit(
        "entitlement.fulfilled",
        subject=f"partner:{row.partner_id}",
        actor=actor,
        partner_id=row.partner_id,
        payload={"entitlement_id": str(row.id), "partner_id": str(row.partner_id)},
        changes={"note": ["", row.fulfilment]},
        at=at,
    )
    return row
