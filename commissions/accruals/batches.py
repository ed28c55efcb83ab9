"""Bookings in sets: the plain payments of a chunk, priced and booked by a few statements without fetching them.

What one payment alone decides (a percentage or an amount, of the first payment or of each) is priced here as
commissions.plans.rules prices it; tests hold both against each other. Everything else is left to the engine.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from commissions.accruals.booking import earned_of, insert_of, shared_trace
from commissions.ledger.selectors import tenant_zone
from commissions.ledger.services import accounts_of, post_selected
from commissions.plans.rules import Facts, Rule, Trace, Version, drafts_for
from prm.events.batches import emit_selected
from prm.events.services import Actor
from prm.money import Money
from referrals.attribution.crediting import lock_credits


@transaction.atomic
def book_payments(
    ids: Sequence[UUID],
    versions: Mapping[UUID, Sequence[Version]],
    *,
    actor: Actor,
    at: datetime,
) -> tuple[int, list[UUID]]:
    """Book what plain payments earn; return the number of new lines, and the ids that the engine has to price.

    versions: published ones by program, of programs whose events are priced by themselves. Left to the engine are
    payments under other programs, of partners with an exception, with shared credit, refunded or declined, in another
    currency, or under a version that counts months. The payments stay locked until the commit; partners are not told
    of single lines, and what was booked before is left alone. Emits commission.earned per line.
    """
    stretches = [
        (program_id, version)
        for program_id, rows in versions.items()
        for version in rows
        if _counts_by_number(version)
    ]
    if not stretches or not ids:
        return 0, list(ids)
    # Before any payment is locked, as lock_histories does it: nobody's shares change until the commit.
    lock_credits(shared=True)
    with connection.cursor() as cursor:
        cursor.execute(_STAGE)
        cursor.execute(_PAYMENTS, [*_stretch_columns(stretches), list(ids)])
        staged = cursor.rowcount
        cursor.execute(_WITHOUT_SHARES)
        staged -= cursor.rowcount
        cursor.execute("analyze plain_payment")
        cursor.execute(_REWARDS, [*_rule_columns(stretches), tenant_zone().key])
        rewards = cursor.rowcount
        cursor.execute("analyze plain_reward")
        booked = _book_rewards(actor=actor, at=at)
        left: list[UUID] = []
        if staged < len(ids) or booked < rewards:
            cursor.execute(_LEFT, [list(ids)])
            left = [row[0] for row in cursor.fetchall()]
        cursor.execute("drop table plain_payment, plain_reward, plain_booked, ledger_posted")
    return booked, left


def _book_rewards(*, actor: Actor, at: datetime) -> int:
    """Post the staged rewards, write their accruals and tell of them; a reward whose key is in the books is left."""
    with connection.cursor() as cursor:
        cursor.execute("select distinct partner_id, currency from plain_reward")
        found = cursor.fetchall()
        accounts = accounts_of(
            name
            for partner_id, currency in found
            for name in (
                ("commission_expense", None, currency),
                ("pending", partner_id, currency),
            )
        )
        opened = [
            (
                partner_id,
                currency,
                accounts["commission_expense", None, currency],
                accounts["pending", partner_id, currency],
            )
            for partner_id, currency in found
        ]
        columns = [list(column) for column in zip(*opened, strict=True)] or [[], [], [], []]
        post_selected(_MOVEMENTS, columns, booked_at=at)
        cursor.execute("analyze ledger_posted")
        cursor.execute(_ACCRUALS)
        booked = int(cursor.rowcount)
    emit_selected(
        "commission.earned", earned_of("plain_booked"), [], actor=actor, at=at, queue=False
    )
    return booked


def _counts_by_number(version: Version) -> bool:
    """Tell whether the amount and number of a payment say what it pays under the version."""
    paying = [rule for rule in version.rules if rule.trigger == "revenue"]
    return version.is_plain and all(rule.scope in {"first", "lifetime"} for rule in paying)


def _stretch_columns(stretches: Iterable[tuple[UUID, Version]]) -> list[list[Any]]:
    rows = [
        (program_id, version.id, version.currency, version.starts_at, version.ends_at)
        for program_id, version in stretches
    ]
    return [list(column) for column in zip(*rows, strict=True)]


def _rule_columns(stretches: Iterable[tuple[UUID, Version]]) -> list[list[Any]]:
    rows = [
        (
            version.id,
            version.hold_days,
            rule.id,
            rule.amount_minor if rule.reward == "fixed" else None,
            rule.rate,
            rule.scope,
            shared_trace(trace),
        )
        for _, version in stretches
        for rule, trace in _paying(version)
    ]
    return [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(7)]


def _paying(version: Version) -> list[tuple[Rule, Trace]]:
    """Return the rules that pay for payments, each with the engine's own trace of a large first one."""
    first = Facts("revenue", Money(10**12, version.currency), date(2000, 1, 1), payment_no=1)
    traces = {draft.rule_id: draft.trace for draft in drafts_for(first, version)}
    return [(rule, traces[rule.id]) for rule in version.rules if rule.id in traces]


