"""What follows from approved runs and invoices: notes are written, people are told."""

from typing import Any
from uuid import UUID

from commissions.vat.billing import issue_bills
from commissions.vat.checking import check_again
from commissions.vat.models import InvoiceState, PartnerInvoice, VatKind, VatStatus
from prm.accounts.capabilities import Capability
from prm.accounts.selectors import members_with
from prm.events.models import Event
from prm.events.subscriptions import on
from prm.notices.services import notify


@on("payout_run.approved", name="vat.issue_bills")
def write_bills(event: Event) -> None:
    """Write the self-billing notes of a run."""
    issue_bills(run_id=UUID(event.payload["run_id"]), at=event.at)


@on("tax.bill_issued", name="vat.tell_billed")
def tell_billed(event: Event) -> None:
    """Tell the partner that its note is ready."""
    bill_id, number = event.payload["bill_id"], event.payload["number"]
    _tell_partner(
        event, "tax.bill_issued", f"bill:{bill_id}", {"number": number}, f"tax/notes/{bill_id}/"
    )


@on("tax.invoice_sent", name="vat.tell_finance")
def tell_finance(event: Event) -> None:
    """Tell those who check invoices."""
    row = PartnerInvoice.objects.select_related("partner").get(id=event.payload["invoice_id"])
    for user in members_with(Capability.SETTLE_PAYOUTS, tenant_id=event.tenant_id):
        notify(
            kind="tax.invoice_sent",
            key=f"invoice_sent:{row.id}",
            user_id=user.id,
            facts={"partner": row.partner.name, "number": row.number},
            path=f"manage/tax/invoices/{row.id}/",
            at=event.at,
        )


@on("tax.vat_status_said", name="vat.tell_said")
def tell_said(event: Event) -> None:
    """Tell those who check VAT numbers."""
    if event.payload["kind"] != VatKind.REGISTERED:
        return
    row = _said(event)
    if row:
        _tell_checkers(event, row, "tax.vat_said", f"vat_said:{row.id}")


@on("partner.edited", name="vat.check_again")
def check_edited(event: Event) -> None:
    """Have the number of a partner that changed checked again."""
    check_again(partner_id=UUID(event.payload["partner_id"]), at=event.at)


@on("partner.merged", name="vat.check_again_merged")
def check_merged(event: Event) -> None:
    """Have a number checked again that was confirmed for the duplicate."""
    check_again(partner_id=UUID(event.payload["partner_id"]), at=event.at)


@on("tax.vat_reopened", name="vat.tell_reopened")
def tell_reopened(event: Event) -> None:
    """Tell those who check VAT numbers, and the partner."""
    row = _said(event)
    if row is None:
        return
    facts = {name: event.payload[name] for name in ("country", "name")}
    key = f"vat_reopened:{event.id}"
    _tell_checkers(event, row, "tax.vat_again", key, **facts)
    _tell_partner(event, "tax.vat_reopened", key, facts, "tax/")


@on("tax.vat_confirmed", name="vat.tell_confirmed")
def tell_confirmed(event: Event) -> None:
    """Tell the partner."""
    _tell_checked(event, is_confirmed=True)


@on("tax.vat_refused", name="vat.tell_number_refused")
def tell_number_refused(event: Event) -> None:
    """Tell the partner what is wrong."""
    _tell_checked(event, is_confirmed=False)


@on("tax.invoice_approved", name="vat.tell_approved")
def tell_approved(event: Event) -> None:
    """Tell the partner."""
    _tell_decided(event)


@on("tax.invoice_refused", name="vat.tell_refused")
def tell_refused(event: Event) -> None:
    """Tell the partner what is wrong."""
    _tell_decided(event)


def _tell_checked(event: Event, *, is_confirmed: bool) -> None:
    row = VatStatus.objects.get(id=int(event.payload["vat_status_id"]))
    facts = {"confirmed": is_confirmed, "reason": row.note}
    # One number may be confirmed more than once.
    _tell_partner(event, "tax.vat_decided", f"vat_decided:{row.id}:{event.id}", facts, "tax/")


def _said(event: Event) -> VatStatus | None:
    """Return the word that an event is about; events from before they named it say whose it is, and when."""
    rows = VatStatus.objects.select_related("partner")
    if said_id := event.payload.get("vat_status_id"):
        return rows.get(id=int(said_id))
    if event.partner_id is None:
        return None
    return rows.filter(partner_id=event.partner_id, said_at=event.at).order_by("id").last()


def _tell_checkers(event: Event, row: VatStatus, kind: str, key: str, **facts: Any) -> None:
    for user in members_with(Capability.SETTLE_PAYOUTS, tenant_id=event.tenant_id):
        notify(
            kind=kind,
            key=key,
            user_id=user.id,
            facts={"partner": row.partner.name, **facts},
            path=f"manage/tax/numbers/{row.id}/",
            at=event.at,
        )


def _tell_decided(event: Event) -> None:
    row = PartnerInvoice.objects.get(id=event.payload["invoice_id"])
    facts = {
        "number": row.number,
        "approved": row.state == InvoiceState.APPROVED,
        "reason": row.note,
    }
    _tell_partner(
        event, "tax.invoice_decided", f"invoice_decided:{row.id}:{row.state}", facts, "tax/"
    )


def _tell_partner(event: Event, kind: str, key: str, facts: dict[str, Any], path: str) -> None:
    for user in members_with(
        Capability.MANAGE_PAYOUT_DETAILS, tenant_id=event.tenant_id, partner_id=event.partner_id
    ):
        notify(
            kind=kind,
            key=key,
            user_id=user.id,
            facts=facts,
            path=path,
            partner_id=event.partner_id,
            at=event.at,
        )
