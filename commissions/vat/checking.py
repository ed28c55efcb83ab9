"""Finance's word on the VAT numbers that partners said: no VAT is paid to one that nobody checked."""

from datetime import datetime

from django.db import transaction

from commissions.vat.models import StatusState, VatStatus
from prm.events.services import Actor, emit


class StatusDecided(ValueError):
    """Finance decided otherwise before, or the partner said something new since."""


@transaction.atomic
def confirm_status(*, status_id: int, actor: Actor, at: datetime) -> VatStatus:
    """Confirm a partner's VAT number: VAT is added to what runs prepare from now on.

    at: aware UTC. A repeat returns it. Raises StatusDecided. Emits tax.vat_confirmed.
    """
    row, is_new = _waiting(status_id, StatusState.CONFIRMED)
    return _decided(row, "tax.vat_confirmed", actor, at) if is_new else row


@transaction.atomic
def refuse_status(*, status_id: int, note: str, actor: Actor, at: datetime) -> VatStatus:
    """Refuse a partner's VAT number, also one that was confirmed, with what is wrong: payouts wait for another word.

    at: aware UTC. A repeat returns it. Raises StatusDecided. Emits tax.vat_refused.
    """
    row, is_new = _waiting(status_id, StatusState.REFUSED)
    if not is_new:
        return row
    row.note = note
    return _decided(row, "tax.vat_refused", actor, at)


def _waiting(status_id: int, wanted: StatusState) -> tuple[VatStatus, bool]:
    row = VatStatus.objects.select_for_update(no_key=True, of=("self",)).get(id=status_id)
    if row.replaced_at or (row.state == StatusState.REFUSED and wanted == StatusState.CONFIRMED):
        raise StatusDecided(row.state)
    is_new = row.state != wanted
    row.state = wanted
    return row, is_new


def _decided(row: VatStatus, event: str, actor: Actor, at: datetime) -> VatStatus:
    row.decided_by_id, row.decided_at = actor.user_id, at
    row.save(update_fields=["state", "note", "decided_by", "decided_at"])
    _emit(event, row, actor, at)
    return row


def _emit(name: str, row: VatStatus, actor: Actor, at: datetime) -> None:
    emit(
        name,
        subject=f"partner:{row.partner_id}",
        actor=actor,
        partner_id=row.partner_id,
        payload={"vat_status_id": str(row.id)},
        at=at,
    )
