"""VAT that the vendor pays on top of a payment: added when its run is frozen, taken back when the run is sent back.

It moves from input_vat to payable, so that the payment claims it as one more line, and is never commission. What a bank
returns comes back whole, VAT included, and is paid again without any: its invoice stands.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Count

from commissions.ledger.models import AccountKind, Transfer
from commissions.ledger.selectors import tenant_zone
from commissions.ledger.services import NewTransfer, post_staged, reversal_of
from commissions.tax.dues import Due, Payment, dues_of
from commissions.tax.withholding import give_back, tax_is_withheld, withhold
from commissions.vat.models import PaperKind, PartnerInvoice, VatCharge
from commissions.vat.parties import partner_side, vendor_side
from commissions.vat.rules import Vat
from commissions.vat.selectors import Office, open_office, vat_counts_on, vat_settings
from partners.directory.models import Partner
from prm.tenancy.scope import current_scope


@transaction.atomic
def tax_payments(*, payments: Sequence[Payment], at: datetime) -> bool:
    """Keep tax back from payments and add VAT to them, both of their net; return whether anything was written.

    The caller holds the balances' rows. Not for balances that are taxed already.
    """
    today = at.astimezone(tenant_zone()).date()
    if not payments or not (tax_is_withheld() or vat_counts_on(vat_settings(), today)):
        return False
    dues = dues_of(payments)
    charged = charge_vat(dues=dues, at=at)
    return bool(withhold(dues=dues, at=at)) or bool(charged)


@transaction.atomic
def charge_vat(*, dues: Iterable[Due], at: datetime) -> int:
    """Add VAT to payments and write down how it stands on each that has an invoice; return on how many."""
    dues = [due for due in dues if due.base_minor]
    office = open_office({due.partner_id for due in dues}, at=at)
    if office is None:
        return 0
    found = [(due, *_charged(office, due)) for due in dues]
    rows = [(due, vat, paper) for due, vat, paper in found if paper]
    sides = _sides({due.partner_id for due, _vat, paper in rows if paper == PaperKind.SELF_BILL})
    counts = _counts({due.partner_id for due, _vat, _paper in rows})
    moving = [(due, vat) for due, vat, _paper in rows if vat.on(due.base_minor)]
    posted = post_staged([_movement(due, vat, counts, at) for due, vat in moving])
    placed = {
        (due.partner_id, due.currency): place.id
        for (due, _vat), place in zip(moving, posted, strict=True)
    }
    VatCharge.objects.bulk_create(
        VatCharge(
            partner_id=due.partner_id,
            currency=due.currency,
            treatment=vat.treatment,
            paper=paper,
            kind=office.sellers[due.partner_id].party.kind,
            base_minor=due.base_minor,
            rate=vat.rate,
            amount_minor=vat.on(due.base_minor),
            charged_at=at,
            charged_on=office.day,
            transfer_id=placed.get((due.partner_id, due.currency)),
            invoice_id=(
                office.invoices[due.partner_id, due.currency].id
                if paper == PaperKind.INVOICE
                else None
            ),
            parties=sides[due.partner_id] if paper == PaperKind.SELF_BILL else {},
        )
        for due, vat, paper in rows
    )
    return len(rows)


def _sides(partner_ids: set[UUID]) -> dict[UUID, dict[str, Any]]:
    """Return both sides of the notes to be written, by partner."""
    if not partner_ids:
        return {}
    vendor = vendor_side()
    partners = Partner.objects.filter(id__in=partner_ids)
    return {row.id: {"vendor": vendor, "partner": partner_side(row)} for row in partners}


def _charged(office: Office, due: Due) -> tuple[Vat, str]:
    """Return how a payment is taxed and who writes its invoice; nobody leaves it untaxed."""
    vat = office.vat_of(due.partner_id)
    paper = office.paper_for(due.partner_id, vat.treatment)
    if paper == PaperKind.INVOICE and due.upto_id is None:
        # No invoice, no VAT: the vendor could not get it back.
        return vat, ""
    if due.amount_minor + vat.on(due.base_minor) <= 0:
        return vat, ""
    return vat, paper


def _movement(due: Due, vat: Vat, counts: dict[tuple[UUID, str], int], at: datetime) -> NewTransfer:
    journal = f"vat:{due.partner_id}:{due.currency}"
    minor = vat.on(due.base_minor)
    own = (AccountKind.PAYABLE, due.partner_id, due.currency)
    office = (AccountKind.INPUT_VAT, None, due.currency)
    return NewTransfer(
        kind="vat",
        key=f"{journal}:{counts.get((due.partner_id, due.currency), 0) + 1}",
        journal=journal,
        debit=office if minor > 0 else own,
        credit=own if minor > 0 else office,
        amount_minor=abs(minor),
        booked_at=at,
        partner_id=due.partner_id,
    )


def _counts(partner_ids: set[UUID]) -> dict[tuple[UUID, str], int]:
    """Return how many charges there are by partner and currency: the number in the natural key."""
    rows = (
        VatCharge.objects.filter(partner_id__in=partner_ids)
        .values_list("partner_id", "currency")
        .annotate(count=Count("id"))
    )
    return {(partner_id, currency): count for partner_id, currency, count in rows}


def bind_charges(*, run_id: UUID) -> None:
    """Say which payment each new charge belongs to, and which invoice it pays, once a run's list is written."""
    with connection.cursor() as cursor:
        cursor.execute(_BIND, {"tenant": current_scope().tenant_id, "run": run_id})


