"""The set-based half of a statement: which transfers belong on it, what each was for, and what the books say."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db import connection

from prm.tenancy.scope import current_scope

# A statement shows what moved between the vendor and the partner; moves between the partner's own accounts
# (hold ended, payment under way) change nothing that is owed and are not lines.
_STAGE = """
create temp table statement_stage on commit drop as
with own as (
  select a.id from commissions_account a
   where a.tenant_id = %(tenant)s and a.partner_id = %(partner)s and a.currency = %(currency)s)
select t.id as transfer_id, t.kind, t.journal, t.booked_on, t.reverses_id, t.amount_minor,
       case when o.kind = 'cash' then 'paid' when t.kind in ('accrual', 'award') then 'earned'
            else 'adjusted' end as section
  from own
  join lateral (
       select x.id, x.kind, x.journal, x.booked_on, x.reverses_id, x.amount_minor, x.debit_account_id as other_id
         from commissions_transfer x
        where x.tenant_id = %(tenant)s and x.credit_account_id = own.id and x.booked_on <= %(until)s
       union all
       select x.id, x.kind, x.journal, x.booked_on, x.reverses_id, -x.amount_minor, x.credit_account_id
         from commissions_transfer x
        where x.tenant_id = %(tenant)s and x.debit_account_id = own.id and x.booked_on <= %(until)s) t on true
  join commissions_account o on o.tenant_id = %(tenant)s and o.id = t.other_id and o.partner_id is null
 where not exists (select from commissions_statement_line l where l.tenant_id = %(tenant)s and l.transfer_id = t.id)
"""
# What is printed is kept with the line: customer, sender, calculation, the statement that had the original. Of a part
# in somebody else's referral its partner reads the company as the credit names it, neither number nor sender.
_LINES = """
create temp table statement_line_stage on commit drop as
select s.transfer_id, s.section, s.booked_on, s.amount_minor,
       row_number() over (
         order by case s.section when 'earned' then 1 when 'adjusted' then 2 else 3 end, s.booked_on, s.transfer_id
       )::int as position,
       jsonb_strip_nulls(jsonb_build_object(
         'kind', s.kind,
         'customer', coalesce(k.name, r.company, h.company, q.company, n.title),
         'referral', r.number,
         'person', coalesce(nullif(u.name, ''), nullif(r.submitted_by_name, '')),
         'payee', coalesce(m.name, winner.name),
         'team', b.shares,
         'earned_on', a.earned_on,
         'trace', case when s.section = 'earned' then a.trace end,
         'event_kind', e.kind,
         'reason', coalesce(nullif(c.reason, ''), w.reason, nullif(o.answer, ''),
           v.reason || ' (' || v.from_currency || '/' || v.to_currency || ' ' || trim_scale(v.rate) || ', ' || v.source
             || ')'),
         'withheld', case when i.id is not null then jsonb_build_object(
           'rate', i.rate::text, 'share', i.share::text, 'base_minor', i.base_minor, 'currency', i.currency) end,
         'vat', case when j.id is not null then jsonb_build_object(
           'treatment', j.treatment, 'rate', j.rate::text, 'base_minor', j.base_minor, 'currency', j.currency) end,
         'original_minor', case when s.section = 'adjusted' then a.amount_minor end,
         'original', g.number,
         'payout', y.number, 'method', d.method, 'account', d.masked)) as detail
  from statement_stage s
  left join commissions_clawback c on c.tenant_id = %(tenant)s and c.transfer_id = s.transfer_id
  left join commissions_contest n
    on n.tenant_id = %(tenant)s and s.kind = 'award' and s.journal = 'contest:' || n.id
  left join commissions_contest_place won on won.tenant_id = %(tenant)s and won.transfer_id = s.transfer_id
  left join prm_user winner on winner.id = won.person_id
  left join commissions_write_off w
    on w.tenant_id = %(tenant)s and s.kind = 'write_off' and s.journal = 'write_off:' || w.id
  left join commissions_conversion v
    on v.tenant_id = %(tenant)s and s.kind = 'conversion' and s.transfer_id in (v.out_transfer_id, v.in_transfer_id)
  left join commissions_accrual x on x.tenant_id = %(tenant)s and x.partner_id = (
         select coalesce(p.merged_into_id, p.id) from partners_partner p
          where p.tenant_id = %(tenant)s and p.id = %(partner)s)
       and x.transfer_id = coalesce(s.reverses_id, s.transfer_id)
  left join commissions_withholding i on i.tenant_id = %(tenant)s and i.transfer_id = s.transfer_id
  left join commissions_vat_charge j on j.tenant_id = %(tenant)s and j.transfer_id = s.transfer_id
  left join commissions_dispute o on o.tenant_id = %(tenant)s and o.correction_id = s.transfer_id
  left join commissions_taken_reward ik on ik.tenant_id = %(tenant)s and ik.transfer_id = s.transfer_id
  left join commissions_accrual a
    on a.tenant_id = %(tenant)s and a.id = coalesce(c.accrual_id, o.accrual_id, ik.accrual_id, x.id)
  left join referrals_referral q on q.tenant_id = %(tenant)s and q.id = a.referral_id
  left join referrals_referral r on r.tenant_id = %(tenant)s and r.id = q.id and r.partner_id = a.partner_id
  left join lateral (
       select w.company from referrals_credit w
        where w.tenant_id = %(tenant)s and w.referral_id = q.id and w.partner_id = a.partner_id
        order by w.number desc limit 1) h on true
  left join referrals_customer k on k.tenant_id = %(tenant)s and k.referral_id = r.id
  left join referrals_revenue_event e on e.tenant_id = %(tenant)s and e.id = coalesce(c.refund_id, a.revenue_event_id)
  left join prm_user u on u.id = r.submitted_by_id
  left join prm_user m on m.id = a.payee_id
  left join lateral (
       select jsonb_agg(jsonb_build_array(z.name, h.share) order by h.place) as shares
         from commissions_team_share h join prm_user z on z.id = h.user_id
        where h.tenant_id = %(tenant)s and a.payee_id is null and h.split_id = (
              select l.id from commissions_team_split l
                join commissions_plan_version p on p.tenant_id = l.tenant_id and p.program_id = l.program_id
               where l.tenant_id = %(tenant)s and l.partner_id = a.partner_id and p.id = a.version_id
                 and l.from_on <= a.earned_on
               order by l.from_on desc, l.id desc limit 1)) b on true
  left join commissions_statement_line f
    on f.tenant_id = %(tenant)s and f.transfer_id = a.transfer_id and s.section = 'adjusted'
  left join commissions_statement g on g.tenant_id = %(tenant)s and g.id = f.statement_id
  left join commissions_payout y on y.tenant_id = %(tenant)s and s.section = 'paid' and y.number = substr(s.journal, 8)
  left join commissions_payout_account d on d.tenant_id = %(tenant)s and d.id = y.account_id
