"""What of a balance was taxed when it was paid before: money that a bank returned, in whatever currency it is now.

A return comes back net of tax and with its VAT, and stays so through merges and conversions: of a conversion, what came
back goes first. Nothing that a payment has claimed since counts.
"""

from uuid import UUID

from django.db import connection

from prm.tenancy.scope import current_scope

# Asks for partners, currencies, amounts and last movements as arrays, and the tenant; `wanted` is the accounts, `taxed`
# what of each was taxed. Money of a merged duplicate arrives in one transfer; its returns are found at their source.
TAXED = """
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
), moved as (
  select f.account_id, f.upto_id, t.tenant_id, t.id, t.amount_minor as minor
    from flowing f
    join commissions_transfer t on t.tenant_id = f.tenant_id and t.credit_account_id = f.source_id
         and t.kind = 'return'
  union all
  select f.account_id, f.upto_id, t.tenant_id, t.id, v.to_taxed_minor
    from commissions_conversion v
    join commissions_transfer t on t.tenant_id = v.tenant_id and t.id = v.in_transfer_id
    join flowing f on f.tenant_id = t.tenant_id and f.source_id = t.credit_account_id
   where v.to_taxed_minor > 0
  union all
  select f.account_id, f.upto_id, t.tenant_id, t.id, -v.from_taxed_minor
    from commissions_conversion v
    join commissions_transfer t on t.tenant_id = v.tenant_id and t.id = v.out_transfer_id
    join flowing f on f.tenant_id = t.tenant_id and f.source_id = t.debit_account_id
   where v.from_taxed_minor > 0
), taxed as (
  select m.account_id, sum(m.minor)::bigint as minor
    from moved m
   where (m.upto_id is null or m.id <= m.upto_id)
     and not exists (select from commissions_payout_line l
                      where l.tenant_id = m.tenant_id and l.transfer_id = m.id and l.released_at is null)
   group by m.account_id
)
"""


def taxed_of(partner_id: UUID, currency: str) -> int:
    """Return what of a partner's balance in a currency was taxed before, in minor units; may exceed the balance."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"{TAXED} select coalesce(sum(minor), 0)::bigint from taxed",  # noqa: S608  built of constants
            [[str(partner_id)], [currency], [0], [None], current_scope().tenant_id],
        )
        return int(cursor.fetchone()[0])
