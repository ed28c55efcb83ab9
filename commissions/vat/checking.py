"""Finance's word on the VAT numbers that partners said: no VAT is paid to one that nobody checked."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from commissions.vat.models import StatusState, VatStatus
from commissions.vat.selectors import called
from partners.directory.models import Partner
from prm.events.services import SYSTEM, Actor, emit


class StatusDecided(ValueError):
    """Finance decided otherwise before, or the partner said something new since."""


@transaction.atomic
def confirm_status(*, status_id: int, actor: Actor, at: datetime) -> VatStatus:
    """Confirm a partner's VAT number for its name and country of now: VAT is added to what runs prepare from now on.

    at: aware UTC. A repeat returns it. Raises StatusDecided. Emits tax.vat_confirmed.
    """
    row, is_new = _waiting(status_id, StatusState.CONFIRMED)
    if not is_new:
        return row
    row.checked_name, row.checked_country = called(Partner.objects.get(id=row.partner_id))
    return _decided(row, "tax.vat_confirmed", actor, at)


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


@transaction.atomic
def check_again(*, partner_id: UUID, at: datetime) -> VatStatus | None:
    """Let finance check a confirmed VAT number anew, when the partner has another legal name or country since.

    at: aware UTC. What was charged and written before stays as it is. None when there is nothing to check, and on a
    repeat. Emits tax.vat_reopened.
    """
    row = (
        VatStatus.objects.select_for_update(no_key=True, of=("self",))
        .filter(partner_id=partner_id, replaced_at=None, state=StatusState.CONFIRMED)
        .first()
    )
    if row is None:
        return None
    name, country = called(Partner.objects.get(id=partner_id))
    row.state = row.state_for(name, country)
    if row.state == StatusState.CONFIRMED:
        return None
    row.reopened_at = at
    row.save(update_fields=["state", "reopened_at"])
    emit(
        "tax.vat_reopened",
        subject=f"partner:{partner_id}",
        actor=SYSTEM,
        partner_id=partner_id,
        payload={
            "vat_status_id": str(row.id),
            "country": row.checked_country != country,
            "name": row.checked_name != name,
        },
        at=at,
    )
    return row


def _waiting(status_id: int, wanted: StatusState) -> tuple[VatStatus, bool]:
    row = VatStatus.objects.select_for_update(no_key=True, of=("self",)).get(id=status_id)
    if row.replaced_at or (row.state == StatusState.REFUSED and wanted == StatusState.CONFIRMED):
        raise StatusDecided(row.state)
    is_new = row.state != wanted
    row.state = wanted
    return row, is_new


def _decided(row: VatStatus, event: str, actor: Actor, at: datetime) -> VatStatus:
    row.decided_by_id, row.decided_at = actor.user_id, at
    row.save(
        update_fields=[
            "state",
            "note",
            "decided_by",
            "decided_at",
            "checked_name",
            "checked_country",
        ]
    )
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
