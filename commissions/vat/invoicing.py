"""Partners' own invoices: sent for what is ready to be paid, compared to the cent, paid by the next run."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import IO
from uuid import UUID

from django.db import IntegrityError, transaction

from commissions.tax.services import FILES, MAX_FILE
from commissions.vat.gate import Proposal, coverage_of, proposals_for
from commissions.vat.models import InvoiceState, PartnerInvoice
from partners.directory.models import Partner
from prm.events.services import Actor, emit
from prm.uploads.services import keep_upload

OPEN = (InvoiceState.RECEIVED, InvoiceState.APPROVED)


class NothingToInvoice(ValueError):
    """Nothing in this currency is ready to be invoiced."""


class AmountsDiffer(ValueError):
    """The invoice does not say what is ready to be paid; `proposal` is what it has to say, None when nothing is."""

    def __init__(self, proposal: Proposal | None) -> None:
        super().__init__("the amounts differ")
        self.proposal = proposal


class InvoiceExists(ValueError):
    """An invoice with this number, or another one for this balance, waits or was paid already."""


class InvoiceDecided(ValueError):
    """The invoice was decided otherwise before, or is in a payment."""


@dataclass(frozen=True)
class InvoiceDraft:
    """What a partner's invoice says; amounts in minor units of the currency. upto_id: of the proposal it answers."""

    currency: str
    number: str
    invoiced_on: date
    net_minor: int
    vat_minor: int
    upto_id: int

    @property
    def gross_minor(self) -> int:
        """The sum that the invoice asks for."""
        return self.net_minor + self.vat_minor


@transaction.atomic
def send_invoice(
    *, partner_id: UUID, draft: InvoiceDraft, file: IO[bytes], actor: Actor, at: datetime
) -> PartnerInvoice:
    """Take a partner's invoice for what was proposed to it; one that still waits is replaced.

    Raises NothingToInvoice, AmountsDiffer, InvoiceExists, UploadRefused. Emits tax.invoice_sent.
    """
    Partner.objects.select_for_update(no_key=True).get(id=partner_id)
    wanted = _wanted(partner_id, draft.currency, draft.upto_id, at)
    if wanted is None:
        raise NothingToInvoice(draft.currency)
    if (draft.net_minor, draft.vat_minor) != (wanted.net_minor, wanted.vat_minor):
        raise AmountsDiffer(wanted)
    upload = keep_upload(
        file=file,
        purpose="tax.invoice",
        allowed=FILES,
        max_bytes=MAX_FILE,
        partner_id=partner_id,
        actor=actor,
        at=at,
    )
    PartnerInvoice.objects.filter(
        partner_id=partner_id, currency=draft.currency, state__in=OPEN, payout_id=None
    ).update(state=InvoiceState.WITHDRAWN)
    try:
        with transaction.atomic():
            row = PartnerInvoice.objects.create(
                partner_id=partner_id,
                currency=draft.currency,
                number=draft.number,
                invoiced_on=draft.invoiced_on,
                net_minor=draft.net_minor,
                vat_minor=draft.vat_minor,
                gross_minor=draft.gross_minor,
                upto_id=wanted.upto_id,
                upload_id=upload.id,
                sent_by_id=actor.user_id,
                sent_at=at,
            )
    except IntegrityError as error:
        raise InvoiceExists(draft.number) from error
    _emit("tax.invoice_sent", row, actor, at)
    return row


@transaction.atomic
def withdraw_invoice(*, invoice_id: UUID, actor: Actor, at: datetime) -> PartnerInvoice:
    """Take an invoice back that no payment pays. A repeat returns it.

    Raises InvoiceDecided. Emits tax.invoice_withdrawn.
    """
    row = _locked(invoice_id)
    if row.state == InvoiceState.WITHDRAWN:
        return row
    if row.state not in OPEN or row.payout_id:
        raise InvoiceDecided(row.state)
    row.state = InvoiceState.WITHDRAWN
    row.save(update_fields=["state"])
    _emit("tax.invoice_withdrawn", row, actor, at)
    return row


@transaction.atomic
def approve_invoice(*, invoice_id: UUID, actor: Actor, at: datetime) -> PartnerInvoice:
    """Accept an invoice that says to the cent what is ready to be paid: the next run pays it.

    A repeat returns it. Raises AmountsDiffer, InvoiceDecided. Emits tax.invoice_approved.
    """
    row = _locked(invoice_id)
    if row.state == InvoiceState.APPROVED:
        return row
    if row.state != InvoiceState.RECEIVED:
        raise InvoiceDecided(row.state)
    wanted = expected_of(row, at=at)
    if wanted is None or (row.net_minor, row.vat_minor) != (wanted.net_minor, wanted.vat_minor):
        raise AmountsDiffer(wanted)
    return _decided(row, InvoiceState.APPROVED, "tax.invoice_approved", actor, at)


@transaction.atomic
def refuse_invoice(*, invoice_id: UUID, note: str, actor: Actor, at: datetime) -> PartnerInvoice:
    """Send an invoice back with what is wrong; an approved one too while no payment pays it.

    A repeat returns it. Raises InvoiceDecided. Emits tax.invoice_refused.
    """
    row = _locked(invoice_id)
    if row.state == InvoiceState.REFUSED:
        return row
    if row.state not in OPEN or row.payout_id:
        raise InvoiceDecided(row.state)
    row.note = note
    return _decided(row, InvoiceState.REFUSED, "tax.invoice_refused", actor, at)


def expected_of(invoice: PartnerInvoice, *, at: datetime) -> Proposal | None:
    """Return what an invoice would have to say now for what it covers; None when nothing of it is ready any more."""
    return _wanted(invoice.partner_id, invoice.currency, invoice.upto_id, at)


def _wanted(partner_id: UUID, currency: str, upto_id: int, at: datetime) -> Proposal | None:
    """Return what an invoice up to a movement has to say; of all that is ready when less is ready since."""
    ready = next(
        (row for row in proposals_for(partner_id, at=at) if row.currency == currency), None
    )
    if ready is None:
        return None
    # A number that nobody was shown covers no more than what is ready.
    upto_id = min(upto_id, ready.upto_id)
    covered = coverage_of(partner_id, currency, upto_id)
    if covered.base_minor <= 0 or covered.base_minor > ready.net_minor:
        return ready
    return replace(ready, net_minor=covered.base_minor, upto_id=upto_id)


def _locked(invoice_id: UUID) -> PartnerInvoice:
    return PartnerInvoice.objects.select_for_update(no_key=True, of=("self",)).get(id=invoice_id)


def _decided(
    row: PartnerInvoice, state: str, event: str, actor: Actor, at: datetime
) -> PartnerInvoice:
    row.state, row.decided_by_id, row.decided_at = state, actor.user_id, at
    row.save(update_fields=["state", "note", "decided_by", "decided_at"])
    _emit(event, row, actor, at)
    return row


def _emit(name: str, row: PartnerInvoice, actor: Actor, at: datetime) -> None:
    emit(
        name,
        subject=f"partner:{row.partner_id}",
        actor=actor,
        partner_id=row.partner_id,
        payload={"invoice_id": str(row.id), "number": row.number},
        at=at,
    )
