"""Proves the books of the open tenant: every sum against what it is the sum of, every chain link by link.

Each check is one statement whose rows are the faults, in order of their ids; a healthy tenant gives none.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection

from commissions.accruals.models import Accrual
from commissions.closing.proving import month_faults
from commissions.plans.rules import Trace, reproduced_minor
from commissions.sealing import BROKEN_SEALS
from prm.tenancy.scope import current_scope


@dataclass(frozen=True)
class Fault:
    """The first row that a check found wrong."""

    check: str
    row: str
    detail: str

    def __str__(self) -> str:
        return f"{self.row}: {self.detail} ({self.check})"


def faults() -> Iterator[Fault]:
    """Yield the first fault of every check that finds one; nothing when the books are right."""
    _plan_by_hashing(on=True)
    for check, sql in CHECKS.items():
        with connection.cursor() as cursor:
            cursor.execute(sql + " limit 1", {"tenant": current_scope().tenant_id})
            first: tuple[Any, ...] | None = cursor.fetchone()
        if first is not None:
            yield Fault(check, str(first[0]), str(first[1]))
    found = set()
    for check, row, detail in month_faults():
        if check not in found:
            found.add(check)
            yield Fault(check, row, detail)
    _plan_by_hashing(on=False)
    yield from _unexplained()


def counts() -> dict[str, int]:
    """Return how many rows were proved, by table."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select (select count(*) from commissions_transfer), (select count(*) from commissions_accrual),"
            " (select count(*) from commissions_payout), (select count(*) from commissions_statement)",
        )
        return dict(
            zip(("transfers", "accruals", "payouts", "statements"), cursor.fetchone(), strict=True)
        )


def _plan_by_hashing(*, on: bool) -> None:
    """Every check reads all of the tenant's rows; guesses about a young tenant made nested loops of minutes."""
    with connection.cursor() as cursor:
        cursor.execute(f"set local enable_nestloop = {'off' if on else 'on'}")


def _unexplained() -> Iterator[Fault]:
    """Compute every accrual again from its trace."""
    rows = Accrual.objects.order_by("id").values_list("id", "amount_minor", "trace")
    for id_, amount, stored in rows.iterator(chunk_size=5_000):
        trace = Trace.from_json(stored)
        again = reproduced_minor(trace)
        if not amount == trace.amount_minor == again:
            yield Fault(
                "trace reproduces the accrual",
                f"accrual {id_}",
                f"{amount} booked, {again} by its trace",
            )
            return


_SIDES = """
(select debit_account_id as account_id, amount_minor as debit, 0::bigint as credit from commissions_transfer
  where tenant_id = %(tenant)s
 union all
 select credit_account_id, 0::bigint, amount_minor from commissions_transfer where tenant_id = %(tenant)s)
"""

