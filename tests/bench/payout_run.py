"""W2: freezing a payout run over every released commission, against staged SQL that inserts the same rows."""

from typing import Any

from django.db import connection

from commissions.payouts.models import PayoutRun
from commissions.payouts.services import NothingToPay, RunDraft, approve_run, submit_run
from prm.events.services import Actor
from prm.tenancy.scope import tenant_scope
from tests.bench.arena import Arena
from tests.bench.measuring import Meter, compare, median
from tests.bench.population import NOW, Vendor, accrue_all, forget_books, release_all
from tests.bench.results import Report, Row

RUN_TABLES = (
    "commissions_payout_line",
    "commissions_payout_exclusion",
    "commissions_payout",
    "commissions_run_approval",
    "commissions_payout_run",
)
_FORGET = [
    *(f"delete from {table} where tenant_id = %(tenant)s" for table in RUN_TABLES),
    "delete from prm_queued_event where tenant_id = %(tenant)s",
    "delete from prm_event where tenant_id = %(tenant)s and name like 'payout%%'",
    "delete from prm_counter where tenant_id = %(tenant)s",
]
_FOUND = """
select (select count(*) from commissions_payout_line where tenant_id = %(tenant)s),
       (select sum(amount_minor) from commissions_payout_line where tenant_id = %(tenant)s)
     = (select sum(amount_minor) from commissions_payout where tenant_id = %(tenant)s),
       (select count(*) from commissions_payout where tenant_id = %(tenant)s)
     + (select count(*) from commissions_payout_exclusion where tenant_id = %(tenant)s)
     = (select count(*) from commissions_account where tenant_id = %(tenant)s and kind = 'payable')
"""
_FLOOR = [
    "drop table if exists due",
    """
create temp table due as
select b.id as ledger_account_id, a.partner_id, a.currency, b.credits_minor - b.debits_minor as amount_minor, d.id as account_id, uuidv7() as payout_id
  from commissions_balance b
  join commissions_account a on a.tenant_id = b.tenant_id and a.id = b.id and a.kind = 'payable'
  join partners_partner p on p.tenant_id = a.tenant_id and p.id = a.partner_id and p.state = 'active'
  join lateral (select x.id from commissions_payout_account x where x.tenant_id = a.tenant_id and x.partner_id = a.partner_id order by x.id desc limit 1) d on true
 where b.tenant_id = %(tenant)s and b.credits_minor - b.debits_minor >= 5000 for no key update of b
""",
    "analyze due",
    """
insert into commissions_payout_run (number, state, cutoff_at, digest, prepared_at, cancel_reason, pay_on)
values ('PR-FLOOR', 'prepared', %(now)s, '', %(now)s, '', '2026-11-25')
""",
    """
insert into commissions_payout (id, number, run_id, partner_id, account_id, amount_minor, currency, line_count, state, return_reason)
select payout_id, 'PR-FLOOR-' || row_number() over (), r.id, partner_id, account_id, amount_minor, currency, 1, 'prepared', ''
  from due cross join (select id from commissions_payout_run where tenant_id = %(tenant)s and number = 'PR-FLOOR') r
""",
    # Two joins by one account each: a join on either of two accounts would compare every pair.
    """
insert into commissions_payout_line (payout_id, partner_id, transfer_id, amount_minor)
select d.payout_id, d.partner_id, t.id, t.amount_minor
  from due d join commissions_transfer t on t.tenant_id = %(tenant)s and t.credit_account_id = d.ledger_account_id
 where not exists (select from commissions_payout_line l where l.tenant_id = %(tenant)s and l.transfer_id = t.id and l.released_at is null)
union all
select d.payout_id, d.partner_id, t.id, -t.amount_minor
  from due d join commissions_transfer t on t.tenant_id = %(tenant)s and t.debit_account_id = d.ledger_account_id and t.kind <> 'payout'
 where not exists (select from commissions_payout_line l where l.tenant_id = %(tenant)s and l.transfer_id = t.id and l.released_at is null)
""",
    """
insert into commissions_payout_exclusion (run_id, partner_id, amount_minor, currency, reason, detail)
select r.id, a.partner_id, b.credits_minor - b.debits_minor, a.currency, 'below_minimum', '{}'
  from commissions_balance b
  join commissions_account a on a.tenant_id = b.tenant_id and a.id = b.id and a.kind = 'payable'
  cross join (select id from commissions_payout_run where tenant_id = %(tenant)s and number = 'PR-FLOOR') r
 where b.tenant_id = %(tenant)s and b.credits_minor - b.debits_minor < 5000
""",
]