@transaction.atomic
def untax_run(*, run_id: UUID, withheld_ids: Sequence[int], at: datetime) -> None:
    """Take VAT and withheld tax of a run back that is not paid; its invoices may be paid by the next. Once each."""
    give_back(transfer_ids=withheld_ids, at=at)
    with connection.cursor() as cursor:
        cursor.execute(
            "select id from commissions_payout where tenant_id = %s and run_id = %s",
            [current_scope().tenant_id, run_id],
        )
        payouts = [row[0] for row in cursor.fetchall()]
    PartnerInvoice.objects.filter(payout_id__in=payouts).update(payout_id=None)
    taken = VatCharge.objects.filter(takes_back__isnull=False).values("takes_back_id")
    charges = list(
        VatCharge.objects.filter(payout_id__in=payouts, takes_back=None)
        .exclude(id__in=taken)
        .order_by("id")
    )
    transfers = Transfer.objects.in_bulk([row.transfer_id for row in charges if row.transfer_id])
    posted = post_staged(
        [
            reversal_of(row, key=f"{row.key}:back", at=at, kind="vat")
            for _id, row in sorted(transfers.items())
        ]
    )
    placed = {id_: place.id for id_, place in zip(sorted(transfers), posted, strict=True)}
    today = at.astimezone(tenant_zone()).date()
    VatCharge.objects.bulk_create(
        _mirror(row, placed.get(row.transfer_id), at, today) for row in charges
    )


def _mirror(row: VatCharge, transfer_id: int | None, at: datetime, today: date) -> VatCharge:
    return VatCharge(
        partner_id=row.partner_id,
        currency=row.currency,
        treatment=row.treatment,
        paper=row.paper,
        kind=row.kind,
        base_minor=-row.base_minor,
        rate=row.rate,
        amount_minor=-row.amount_minor,
        charged_at=at,
        charged_on=today,
        transfer_id=transfer_id,
        payout_id=row.payout_id,
        takes_back_id=row.id,
    )


# Charges without a payment exist only until the list of the run that made them is written.
_BIND = """
with bound as (
  update commissions_vat_charge c set payout_id = p.id
    from commissions_payout p
   where c.tenant_id = %(tenant)s and c.payout_id is null
     and p.tenant_id = c.tenant_id and p.run_id = %(run)s
     and p.partner_id = c.partner_id and p.currency = c.currency
  returning c.invoice_id, c.payout_id)
update commissions_partner_invoice i set payout_id = b.payout_id
  from bound b where i.tenant_id = %(tenant)s and i.id = b.invoice_id
"""
