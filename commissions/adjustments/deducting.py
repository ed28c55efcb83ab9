"""Caps of deductions: what a payout is not to give back moves to the payouts after it.

What was taken back stands below zero on the partner's payable account, so that a payment claims it in full. Before a
run is frozen, the part above the cap moves to the partner's account of later deductions, and back as far as the next
payout bears it. Both accounts are the partner's own: what it is owed in all does not change, and no statement shows a
line.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from commissions.adjustments.rules import deferred_target
from commissions.ledger.models import AccountKind
from commissions.ledger.services import NewTransfer, lock_balances, post_staged


@dataclass(frozen=True)
class Standing:
    """A partner with a cap in one currency, in minor units; `earned` is what no payment has claimed yet."""

    partner_id: UUID
    currency: str
    percent: int
    payable_minor: int
    deferred_minor: int
    earned_minor: int
    # How often something was moved before: the number in the natural key.
    moved: int

    @property
    def change_minor(self) -> int:
        """What moves to later payouts; below zero what comes back from there."""
        if self.earned_minor <= 0:
            return 0
        to_deduct = self.earned_minor - (self.payable_minor - self.deferred_minor)
        if to_deduct <= 0 and not self.deferred_minor:
            return 0
        target = deferred_target(
            earned_minor=self.earned_minor, to_deduct_minor=to_deduct, percent=self.percent
        )
        return target - self.deferred_minor


@transaction.atomic
def level_deductions(*, at: datetime) -> int:
    """Move what the next payouts are not to give back out of their way; return how many balances changed.

    Of several programs the lowest cap counts. A repeat moves nothing.
    """
    wanted = {row.partner_id for row in _standings() if row.change_minor}
    if not wanted:
        return 0
    lock_balances(partner_ids=sorted(wanted))
    moving = [row for row in _standings() if row.partner_id in wanted and row.change_minor]
    post_staged([_movement(row, at) for row in moving])
    return len(moving)


def _movement(row: Standing, at: datetime) -> NewTransfer:
    own = (AccountKind.PAYABLE, row.partner_id, row.currency)
    later = (AccountKind.DEFERRED, row.partner_id, row.currency)
    journal = f"deferral:{row.partner_id}:{row.currency}"
    return NewTransfer(
        kind="deferral",
        key=f"{journal}:{row.moved + 1}",
        journal=journal,
        debit=later if row.change_minor > 0 else own,
        credit=own if row.change_minor > 0 else later,
        amount_minor=abs(row.change_minor),
        booked_at=at,
        partner_id=row.partner_id,
    )


def _standings() -> list[Standing]:
    with connection.cursor() as cursor:
        cursor.execute(_STANDINGS)
        return [Standing(*row) for row in cursor.fetchall()]


# Only accounts on which something was taken back, or from which something was moved, are looked at line by line. What
# was exchanged, frozen by a dispute, kept back as tax or taken as a thing left the account, but nobody took it back:
# it was not earned here. Of a merged duplicate everything has gone to the partner that stays.
_STANDINGS = """
select p.partner_id, p.currency, p.percent, p.payable, p.deferred,
       (select coalesce(sum(case when t.credit_account_id = p.id then t.amount_minor else -t.amount_minor end),
                        0)::bigint
          from (select x.id, x.tenant_id, x.credit_account_id, x.amount_minor from commissions_transfer x
                 where x.tenant_id = p.tenant_id and x.credit_account_id = p.id
                   and x.kind not in ('deferral', 'write_off')
                union all
                select x.id, x.tenant_id, x.credit_account_id, x.amount_minor from commissions_transfer x
                 where x.tenant_id = p.tenant_id and x.debit_account_id = p.id
                   and x.kind in ('conversion', 'dispute', 'withholding', 'vat', 'in_kind')) t
         where not exists (select from commissions_payout_line l
                            where l.tenant_id = t.tenant_id and l.transfer_id = t.id and l.released_at is null)),
       (select count(*) from commissions_transfer t
         where t.tenant_id = p.tenant_id and t.kind = 'deferral'
           and t.journal = 'deferral:' || p.partner_id || ':' || p.currency
           and (t.credit_account_id = p.id or t.debit_account_id = p.id))
  from (select a.tenant_id, a.id, a.partner_id, a.currency, min(c.percent) as percent,
               min(b.credits_minor - b.debits_minor) as payable,
               coalesce(min(fb.debits_minor - fb.credits_minor), 0) as deferred
          from commissions_deduction_cap c
          join partners_enrollment e on e.tenant_id = c.tenant_id and e.program_id = c.program_id
          join partners_partner q on q.tenant_id = e.tenant_id and q.id = e.partner_id and q.merged_into_id is null
          join commissions_account a on a.tenant_id = e.tenant_id and a.partner_id = e.partner_id
                                    and a.kind = 'payable'
          join commissions_balance b on b.tenant_id = a.tenant_id and b.id = a.id
          left join commissions_account f on f.tenant_id = a.tenant_id and f.partner_id = a.partner_id
                                         and f.currency = a.currency and f.kind = 'deferred'
          left join commissions_balance fb on fb.tenant_id = f.tenant_id and fb.id = f.id
         group by a.tenant_id, a.id, a.partner_id, a.currency) p
 where p.deferred > 0 or (p.percent < 100 and exists (
       select from commissions_transfer t
        where t.tenant_id = p.tenant_id and t.debit_account_id = p.id
          and t.kind not in ('payout', 'conversion', 'dispute', 'withholding', 'vat', 'in_kind')
          and not exists (select from commissions_payout_line l
                           where l.tenant_id = t.tenant_id and l.transfer_id = t.id and l.released_at is null)))
 order by p.partner_id, p.currency
"""