# What names a movement, by its kinds. One look at the transfers for each: joined by hashing, where a choice among all
# of them was asked row by row beyond some hundred thousand.
_NAMES = {
    "'accrual'": "commissions_accrual x where x.transfer_id = t.id"
    " and x.source_kind || ':' || x.source_id = t.journal",
    "'release'": "commissions_release x where x.transfer_id = t.id",
    "'clawback'": "commissions_clawback x where x.transfer_id = t.id",
    "'payout', 'settlement', 'return'": "commissions_payout x where 'payout:' || x.number = t.journal",
    "'award'": "commissions_contest_place x where x.transfer_id = t.id",
    "'in_kind'": "commissions_taken_reward x where x.transfer_id = t.id"
    " and x.amount_minor = t.amount_minor",
    "'dispute', 'dispute_end', 'correction'": "commissions_dispute x where 'dispute:' || x.id = t.journal",
    "'withholding'": "commissions_withholding x where x.transfer_id = t.id",
    "'vat'": "commissions_vat_charge x where x.transfer_id = t.id",
    "'write_off'": "commissions_write_off x where 'write_off:' || x.id = t.journal"
    " and x.state = 'approved'",
    "'conversion'": """(
        select tenant_id, out_transfer_id as transfer_id from commissions_conversion
        union all select tenant_id, in_transfer_id from commissions_conversion) x
        where x.transfer_id = t.id""",
}
_UNNAMED = " union all ".join(
    f"""select t.id, t.kind from commissions_transfer t
         where t.tenant_id = %(tenant)s and t.kind in ({kinds})
           and not exists (select from {named} and x.tenant_id = t.tenant_id)"""  # noqa: S608  built of constants
    for kinds, named in _NAMES.items()
)
CHECKS = {
    "balance is the sum of its transfers": f"""
        select 'account ' || account_id,
               format('balance %%s/%%s, transfers %%s/%%s', b.debits_minor, b.credits_minor, s.debits, s.credits)
          from (select account_id, sum(debit) as debits, sum(credit) as credits from {_SIDES} x group by account_id) s
          full join (select id as account_id, debits_minor, credits_minor from commissions_balance
                      where tenant_id = %(tenant)s) b using (account_id)
         where coalesce(s.debits, 0) is distinct from b.debits_minor
            or coalesce(s.credits, 0) is distinct from b.credits_minor
         order by account_id""",  # noqa: S608  built of constants
    "each currency sums to nothing": """
        select 'currency ' || a.currency, format('debits %%s, credits %%s', sum(b.debits_minor), sum(b.credits_minor))
          from commissions_balance b join commissions_account a on a.tenant_id = b.tenant_id and a.id = b.id
         where b.tenant_id = %(tenant)s group by a.currency having sum(b.debits_minor) <> sum(b.credits_minor)
         order by a.currency""",
    "transfer names its partner and its period": """
        select 'transfer ' || t.id, format('partner %%s, period %%s of %%s', t.partner_id, t.period, t.booked_on)
          from commissions_transfer t
          join commissions_account d on d.tenant_id = t.tenant_id and d.id = t.debit_account_id
          join commissions_account c on c.tenant_id = t.tenant_id and c.id = t.credit_account_id
         where t.tenant_id = %(tenant)s
           and (not (t.period = extract(year from t.booked_on) * 100 + extract(month from t.booked_on)
                     -- Late: in the first month that was open, so that the one before it is closed, as is its own.
                     or (t.period > extract(year from t.booked_on) * 100 + extract(month from t.booked_on)
                         and exists (select from commissions_period c where c.tenant_id = t.tenant_id
                              and t.period = case when c.period %% 100 < 12 then c.period + 1 else c.period + 89 end)))
                or coalesce(d.partner_id, c.partner_id) is distinct from t.partner_id
                or coalesce(c.partner_id, d.partner_id) is distinct from t.partner_id)
         order by t.id""",
    "reversal mirrors what it takes back": """
        select 'transfer ' || t.id, 'is no mirror of transfer ' || o.id
          from commissions_transfer t
          join commissions_transfer o on o.tenant_id = t.tenant_id and o.id = t.reverses_id
         where t.tenant_id = %(tenant)s
           and (t.amount_minor, t.debit_account_id, t.credit_account_id)
               is distinct from (o.amount_minor, o.credit_account_id, o.debit_account_id)
         order by t.id""",
    "accrual equals its transfer": """
        select 'accrual ' || x.id, format('%%s booked, transfer %%s of %%s', x.amount_minor, t.id, t.amount_minor)
          from commissions_accrual x
          left join commissions_transfer t on t.tenant_id = x.tenant_id and t.id = x.transfer_id
          left join commissions_account c on c.tenant_id = t.tenant_id and c.id = t.credit_account_id
          left join partners_partner p on p.tenant_id = c.tenant_id and p.id = c.partner_id
         where x.tenant_id = %(tenant)s
           and (t.kind, t.amount_minor, t.currency, c.kind, coalesce(p.merged_into_id, p.id))
               is distinct from ('accrual', x.amount_minor, x.currency, 'pending', x.partner_id)
         order by x.id""",
    "lines of a split reward make the whole": """
        select x.source_kind || ' ' || x.source_id,
               format('%%s in lines, %%s in all', sum(x.amount_minor), max((x.trace->>'whole_minor')::bigint))
          from commissions_accrual x where x.tenant_id = %(tenant)s and x.split_no > 0
         group by x.source_kind, x.source_id, x.rule_id, x.split_no, x.generation
        having sum(x.amount_minor) <> max((x.trace->>'whole_minor')::bigint)
         order by x.source_kind, x.source_id""",
    "only the newest split of a reward is owed": """
        select 'accrual ' || x.id, format('split %%s of %%s is not taken back', x.split_no, n.newest)
          from commissions_accrual x
          join (select source_kind, source_id, rule_id, max(split_no) as newest from commissions_accrual
                 where tenant_id = %(tenant)s group by 1, 2, 3 having max(split_no) > 0) n
            on (n.source_kind, n.source_id, n.rule_id) = (x.source_kind, x.source_id, x.rule_id)
         where x.tenant_id = %(tenant)s and x.split_no < n.newest and x.clawed_minor < x.amount_minor
         order by x.id""",
    "a replaced reward is wholly taken back": """
        select 'accrual ' || x.id, format('%%s of %%s taken back', x.clawed_minor, x.amount_minor)
          from commissions_accrual x
         where x.tenant_id = %(tenant)s and x.replaced_at is not null and x.clawed_minor < x.amount_minor
         order by x.id""",
    "one computation of a reward counts": """
        select source_kind || ' ' || source_id, format('rule %%s counts %%s times', rule_id, count(*))
          from commissions_accrual
         where tenant_id = %(tenant)s and replaced_at is null
         group by source_kind, source_id, rule_id, split_no, place having count(*) > 1
         order by source_kind, source_id""",
    "clawed total is the sum of clawbacks": """
        select 'accrual ' || x.id, format('%%s clawed, clawbacks %%s', x.clawed_minor, coalesce(c.total, 0))
          from commissions_accrual x
          left join (select accrual_id, sum(amount_minor) as total from commissions_clawback
                      where tenant_id = %(tenant)s group by accrual_id) c on c.accrual_id = x.id
         where x.tenant_id = %(tenant)s and x.clawed_minor <> coalesce(c.total, 0)
         order by x.id""",
    "clawback equals its transfer": """
        select 'clawback ' || x.id, format('%%s taken back, transfer %%s of %%s', x.amount_minor, t.id,
        t.amount_minor)
          from commissions_clawback x
          left join commissions_transfer t on t.tenant_id = x.tenant_id and t.id = x.transfer_id
          left join commissions_account d on d.tenant_id = t.tenant_id and d.id = t.debit_account_id
          left join partners_partner p on p.tenant_id = d.tenant_id and p.id = d.partner_id
         where x.tenant_id = %(tenant)s
           and ((t.kind, t.amount_minor, coalesce(p.merged_into_id, p.id)) is distinct from
                 ('clawback', x.amount_minor, x.partner_id)
                or d.kind not in ('pending', 'payable'))
         order by x.id""",
    "release moves what was left": """
        select 'release ' || r.id, format('%%s released, %%s was left', r.amount_minor,
        a.amount_minor - coalesce(c.total, 0))
          from commissions_release r
          join commissions_accrual a on a.tenant_id = r.tenant_id and a.id = r.accrual_id
          left join commissions_transfer t on t.tenant_id = r.tenant_id and t.id = r.transfer_id
          left join (select k.accrual_id, sum(k.amount_minor) as total from commissions_clawback k
                       join commissions_transfer y on y.tenant_id = k.tenant_id and y.id = k.transfer_id
                       join commissions_account d on d.tenant_id = y.tenant_id and d.id = y.debit_account_id
                      where k.tenant_id = %(tenant)s and d.kind = 'pending' group by k.accrual_id) c on
                      c.accrual_id = a.id
         where r.tenant_id = %(tenant)s
           and (r.amount_minor <> a.amount_minor - coalesce(c.total, 0) or coalesce(t.amount_minor,
           0) <> r.amount_minor
                or coalesce(t.kind, 'release') <> 'release')
         order by r.id""",
    "a carried release follows a merge or a dispute": """
        select 'release ' || r.id, format('carried by transfer %%s, a %%s of partner %%s', m.id, m.kind, m.partner_id)
          from commissions_release r
          join commissions_transfer m on m.tenant_id = r.tenant_id and m.id = r.carried_id
          left join partners_partner p on p.tenant_id = m.tenant_id and p.id = m.partner_id
         where r.tenant_id = %(tenant)s
           and (m.kind not in ('merge', 'dispute_end')
                or coalesce(p.merged_into_id, p.id) is distinct from r.partner_id)
         order by r.id""",
    "a merge moves what it takes": """
        select 'journal ' || t.journal, format('adjustments keep %%s %%s', sum(case when a.id = t.credit_account_id
               then t.amount_minor else -t.amount_minor end), t.currency)
          from commissions_transfer t
          join commissions_account a on a.tenant_id = t.tenant_id and a.kind = 'adjustments'
               and a.id in (t.debit_account_id, t.credit_account_id)
         where t.tenant_id = %(tenant)s and t.kind = 'merge' group by t.journal, t.currency
        having sum(case when a.id = t.credit_account_id then t.amount_minor else -t.amount_minor end) <> 0
         order by t.journal""",
    "every movement has its reason": f"""
        select 'transfer ' || id, 'no ' || kind || ' names it' from ({_UNNAMED}) unnamed order by id""",  # noqa: S608  built of constants
    "a payment has its movements": """
        select 'payout ' || p.number, 'is ' || p.state || ', and no transfer says so'
          from commissions_payout p
         where p.tenant_id = %(tenant)s and p.line_count > 0
           and ((p.state in ('approved', 'exported', 'settled') and not exists (select from commissions_transfer t
                  where t.tenant_id = p.tenant_id and t.key = 'payout:' || p.id))
             or (p.state = 'settled' and not exists (select from commissions_transfer t
                  where t.tenant_id = p.tenant_id and t.key = 'settlement:' || p.id))
             or (p.state = 'returned' and not exists (select from commissions_transfer t
                  where t.tenant_id = p.tenant_id and t.key = 'return:' || p.id)))
         order by p.number""",
    "every commission is told of": """
        select coalesce('accrual ' || a.id, e.subject),
               case when a.id is null then 'was told of and is not in the books' else 'no event tells of it' end
          from (select 'accrual:' || id as subject, id from commissions_accrual where tenant_id = %(tenant)s) a
          full join (select subject from prm_event
                      where tenant_id = %(tenant)s and name = 'commission.earned') e using (subject)
         where a.id is null or e.subject is null
         order by a.id""",
    "nothing deferred is above zero": """
        select 'partner ' || a.partner_id, format('%%s %%s are to be deducted later', b.debits_minor - b.credits_minor,
               a.currency)
          from commissions_account a join commissions_balance b on b.tenant_id = a.tenant_id and b.id = a.id
         where a.tenant_id = %(tenant)s and a.kind = 'deferred' and b.credits_minor > b.debits_minor
         order by a.partner_id, a.currency""",
    "disputed is what open disputes froze": """
        select 'partner ' || partner_id, format('%%s %%s disputed, disputes %%s', balance, currency, frozen)
          from (select a.partner_id, a.currency, b.credits_minor - b.debits_minor as balance,
                       coalesce((select sum(d.frozen_minor) from commissions_dispute d
                                  where d.tenant_id = a.tenant_id and d.partner_id = a.partner_id
                                    and d.currency = a.currency
                                    -- What a partner takes back, the worker lets go a moment later.
                                    and (d.state = 'open' or (d.state = 'withdrawn' and not exists (
                                         select from commissions_transfer t where t.tenant_id = d.tenant_id
                                            and t.key = 'dispute:' || d.id || ':end')))), 0) as frozen
                  from commissions_account a join commissions_balance b on b.tenant_id = a.tenant_id and b.id = a.id
                 where a.tenant_id = %(tenant)s and a.kind = 'disputed') x
         where balance <> frozen order by partner_id, currency""",
    "a correction is what its dispute says": """
        select 'dispute ' || d.id, format('%%s granted, transfer %%s', d.correction_minor, coalesce(t.amount_minor, 0))
          from commissions_dispute d
          left join commissions_transfer t on t.tenant_id = d.tenant_id and t.id = d.correction_id
         where d.tenant_id = %(tenant)s and d.correction_minor <> coalesce(t.amount_minor, 0)
         order by d.id""",
    "tax withheld is its transfer": """
        select 'withholding ' || w.id, format('%%s withheld, transfer %%s', w.amount_minor, t.amount_minor)
          from commissions_withholding w
          join commissions_transfer t on t.tenant_id = w.tenant_id and t.id = w.transfer_id
          join commissions_account d on d.tenant_id = t.tenant_id and d.id = t.debit_account_id
         where w.tenant_id = %(tenant)s
           and (t.kind, t.partner_id, t.amount_minor) is distinct from
               ('withholding', w.partner_id, case when d.kind = 'payable' then w.amount_minor else -w.amount_minor end)
         order by w.id""",
    "VAT is its transfer and its sum": """
        select 'VAT charge ' || v.id, format('%%s on %%s, transfer %%s', v.amount_minor, v.base_minor, t.amount_minor)
          from commissions_vat_charge v
          left join commissions_transfer t on t.tenant_id = v.tenant_id and t.id = v.transfer_id
          left join commissions_account c on c.tenant_id = t.tenant_id and c.id = t.credit_account_id
         where v.tenant_id = %(tenant)s
           and (abs(v.amount_minor - v.base_minor * v.rate) > 0.5
                or (t.id is null and v.amount_minor <> 0)
                or (t.id is not null and (t.kind, t.partner_id, t.amount_minor) is distinct from
                   ('vat', v.partner_id, case when c.kind = 'payable' then v.amount_minor else -v.amount_minor end)))
         order by v.id""",
    "a self-billing note is its charge": """
        select 'note ' || s.number, format('%%s and %%s, charged %%s and %%s', s.net_minor, s.vat_minor, v.base_minor,
               v.amount_minor)
          from commissions_self_bill s
          join commissions_vat_charge v on v.tenant_id = s.tenant_id and v.id = s.charge_id
         where s.tenant_id = %(tenant)s
           and (s.net_minor, s.vat_minor, s.rate, s.payout_id) is distinct from
               (v.base_minor, v.amount_minor, v.rate, v.payout_id)
         order by s.number""",
    "a write-off has its transfers": """
        select 'write-off ' || w.id, format('%%s written off, transfers %%s', w.amount_minor, coalesce(t.total, 0))
          from commissions_write_off w
          left join (select journal, sum(amount_minor) as total from commissions_transfer
                      where tenant_id = %(tenant)s and kind = 'write_off' group by journal) t
            on t.journal = 'write_off:' || w.id
         where w.tenant_id = %(tenant)s
           and coalesce(t.total, 0) <> case w.state when 'approved' then w.amount_minor else 0 end
         order by w.id""",
    "a conversion is its two legs": """
        select 'conversion ' || v.id,
               format('%%s %%s to %%s %%s, legs %%s %%s and %%s %%s', v.from_minor, v.from_currency, v.to_minor,
               v.to_currency, o.amount_minor, o.currency, i.amount_minor, i.currency)
          from commissions_conversion v
          left join commissions_transfer o on o.tenant_id = v.tenant_id and o.id = v.out_transfer_id
          left join commissions_transfer i on i.tenant_id = v.tenant_id and i.id = v.in_transfer_id
         where v.tenant_id = %(tenant)s
           and ((v.from_minor, v.from_currency, v.to_minor, v.to_currency) is distinct from
                (o.amount_minor, o.currency::varchar, i.amount_minor, i.currency::varchar))
         order by v.id""",
    "payout is the sum of its lines": """
        select 'payout ' || p.number, format('%%s to pay, lines %%s', p.amount_minor, coalesce(l.total, 0))
          from commissions_payout p
          left join (select payout_id, sum(amount_minor) as total, count(*) as lines from commissions_payout_line
                      where tenant_id = %(tenant)s group by payout_id) l on l.payout_id = p.id
         where p.tenant_id = %(tenant)s
           and (p.amount_minor <> coalesce(l.total, 0) or p.line_count <> coalesce(l.lines, 0))
         order by p.number""",
    "payout line is its transfer": """
        select 'payout line ' || l.id, format('%%s on the line, transfer %%s of %%s', l.amount_minor, t.id,
        t.amount_minor)
          from commissions_payout_line l
          join commissions_payout p on p.tenant_id = l.tenant_id and p.id = l.payout_id
          join commissions_transfer t on t.tenant_id = l.tenant_id and t.id = l.transfer_id
          join commissions_account a on a.tenant_id = p.tenant_id and a.kind = 'payable'
                                    and a.partner_id = p.partner_id and a.currency = p.currency
         where l.tenant_id = %(tenant)s
           and (l.partner_id <> p.partner_id
                or l.amount_minor <> case a.id when t.credit_account_id then t.amount_minor
                                               when t.debit_account_id then -t.amount_minor else 0 end)
         order by l.id""",
    "each transfer is paid once": """
        select 'transfer ' || transfer_id, count(*) || ' payments claim it' from commissions_payout_line
         where tenant_id = %(tenant)s and released_at is null group by transfer_id having count(*) > 1
         order by transfer_id""",
    "in payout is what is under way": """
        select 'partner ' || partner_id, format('%%s %%s in payout, payments %%s', balance, currency, under_way)
          from (select a.partner_id, a.currency, b.credits_minor - b.debits_minor as balance,
                       coalesce((select sum(p.amount_minor) from commissions_payout p
                                  where p.tenant_id = a.tenant_id and p.partner_id = a.partner_id
                                    and p.currency = a.currency and p.state in ('approved', 'exported')),
                                    0) as under_way
                  from commissions_account a join commissions_balance b on b.tenant_id = a.tenant_id and b.id = a.id
                 where a.tenant_id = %(tenant)s and a.kind = 'in_payout') x
         where balance <> under_way order by partner_id, currency""",
    "statement continues the one before": """
        select 'statement ' || number, format('opens with %%s at position %%s after %%s at %%s', opening_minor,
        position, closed, place)
          from (select s.number, s.opening_minor, s.position, s.issued_at,
                       coalesce(lag(s.closing_minor) over w, 0) as closed, coalesce(lag(s.position) over w,
                       0) as place
                  from commissions_statement s where s.tenant_id = %(tenant)s
                window w as (partition by s.partner_id, s.currency order by s.position)) x
         where opening_minor <> closed or position <> place + 1 order by issued_at, number""",
    "statement is the sum of its lines": """
        select 'statement ' || s.number, format('earned %%s, adjusted %%s, paid %%s; lines say %%s, %%s, %%s',
               s.earned_minor, s.adjusted_minor, s.paid_minor, coalesce(l.earned, 0), coalesce(l.adjusted, 0),
               coalesce(l.paid, 0))
          from commissions_statement s
          left join (select statement_id, count(*) as lines,
                            sum(amount_minor) filter (where section = 'earned') as earned,
                            sum(amount_minor) filter (where section = 'adjusted') as adjusted,
                            -sum(amount_minor) filter (where section = 'paid') as paid
                       from commissions_statement_line where tenant_id = %(tenant)s group by statement_id) l on
                       l.statement_id = s.id
         where s.tenant_id = %(tenant)s
           and ((s.earned_minor, s.adjusted_minor, s.paid_minor, s.line_count::bigint)
                is distinct from (coalesce(l.earned, 0), coalesce(l.adjusted, 0), coalesce(l.paid, 0),
                coalesce(l.lines, 0)))
         order by s.issued_at, s.number""",
    "statement says what its digest binds": BROKEN_SEALS,
    "statement line is its transfer": """
        select 'statement line ' || l.id, format('%%s on the line, transfer %%s of %%s', l.amount_minor, t.id,
        t.amount_minor)
          from commissions_statement_line l
          join commissions_transfer t on t.tenant_id = l.tenant_id and t.id = l.transfer_id
         where l.tenant_id = %(tenant)s
           and (abs(l.amount_minor) <> t.amount_minor or l.partner_id is distinct from t.partner_id)
         order by l.id""",
}