def run(arena: Arena, meter: Meter, report: Report, vendors: list[Vendor], *, rounds: int) -> None:
    """Measure submitting a run, approving it, and submitting again with nothing due."""
    main = next((vendor for vendor in vendors if vendor.size == 100_000), vendors[-1])
    _fill(arena, main)
    found = compare(
        meter,
        floor=lambda: _floor(main),
        product=lambda: _submit(main),
        check=lambda: _check(arena, main),
        reset=lambda: _forget(arena, main),
        rounds=rounds,
    )
    lines = f"{main.size:,} commissions of {main.partner_count:,} partners"
    report.ratio("W2", f"payout run of {lines}", found, goal=1.5)
    growth = max(cost.growth_mib for cost in found.product)
    report.add(Row("W2", "memory growth of the submitting process", growth, "MiB"), steady=True)
    submitted = median(found.product, "wall_s")
    _approve_and_repeat(arena, meter, report, main, floor_s=median(found.floor, "wall_s"))
    if vendors[-1].size > main.size:
        largest = vendors[-1]
        _fill(arena, largest)
        with meter.measured() as cost:
            _submit(largest)
        _check(arena, largest)
        growth = cost.wall_s / submitted
        what = f"{largest.size:,} to {main.size:,} commissions"
        report.add(
            Row("W2", what, growth, goal=12, product_s=cost.wall_s, others_cores=cost.others_cores)
        )
        _forget(arena, largest)
        forget_books(arena, largest.tenant_id)
    forget_books(arena, main.tenant_id)


def _fill(arena: Arena, vendor: Vendor) -> None:
    forget_books(arena, vendor.tenant_id)
    accrue_all(arena, vendor)
    release_all(arena, vendor)
    arena.tidy(
        "commissions_account",
        "commissions_balance",
        "commissions_transfer",
        "commissions_accrual",
        "commissions_release",
    )


def _floor(vendor: Vendor) -> None:
    values: dict[str, Any] = {"tenant": vendor.tenant_id, "now": NOW}
    with tenant_scope(vendor.tenant_id), connection.cursor() as cursor:
        for statement in _FLOOR:
            cursor.execute(statement, values)


def _submit(vendor: Vendor) -> PayoutRun:
    actor = Actor(user_id=vendor.finance.id, name="Finance")
    with tenant_scope(vendor.tenant_id):
        return submit_run(draft=RunDraft(pay_on=NOW.date()), actor=actor, at=NOW)


def _check(arena: Arena, vendor: Vendor) -> None:
    """Every released commission of a paid partner is claimed once; payments are the sums of their lines; nobody is forgotten."""
    lines, sums_agree, all_named = arena.admin.execute(
        _FOUND, {"tenant": vendor.tenant_id}
    ).fetchone() or (0, False, False)
    assert sums_agree, "payments are not the sums of their lines"
    assert all_named, "a partner with a balance is neither paid nor left out"
    assert lines > vendor.size * 0.95, lines


def _forget(arena: Arena, vendor: Vendor) -> None:
    for statement in _FORGET:
        arena.run(statement, tenant=vendor.tenant_id)
    arena.tidy(*RUN_TABLES, "prm_event")


def _approve_and_repeat(
    arena: Arena, meter: Meter, report: Report, vendor: Vendor, *, floor_s: float
) -> None:
    frozen = _submit(vendor)
    with meter.measured() as cost, tenant_scope(vendor.tenant_id):
        approve_run(
            run_id=frozen.id, digest=frozen.digest, actor=Actor(user_id=vendor.manager.id), at=NOW
        )
    report.add(Row("W2", "approving it", cost.wall_s, "s", others_cores=cost.others_cores))
    with meter.measured() as again:
        try:
            _submit(vendor)
        except NothingToPay:
            pass
        else:
            raise AssertionError("a second run paid something")
    row = Row(
        "W2",
        "second run, nothing due",
        again.wall_s / floor_s,
        goal=0.1,
        floor_s=floor_s,
        product_s=again.wall_s,
    )
    row.others_cores = again.others_cores
    report.add(row)
    _forget(arena, vendor)
