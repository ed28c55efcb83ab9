"""What keeps a payment from being made before its invoice is there, and how much an invoice pays."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from commissions.tax.dues import Payment, dues_of
from commissions.vat.models import InvoiceState, PaperKind, PartnerInvoice
from commissions.vat.rules import UNKNOWN, Treatment, Vat
from commissions.vat.selectors import Office, open_office
from prm.tenancy.scope import current_scope

# Reasons of commissions.payouts.models.ExclusionReason.
NO_INVOICE, VAT_UNKNOWN = "invoice", "vat"
# The invoice is no longer what is ready to be paid.
OUTDATED = "outdated"


@dataclass(frozen=True)
class Gate:
    """What VAT does to a payment: stops it for a reason, or pays what an invoice covers and nothing later."""

    reason: str
    amount_minor: int
    upto_id: int | None = None
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Coverage:
    """What of a balance lies up to one movement, in minor units.

    taxes: VAT and withheld tax that a run under way has booked on it. base: what of it was not invoiced before.
    """

    covered_minor: int
    taxes_minor: int
    base_minor: int


@dataclass(frozen=True)
class Proposal:
    """What an invoice has to say to be paid as it is: net, VAT and their sum in minor units."""

    currency: str
    net_minor: int
    vat: Vat
    upto_id: int

    @property
    def vat_minor(self) -> int:
        """The VAT on the net amount."""
        return self.vat.on(self.net_minor)

    @property
    def gross_minor(self) -> int:
        """What the invoice asks for."""
        return self.net_minor + self.vat_minor


def payment_gates(
    balances: Sequence[Payment], *, at: datetime, lock: bool = False
) -> dict[tuple[UUID, str], Gate]:
    """Return what VAT does to each balance that would be paid; those not in it are paid as they are.

    lock: invoices stay as they are until the transaction ends.
    """
    office = open_office({row.partner_id for row in balances}, at=at, lock=lock)
    if office is None:
        return {}
    covered = _coverages(
        Payment(row.partner_id, row.currency, row.amount_minor, invoice.upto_id)
        for row in balances
        if (invoice := office.invoices.get((row.partner_id, row.currency)))
    )
    untaxed = {(due.partner_id, due.currency): due.base_minor for due in dues_of(balances)}
    found = {}
    for row in balances:
        key = (row.partner_id, row.currency)
        gate = _gate(office, row, untaxed.get(key, 0), covered.get(key))
        if gate:
            found[key] = gate
    return found


def _gate(office: Office, row: Payment, base_minor: int, covered: Coverage | None) -> Gate | None:
    vat = office.vat_of(row.partner_id)
    treatment = vat.treatment
    if treatment in UNKNOWN:
        stops = treatment != Treatment.NO_STATUS or office.settings.wants_status
        detail = {"treatment": str(treatment)}
        return Gate(VAT_UNKNOWN, row.amount_minor, detail=detail) if stops else None
    if office.paper_for(row.partner_id, treatment) != PaperKind.INVOICE or base_minor <= 0:
        return None
    invoice = office.invoices.get((row.partner_id, row.currency))
    state = _state(invoice, row, covered, vat)
    if invoice and covered and state == InvoiceState.APPROVED:
        return Gate("", covered.covered_minor + covered.taxes_minor, invoice.upto_id)
    # An invoice that is being checked is waited for: paid without it, its VAT would be lost.
    if not office.settings.wants_invoice and state != InvoiceState.RECEIVED:
        return None
    return Gate(NO_INVOICE, row.amount_minor, detail={"invoice": state})


def _state(invoice: PartnerInvoice | None, row: Payment, covered: Coverage | None, vat: Vat) -> str:
    if invoice is None or covered is None:
        return "missing"
    # The VAT as well: its rate, or what the partner is, may be another than when the invoice was approved.
    fits = (covered.base_minor, vat.on(covered.base_minor)) == (
        invoice.net_minor,
        invoice.vat_minor,
    ) and covered.covered_minor + covered.taxes_minor <= row.amount_minor
    return str(invoice.state) if fits else OUTDATED


def coverage_of(partner_id: UUID, currency: str, upto_id: int) -> Coverage:
    """Return what of a partner's balance lies up to a movement."""
    found = _coverages([Payment(partner_id, currency, 0, upto_id)])
    return found.get((partner_id, currency), Coverage(0, 0, 0))