_STAGE = """
create temp table plain_payment (id uuid, referral_id uuid, partner_id uuid, version_id uuid, amount_minor bigint,
  currency text, payment_no int, booked_at timestamptz, booked_on date) on commit drop;
create temp table plain_reward (key text, source_id uuid, referral_id uuid, partner_id uuid, version_id uuid,
  rule_id bigint, amount_minor bigint, currency text, earned_at timestamptz, earned_on date, payable_at timestamptz,
  trace text) on commit drop;
create temp table plain_booked (id bigint, referral_id uuid, partner_id uuid, amount_minor bigint, currency text)
  on commit drop
"""

_PAYMENTS = """
insert into plain_payment
select e.id, e.referral_id, e.partner_id, v.version_id, e.amount_minor, e.currency, e.payment_no, e.booked_at,
       e.booked_on
  from referrals_revenue_event e
  join referrals_referral r on r.tenant_id = e.tenant_id and r.id = e.referral_id and r.declined_at is null
  join unnest(%s::uuid[], %s::uuid[], %s::text[], %s::timestamptz[], %s::timestamptz[])
       v (program_id, version_id, currency, starts_at, ends_at)
    on v.program_id = r.program_id and v.currency = e.currency
   and v.starts_at <= r.registered_at and (v.ends_at is null or r.registered_at < v.ends_at)
 where e.id = any(%s::uuid[]) and e.kind in ('sale', 'renewal', 'expansion') and e.refunded_minor = 0
   and not exists (select from commissions_plan_override o
                    where o.program_id = r.program_id and o.partner_id = e.partner_id and o.state = 'approved')
 order by e.id for no key update of e
"""

_WITHOUT_SHARES = """
delete from plain_payment p using referrals_credit c where c.referral_id = p.referral_id and c.ended_at is null
"""

# Half-even, once; holds end where a day begins in the tenant's zone.
_REWARDS = """
insert into plain_reward
select 'accrual:revenue:' || p.id || ':' || u.rule_id, p.id, p.referral_id, p.partner_id, p.version_id, u.rule_id,
       m.minor, p.currency, p.booked_at, p.booked_on, (p.booked_on + u.hold_days)::timestamp at time zone z.zone,
       u.head || ',"base_minor":' || p.amount_minor || ',"amount_minor":' || m.minor || ',"payment_no":'
         || coalesce(p.payment_no::text, 'null') || ',"first_paid_on":""}'
  from plain_payment p
  join unnest(%s::uuid[], %s::int[], %s::bigint[], %s::bigint[], %s::numeric[], %s::text[], %s::text[])
       u (version_id, hold_days, rule_id, fixed_minor, rate, scope, head) on u.version_id = p.version_id
  cross join (select %s::text as zone) z
  cross join lateral (select p.amount_minor * u.rate as exact) x
  cross join lateral (select floor(x.exact) as whole) w
  cross join lateral (
    select coalesce(u.fixed_minor, (w.whole + case when x.exact - w.whole > 0.5 then 1
      when x.exact - w.whole = 0.5 then mod(w.whole, 2) else 0 end)::bigint) as minor) m
 where (u.scope = 'lifetime' or p.payment_no = 1) and m.minor > 0
"""

_MOVEMENTS = """
select 'accrual' as kind, w.key, 'revenue:' || w.source_id as journal, a.debit_id, a.credit_id, w.amount_minor,
       w.currency, w.partner_id
  from plain_reward w
  join unnest(%s::uuid[], %s::text[], %s::bigint[], %s::bigint[]) a (partner_id, currency, debit_id, credit_id)
    on a.partner_id = w.partner_id and a.currency = w.currency
"""

_ACCRUALS = "\n".join(
    [
        "with booked as (",
        insert_of("""(
select w.partner_id, 'revenue' as source_kind, w.source_id, w.referral_id, w.source_id as revenue_event_id,
       w.version_id, w.rule_id, w.amount_minor, w.currency, w.earned_at, w.earned_on, w.payable_at,
       t.id as transfer_id, 0 as split_no, 0 as place, 0 as generation, null::date as budget_on,
       null::bigint as payee_id, w.trace
  from plain_reward w join ledger_posted t using (key) order by t.id)"""),
        "returning id, referral_id, partner_id, amount_minor, currency)",
        "insert into plain_booked",
        "select id, referral_id, partner_id, amount_minor, currency from booked",
    ]
)

# What was staged and has all its keys in the books now is done.
_LEFT = """
select i.id from unnest(%s::uuid[]) i (id)
 where not exists (select from plain_payment p where p.id = i.id)
union
select w.source_id from plain_reward w where not exists (select from ledger_posted t where t.key = w.key)
"""
