"""What partners were paid in a calendar year, the tax kept back and the VAT, against sums from which it is reported."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from commissions.tax.models import TaxThreshold
from prm.events.services import Actor, emit
from prm.money import Money
from prm.tenancy.scope import current_scope


@dataclass(frozen=True)
class YearTotal:
    """One partner's year in one currency, in minor units; what merged duplicates were paid is in it."""

    partner_id: UUID
    name: str
    country: str
    tax_number: str
    currency: str
    paid_minor: int
    withheld_minor: int
    vat_minor: int
    # Came back taxed and was converted: above zero into another currency, below zero out of one.
    exchanged_minor: int
    threshold_minor: int | None

    @property
    def gross_minor(self) -> int:
        """What the partner earned: paid, here or in another currency, and kept back, without the VAT on top."""
        return self.paid_minor + self.withheld_minor - self.vat_minor + self.exchanged_minor

    @property
    def is_reported(self) -> bool:
        """Whether the year reaches the sum of its country and currency."""
        return self.threshold_minor is not None and self.gross_minor >= self.threshold_minor


def year_totals_of(year: int, *, partner_id: UUID | None = None) -> list[YearTotal]:
    """Return who was paid in a year (days of the tenant's zone), largest first; what came back is taken off.

    partner_id: of one partner only.
    """
    values = {"tenant": current_scope().tenant_id, "year": year, "partner": partner_id}
    with connection.cursor() as cursor:
        cursor.execute(_TOTALS, values)
        return [YearTotal(*row) for row in cursor.fetchall()]


@transaction.atomic
def set_threshold(
    *, from_year: int, country: str, amount: Money, actor: Actor, at: datetime
) -> TaxThreshold:
    """Say from which sum partners of a country are reported, from a year on. A repeat changes nothing.

    Emits tax.threshold_set.
    """
    row = TaxThreshold.objects.filter(
        from_year=from_year, country=country, currency=amount.currency
    ).first() or TaxThreshold(from_year=from_year, country=country, currency=amount.currency)
    if row.amount_minor == amount.minor:
        return row
    before, row.amount_minor = row.amount_minor, amount.minor
    row.save()
    emit(
        "tax.threshold_set",
        subject="tax_threshold:all",
        actor=actor,
        payload={"from_year": from_year, "country": country, "currency": amount.currency},
        changes={"amount_minor": [before, amount.minor]},
        at=at,
        queue=False,
    )
    return row


_TOTALS = """
with moved as (
  select t.partner_id, t.currency, case when c.kind = 'cash' then t.amount_minor else -t.amount_minor end as paid,
         0::bigint as withheld, 0::bigint as vat, 0::bigint as exchanged
    from commissions_transfer t
    join commissions_account d on d.tenant_id = t.tenant_id and d.id = t.debit_account_id
    join commissions_account c on c.tenant_id = t.tenant_id and c.id = t.credit_account_id
   where t.tenant_id = %(tenant)s and t.partner_id is not null and 'cash' in (c.kind, d.kind)
     and t.booked_on >= make_date(%(year)s, 1, 1) and t.booked_on < make_date(%(year)s + 1, 1, 1)
  union all
  select w.partner_id, w.currency, 0, w.amount_minor, 0, 0 from commissions_withholding w
   where w.tenant_id = %(tenant)s
     and w.withheld_on >= make_date(%(year)s, 1, 1) and w.withheld_on < make_date(%(year)s + 1, 1, 1)
  union all
  select v.partner_id, v.currency, 0, 0, v.amount_minor, 0 from commissions_vat_charge v
   where v.tenant_id = %(tenant)s
     and v.charged_on >= make_date(%(year)s, 1, 1) and v.charged_on < make_date(%(year)s + 1, 1, 1)
  union all
  select v.partner_id, k.currency, 0, 0, 0, k.minor
    from commissions_conversion v
    join commissions_transfer t on t.tenant_id = v.tenant_id and t.id = v.out_transfer_id
   cross join lateral (values (v.from_currency, v.from_taxed_minor), (v.to_currency, -v.to_taxed_minor))
         k (currency, minor)
   where v.tenant_id = %(tenant)s and v.from_taxed_minor > 0
     and t.booked_on >= make_date(%(year)s, 1, 1) and t.booked_on < make_date(%(year)s + 1, 1, 1))
select p.id, p.name, p.country, p.tax_number, m.currency, sum(m.paid)::bigint, sum(m.withheld)::bigint,
       sum(m.vat)::bigint, sum(m.exchanged)::bigint,
       (select h.amount_minor from commissions_tax_threshold h
         where h.tenant_id = %(tenant)s and h.country = p.country and h.currency = m.currency
           and h.from_year <= %(year)s order by h.from_year desc limit 1)
  from moved m
  join partners_partner o on o.tenant_id = %(tenant)s and o.id = m.partner_id
  join partners_partner p on p.tenant_id = o.tenant_id and p.id = coalesce(o.merged_into_id, o.id)
 where %(partner)s::uuid is null or p.id = %(partner)s
 group by p.tenant_id, p.id, p.name, p.country, p.tax_number, m.currency
having sum(m.paid) <> 0 or sum(m.withheld) <> 0 or sum(m.vat) <> 0 or sum(m.exchanged) <> 0
 order by sum(m.paid) + sum(m.withheld) - sum(m.vat) + sum(m.exchanged) desc, p.name, p.id
"""