"""
_SUMS = """
select count(*)::int, min(booked_on),
       coalesce(sum(amount_minor) filter (where section = 'earned'), 0)::bigint,
       coalesce(sum(amount_minor) filter (where section = 'adjusted'), 0)::bigint,
       coalesce(-sum(amount_minor) filter (where section = 'paid'), 0)::bigint
  from statement_stage
"""
# What the books said at the end of the day, by kind of account.
_BALANCES = """
select a.kind, coalesce(sum(t.amount), 0)::bigint
  from commissions_account a
  left join lateral (
       select x.amount_minor as amount from commissions_transfer x
        where x.tenant_id = %(tenant)s and x.credit_account_id = a.id and x.booked_on <= %(until)s
       union all
       select -x.amount_minor from commissions_transfer x
        where x.tenant_id = %(tenant)s and x.debit_account_id = a.id and x.booked_on <= %(until)s) t on true
 where a.tenant_id = %(tenant)s and a.partner_id = %(partner)s and a.currency = %(currency)s
 group by a.kind
"""
_HOLDS = """
select (a.payable_at at time zone %(zone)s)::date as until_on, sum(a.amount_minor - a.clawed_minor)::bigint
  from commissions_accrual a
 where a.tenant_id = %(tenant)s and a.partner_id = %(partner)s and a.currency = %(currency)s
   and a.earned_on <= %(until)s and a.amount_minor > a.clawed_minor
   and not exists (select from commissions_release x where x.tenant_id = a.tenant_id and x.accrual_id = a.id)
 group by 1 order by 1