def proposals_for(partner_id: UUID, *, at: datetime) -> list[Proposal]:
    """Return what a partner has to invoice now, by currency; nothing while the vendor writes its bills."""
    office = open_office({partner_id}, at=at)
    if office is None:
        return []
    vat = office.vat_of(partner_id)
    if office.paper_for(partner_id, vat.treatment) != PaperKind.INVOICE:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_NEWEST, [current_scope().tenant_id, partner_id])
        ready = cursor.fetchall()
    found = []
    for currency, balance_minor, upto_id in ready:
        covered = coverage_of(partner_id, currency, upto_id)
        if 0 < covered.base_minor <= balance_minor:
            found.append(Proposal(currency, covered.base_minor, vat, upto_id))
    return found


def _coverages(payments: Iterable[Payment]) -> dict[tuple[UUID, str], Coverage]:
    rows = list(payments)
    if not rows:
        return {}
    partners, currencies, uptos = zip(
        *((str(row.partner_id), row.currency, row.upto_id) for row in rows), strict=True
    )
    with connection.cursor() as cursor:
        cursor.execute(
            _COVERED, [list(partners), list(currencies), list(uptos), current_scope().tenant_id]
        )
        sums = {(row[0], row[1]): (row[2], row[3]) for row in cursor.fetchall()}
    due = {
        (row.partner_id, row.currency): row.base_minor
        for row in dues_of(
            [
                Payment(
                    row.partner_id,
                    row.currency,
                    sums.get((row.partner_id, row.currency), (0, 0))[0],
                    row.upto_id,
                )
                for row in rows
            ]
        )
    }
    return {
        key: Coverage(covered, taxes, due.get(key, 0)) for key, (covered, taxes) in sums.items()
    }


_UNCLAIMED = """
  from commissions_account a
  join lateral (
       select x.id, x.kind, x.amount_minor from commissions_transfer x
        where x.tenant_id = a.tenant_id and x.credit_account_id = a.id
       union all
       select x.id, x.kind, -x.amount_minor from commissions_transfer x
        where x.tenant_id = a.tenant_id and x.debit_account_id = a.id and x.kind <> 'payout') t on true
"""
_COVERED = f"""
select k.partner_id, k.currency,
       coalesce(sum(t.amount_minor) filter (
         where t.id <= k.upto_id and t.kind not in ('vat', 'withholding')), 0)::bigint,
       coalesce(sum(t.amount_minor) filter (where t.kind in ('vat', 'withholding')), 0)::bigint
  from unnest(%s::uuid[], %s::text[], %s::bigint[]) k (partner_id, currency, upto_id)
  join lateral (
       select t.id, t.kind, t.amount_minor {_UNCLAIMED}
        where a.tenant_id = %s and a.kind = 'payable' and a.partner_id = k.partner_id and a.currency = k.currency
          and not exists (select from commissions_payout_line l
                           where l.tenant_id = a.tenant_id and l.transfer_id = t.id and l.released_at is null)
       ) t on true
 group by k.partner_id, k.currency
"""  # noqa: S608  built of constants
_NEWEST = """
select a.currency, b.credits_minor - b.debits_minor,
       (select max(t.id) from commissions_transfer t
         where t.tenant_id = a.tenant_id and a.id in (t.credit_account_id, t.debit_account_id))
  from commissions_account a
  join commissions_balance b on b.tenant_id = a.tenant_id and b.id = a.id
 where a.tenant_id = %s and a.partner_id = %s and a.kind = 'payable' and b.credits_minor > b.debits_minor
 order by a.currency
"""
