"""Ask partners for tax forms, take them in, decide about them. Without an approved form nothing is paid out."""

from datetime import date, datetime
from typing import IO
from uuid import UUID

from django.db import transaction

from commissions.tax.models import FormKind, FormState, TaxForm, TaxRequirement
from commissions.tax.rules import checked_number, masked_number
from partners.directory.models import Partner
from prm.accounts.secrets import decrypt, encrypt
from prm.events.services import Actor, emit
from prm.uploads.services import MEGABYTE, keep_upload

FILES = frozenset({"pdf", "png", "jpeg"})
MAX_FILE = 10 * MEGABYTE


class AlreadyDecided(ValueError):
    """The form was decided otherwise before, or replaced."""


@transaction.atomic
def add_requirement(
    *, country: str, partner_type: str, form: str, actor: Actor, at: datetime
) -> TaxRequirement:
    """Ask partners of a country and kind for a form from now on; empty means all.

    Earnings go on; payments wait for the approved form. A repeat returns the first. Emits tax.required.
    """
    row, is_new = TaxRequirement.objects.get_or_create(
        country=country,
        partner_type=partner_type,
        form=form,
        ended_at=None,
        defaults={"from_at": at},
    )
    if is_new:
        _emit_rule("tax.required", row, actor, at)
    return row


@transaction.atomic
def end_requirement(*, requirement_id: int, actor: Actor, at: datetime) -> None:
    """Ask for the form no longer; what was sent stays. A repeat does nothing. Emits tax.not_required."""
    row = TaxRequirement.objects.select_for_update(no_key=True).get(id=requirement_id)
    if row.ended_at:
        return
    row.ended_at = at
    row.save(update_fields=["ended_at"])
    _emit_rule("tax.not_required", row, actor, at)


@transaction.atomic
def send_form(
    *,
    partner_id: UUID,
    form: str,
    number: str = "",
    file: IO[bytes] | None = None,
    actor: Actor,
    at: datetime,
) -> TaxForm:
    """Take a number or a signed file from a partner; one that is approved counts until this one is.

    Raises NotATaxNumber, UploadRefused. Emits tax.form_sent.
    """
    plain = checked_number(form, number) if number else ""
    Partner.objects.select_for_update(no_key=True).get(id=partner_id)
    upload = file and keep_upload(
        file=file,
        purpose="tax.form",
        allowed=FILES,
        max_bytes=MAX_FILE,
        partner_id=partner_id,
        actor=actor,
        at=at,
    )
    TaxForm.objects.filter(partner_id=partner_id, form=form, replaced_at=None).exclude(
        state=FormState.APPROVED
    ).update(replaced_at=at)
    row = TaxForm.objects.create(
        partner_id=partner_id,
        form=form,
        number=encrypt(plain),
        masked=masked_number(plain) if plain else "",
        upload_id=upload.id if upload else None,
        sent_by_id=actor.user_id,
        sent_at=at,
    )
    _emit("tax.form_sent", row, actor, at)
    return row


@transaction.atomic
def approve_form(*, form_id: UUID, valid_until: date | None, actor: Actor, at: datetime) -> TaxForm:
    """Accept a form: the partner can be paid, until its last day when it has one.

    A repeat returns it. Raises AlreadyDecided. Emits tax.form_approved.
    """
    row = _waiting(form_id, FormState.APPROVED)
    if row.state == FormState.APPROVED:
        return row
    TaxForm.objects.filter(
        partner_id=row.partner_id, form=row.form, state=FormState.APPROVED, replaced_at=None
    ).update(replaced_at=at)
    row.valid_until = valid_until
    return _decided(row, FormState.APPROVED, "tax.form_approved", actor, at)


@transaction.atomic
def refuse_form(*, form_id: UUID, note: str, actor: Actor, at: datetime) -> TaxForm:
    """Send a form back with what is wrong. A repeat returns it. Raises AlreadyDecided. Emits tax.form_refused."""
    row = _waiting(form_id, FormState.REFUSED)
    if row.state == FormState.REFUSED:
        return row
    row.note = note
    return _decided(row, FormState.REFUSED, "tax.form_refused", actor, at)


@transaction.atomic
def reopen_number(
    *, partner_id: UUID, before: str, country: str, actor: Actor, at: datetime
) -> TaxForm | None:
    """Let finance check an approved VAT number again, as the partner's country changed: payments wait for its word.

    before, country: codes. at: aware UTC moment of the change; what was approved later was approved for the new one.
    When a newer number waits already, that one is looked at alone. None when none counts, and on a repeat. Emits
    tax.form_reopened.
    """
    Partner.objects.select_for_update(no_key=True).get(id=partner_id)
    sent = TaxForm.objects.filter(partner_id=partner_id, form=FormKind.VAT_ID, replaced_at=None)
    approved = sent.filter(state=FormState.APPROVED, decided_at__lte=at)
    row = approved.select_for_update(no_key=True).first()
    if row is None:
        return None
    if newer := sent.filter(state=FormState.RECEIVED).first():
        row.replaced_at = at
        row.save(update_fields=["replaced_at"])
        row = newer
    else:
        row.state = FormState.RECEIVED
        row.save(update_fields=["state"])
    _emit("tax.form_reopened", row, actor, at, country=[before, country])
    return row


def number_of(form: TaxForm) -> str:
    """Return the number in full, for the person of finance who compares it; empty for a file."""
    return decrypt(form.number) if form.number else ""


def _waiting(form_id: UUID, wanted: str) -> TaxForm:
    row = TaxForm.objects.select_for_update(no_key=True, of=("self",)).get(id=form_id)
    if row.replaced_at or row.state not in {FormState.RECEIVED, wanted}:
        raise AlreadyDecided(row.state)
    return row


def _decided(row: TaxForm, state: str, event: str, actor: Actor, at: datetime) -> TaxForm:
    row.state, row.decided_by_id, row.decided_at = state, actor.user_id, at
    row.save(update_fields=["state", "note", "valid_until", "decided_by", "decided_at"])
    _emit(event, row, actor, at)
    return row


def _emit(name: str, row: TaxForm, actor: Actor, at: datetime, **changes: list[str]) -> None:
    emit(
        name,
        subject=f"partner:{row.partner_id}",
        actor=actor,
        partner_id=row.partner_id,
        payload={"tax_form_id": str(row.id), "form": row.form},
        changes=dict(changes),
        at=at,
    )


def _emit_rule(name: str, row: TaxRequirement, actor: Actor, at: datetime) -> None:
    emit(
        name,
        subject=f"tax_requirement:{row.id}",
        actor=actor,
        payload={"form": row.form, "country": row.country, "partner_type": row.partner_type},
        at=at,
        queue=False,
    )