"""
_INSERT_LINES = """
insert into commissions_statement_line
  (statement_id, partner_id, position, transfer_id, section, booked_on, amount_minor, detail)
select %(statement)s, %(partner)s, position, transfer_id, section, booked_on, amount_minor, detail
  from statement_line_stage order by position
"""
_DUE = """
select distinct coalesce(d.partner_id, c.partner_id) as partner_id, t.currency
  from commissions_transfer t
  join commissions_account d on d.tenant_id = t.tenant_id and d.id = t.debit_account_id
  join commissions_account c on c.tenant_id = t.tenant_id and c.id = t.credit_account_id
 where t.tenant_id = %(tenant)s and t.booked_on <= %(until)s and (d.partner_id is null) <> (c.partner_id is null)
   and not exists (select from commissions_statement_line l where l.tenant_id = t.tenant_id and l.transfer_id = t.id)
 order by 1, 2
"""


@dataclass(frozen=True)
class Gathered:
    """The sums of the staged lines, in minor units; paid is positive when money went out."""

    line_count: int
    first_on: date | None
    earned_minor: int
    adjusted_minor: int
    paid_minor: int


@dataclass(frozen=True)
class BooksAt:
    """What the tenant owed the partner at the end of a day, in minor units."""

    on_hold_minor: int
    payable_minor: int
    in_payout_minor: int
    # A part of what is on hold: it waits for the answer to a dispute.
    disputed_minor: int = 0

    @property
    def owed_minor(self) -> int:
        """All of it."""
        return self.on_hold_minor + self.payable_minor + self.in_payout_minor


def _values(partner_id: UUID, currency: str, until_on: date, **more: Any) -> dict[str, Any]:
    return {
        "tenant": current_scope().tenant_id,
        "partner": partner_id,
        "currency": currency,
        "until": until_on,
        **more,
    }


def stage_lines(*, partner_id: UUID, currency: str, until_on: date) -> Gathered:
    """Stage every movement up to a day (inclusive) that is on no statement yet; return its sums."""
    values = _values(partner_id, currency, until_on)
    with connection.cursor() as cursor:
        cursor.execute("drop table if exists pg_temp.statement_stage, pg_temp.statement_line_stage")
        cursor.execute(_STAGE, values)
        cursor.execute("analyze statement_stage")
        cursor.execute(_SUMS)
        return Gathered(*cursor.fetchone())


def describe_staged(*, partner_id: UUID, currency: str, until_on: date) -> None:
    """Put what each staged line was for beside it."""
    with connection.cursor() as cursor:
        cursor.execute(_LINES, _values(partner_id, currency, until_on))
        cursor.execute("analyze statement_line_stage")


def write_staged(*, statement_id: UUID, partner_id: UUID) -> None:
    """Write the staged lines onto a statement."""
    with connection.cursor() as cursor:
        cursor.execute(_INSERT_LINES, {"statement": statement_id, "partner": partner_id})


def books_at(*, partner_id: UUID, currency: str, until_on: date) -> BooksAt:
    """Return what the books said at the end of a day."""
    with connection.cursor() as cursor:
        cursor.execute(_BALANCES, _values(partner_id, currency, until_on))
        found = dict(cursor.fetchall())
    return BooksAt(
        on_hold_minor=found.get("pending", 0) + found.get("disputed", 0),
        payable_minor=found.get("payable", 0) + found.get("deferred", 0),
        in_payout_minor=found.get("in_payout", 0),
        disputed_minor=found.get("disputed", 0),
    )


def holds_at(
    *, partner_id: UUID, currency: str, until_on: date, zone: str
) -> list[tuple[str, int]]:
    """Return what is on hold by the day its hold ends: ISO day and minor units, earliest first."""
    with connection.cursor() as cursor:
        cursor.execute(_HOLDS, _values(partner_id, currency, until_on, zone=zone))
        return [(day.isoformat(), amount) for day, amount in cursor.fetchall()]


def due_for_statement(
    *, until_on: date, partner_ids: list[UUID] | None = None
) -> list[tuple[UUID, str]]:
    """Return partner and currency wherever a movement up to the day is on no statement yet."""
    with connection.cursor() as cursor:
        cursor.execute(_DUE, {"tenant": current_scope().tenant_id, "until": until_on})
        return [(partner_id, currency) for partner_id, currency in cursor.fetchall()]
