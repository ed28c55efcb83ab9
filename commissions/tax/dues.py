"""What of the payments of a run is taxed: not what was taxed when it was paid before and the bank sent back."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from prm.tenancy.scope import current_scope


@dataclass(frozen=True)
class Payment:
    """A balance that a run would pay, in minor units, before tax.

    upto_id: the last movement of it that is paid; None for all.
    """

    partner_id: UUID
    currency: str
    amount_minor: int
    upto_id: int | None = None


@dataclass(frozen=True)
class Due:
    """A payment with what taxes need to know of its partner."""

    partner_id: UUID
    currency: str
    amount_minor: int
    upto_id: int | None
    country: str
    partner_type: str
    # Came back from the bank: taxed when it was paid.
    returned_minor: int

    @property
    def base_minor(self) -> int:
        """What is taxed now; below zero when more was taken back since than is new."""
        return self.amount_minor - self.returned_minor


def dues_of(payments: Sequence[Payment]) -> list[Due]:
    """Return payments with their partners' facts, by account."""
    if not payments:
        return []
    columns = [list(column) for column in zip(*map(_values, payments), strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(_DUES, [*columns, current_scope().tenant_id])
        return [Due(*row) for row in cursor.fetchall()]


def _values(payment: Payment) -> tuple[str, str, int, int | None]:
    return (str(payment.partner_id), payment.currency, payment.amount_minor, payment.upto_id)


# Money of a merged duplicate arrives in one transfer; what of it had come back from the bank is found at its source.
_DUES = """
with recursive wanted as (
  select a.id as account_id, a.tenant_id, a.partner_id, a.currency, k.amount_minor, k.upto_id
    from unnest(%s::uuid[], %s::text[], %s::bigint[], %s::bigint[]) k (partner_id, currency, amount_minor, upto_id)
    join commissions_account a on a.tenant_id = %s and a.kind = 'payable'
         and a.partner_id = k.partner_id and a.currency = k.currency
), flowing as (
  select w.account_id, w.account_id as source_id, w.tenant_id, w.currency, w.upto_id from wanted w
  union all
  select f.account_id, s.id, f.tenant_id, f.currency, null::bigint
    from flowing f
    join commissions_transfer m on m.tenant_id = f.tenant_id and m.credit_account_id = f.source_id
         and m.kind = 'merge' and (f.upto_id is null or m.id <= f.upto_id)
    join commissions_account s on s.tenant_id = m.tenant_id and s.kind = 'payable' and s.currency = f.currency
         and s.partner_id = substr(m.journal, 7)::uuid
   where not exists (select from commissions_payout_line l
                      where l.tenant_id = m.tenant_id and l.transfer_id = m.id and l.released_at is null)
), returned as (
  select f.account_id, sum(t.amount_minor) as minor
    from flowing f
    join commissions_transfer t on t.tenant_id = f.tenant_id and t.credit_account_id = f.source_id
         and t.kind = 'return' and (f.upto_id is null or t.id <= f.upto_id)
   where not exists (select from commissions_payout_line l
                      where l.tenant_id = t.tenant_id and l.transfer_id = t.id and l.released_at is null)
   group by f.account_id
)
select w.partner_id, w.currency, w.amount_minor, w.upto_id, p.country, p.type, coalesce(r.minor, 0)::bigint
  from wanted w
  join partners_partner p on p.tenant_id = w.tenant_id and p.id = w.partner_id
  left join returned r on r.account_id = w.account_id
 order by w.account_id
"""
