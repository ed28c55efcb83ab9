"""Self-billing notes: the vendor's numbered invoices in its partners' names, one for each payment that was approved."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from commissions.ledger.selectors import tenant_zone
from commissions.vat.models import PaperKind, SelfBill, SelfBilling, VatCharge, VatStatus
from commissions.vat.parties import partner_side, vendor_side
from commissions.vat.rules import bill_number
from commissions.vat.selectors import vat_settings
from commissions.vat.services import number_of
from prm.accounts.secrets import encrypt
from prm.events.services import SYSTEM, Actor, emit
from prm.tenancy.scope import current_scope
from prm.tenancy.services import next_number


@transaction.atomic
def issue_bills(*, run_id: UUID, at: datetime, actor: Actor = SYSTEM) -> int:
    """Write a note for every payment of an approved run whose partner agreed to self-billing; return how many.

    at: aware UTC; its year in the tenant's zone begins a new row of numbers, which has no gaps. A repeat writes only
    what is missing. Notes are written in the order of the payments' numbers. Emits tax.bill_issued each.
    """
    tenant_id = current_scope().tenant_id
    today = at.astimezone(tenant_zone()).date()
    with connection.cursor() as cursor:
        cursor.execute(
            "select pg_advisory_xact_lock(hashtextextended('vat.bills', %s))", [tenant_id]
        )
        cursor.execute(_WANTED, {"tenant": tenant_id, "run": run_id, "paper": PaperKind.SELF_BILL})
        wanted = cursor.fetchall()
    if not wanted:
        return 0
    settings = vat_settings()
    last = next_number(f"self_bill:{today.year}", count=len(wanted))
    charges = VatCharge.objects.select_related("partner").in_bulk([row[0] for row in wanted])
    facts = _Facts({row.partner_id for row in charges.values()})
    bills = []
    for place, (charge_id, payout_id, payout_number, withheld_minor) in enumerate(wanted, 1):
        charge = charges[charge_id]
        bills.append(
            SelfBill(
                number=bill_number(settings.prefix, today.year, last - len(wanted) + place),
                partner_id=charge.partner_id,
                charge_id=charge.id,
                payout_id=payout_id,
                currency=charge.currency,
                net_minor=charge.base_minor,
                rate=charge.rate,
                vat_minor=charge.amount_minor,
                treatment=charge.treatment,
                issued_on=today,
                issued_at=at,
                facts={
                    **facts.of(charge),
                    "payout": payout_number,
                    "withheld_minor": withheld_minor,
                    "words": settings.words.get(charge.treatment, {}),
                },
            )
        )
    for bill in SelfBill.objects.bulk_create(bills):
        emit(
            "tax.bill_issued",
            subject=f"payout:{bill.payout_id}",
            actor=actor,
            partner_id=bill.partner_id,
            payload={"bill_id": str(bill.id), "number": bill.number},
            at=at,
        )
    return len(bills)


class _Facts:
    """Both sides of a note; numbers of partners stay encrypted.

    Names, addresses, what a partner said about VAT and agreed to are of the moment when the payment was taxed; what
    changed since goes with the next one.
    """

    def __init__(self, partner_ids: set[UUID]) -> None:
        # For payments that were taxed before both sides were kept.
        self.vendor = vendor_side()
        self.said = list(VatStatus.objects.filter(partner_id__in=partner_ids).order_by("id"))
        self.agreed = list(SelfBilling.objects.filter(partner_id__in=partner_ids).order_by("id"))

    def of(self, charge: VatCharge) -> dict[str, Any]:
        partner, at = charge.partner, charge.charged_at
        said = [
            row
            for row in self.said
            if row.partner_id == partner.id
            and row.said_at <= at
            and (row.replaced_at is None or row.replaced_at > at)
        ]
        agreed = [
            row.agreed_at
            for row in self.agreed
            if row.partner_id == partner.id and row.agreed_at <= at
        ]
        return {
            "vendor": charge.parties.get("vendor") or self.vendor,
            "partner": {
                **(charge.parties.get("partner") or partner_side(partner)),
                "sealed_number": encrypt(number_of(said[-1] if said else None)),
            },
            "agreed_at": agreed[-1].isoformat() if agreed else "",
        }


_WANTED = """
select c.id, p.id, p.number,
       coalesce((select sum(w.amount_minor) from commissions_payout_line l
                   join commissions_withholding w on w.tenant_id = l.tenant_id and w.transfer_id = l.transfer_id
                  where l.tenant_id = p.tenant_id and l.payout_id = p.id and l.released_at is null), 0)::bigint
  from commissions_payout p
  join commissions_vat_charge c on c.tenant_id = p.tenant_id and c.payout_id = p.id
 where p.tenant_id = %(tenant)s and p.run_id = %(run)s and p.state not in ('prepared', 'cancelled')
   and c.paper = %(paper)s and c.takes_back_id is null
   and not exists (select from commissions_self_bill s where s.tenant_id = c.tenant_id and s.charge_id = c.id)
 order by p.number
"""
