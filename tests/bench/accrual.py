"""W1: booking what every payment of a tenant earns, against the least SQL that writes the same rows."""

from typing import Any

from django.db import connection

from commissions.accruals.services import accrue_pending
from prm.tenancy.scope import tenant_scope
from tests.bench.arena import Arena
from tests.bench.measuring import Cost, Meter, compare, median
from tests.bench.population import ACCRUAL, NOW, Vendor, forget_books
from tests.bench.results import Report, Row

_COUNTS = """
select (select count(*) from commissions_accrual where tenant_id = %(tenant)s),
       (select count(*) from commissions_transfer where tenant_id = %(tenant)s),
       (select count(*) from prm_event where tenant_id = %(tenant)s and name = 'commission.earned'),
       (select coalesce(sum(amount_minor), 0)::bigint from commissions_accrual where tenant_id = %(tenant)s)
"""
_WRONG_BALANCES = """
select count(*) from commissions_balance b
  full join (select account_id, sum(debit)::bigint as debits, sum(credit)::bigint as credits
               from (select debit_account_id as account_id, amount_minor as debit, 0 as credit from commissions_transfer where tenant_id = %(tenant)s
                     union all
                     select credit_account_id, 0, amount_minor from commissions_transfer where tenant_id = %(tenant)s) sides
              group by 1) t on t.account_id = b.id
 where coalesce(b.tenant_id, %(tenant)s) = %(tenant)s and (b.debits_minor, b.credits_minor) is distinct from (t.debits, t.credits)
"""
_OWED = "select sum(round(amount_minor * 0.2))::bigint from referrals_revenue_event where tenant_id = %(tenant)s"


def run(arena: Arena, meter: Meter, report: Report, vendors: list[Vendor], *, rounds: int) -> None:
    """Measure the accrual of the vendors' payments; the ratio on the one of 100,000, growth up to the largest."""
    main = next((vendor for vendor in vendors if vendor.size == 100_000), vendors[-1])
    found = compare(
        meter,
        floor=lambda: _floor(main),
        product=lambda: _product(main),
        check=lambda: _check(arena, main),
        reset=lambda: forget_books(arena, main.tenant_id),
        rounds=rounds,
    )
    report.ratio("W1", f"accrual of {main.size:,} payments", found, goal=1.5)
    growth = max(cost.growth_mib for cost in found.product)
    report.add(Row("W1", "memory growth of the accruing process", growth, "MiB", 50), steady=True)
    _rerun(arena, meter, report, main, floor_s=median(found.floor, "wall_s"))
    small = next((vendor for vendor in vendors if vendor.size == 10_000), vendors[0])
    taken = {main.size: found.product}
    if small.size < main.size:
        taken[small.size] = _costs(arena, meter, small)
    if vendors[-1].size > main.size:
        taken[vendors[-1].size] = _costs(arena, meter, vendors[-1], rounds=1)
    for size, costs in sorted(taken.items()):
        row = Row("W1", f"rate at {size:,}", size / median(costs, "wall_s"), "payments/s")
        row.others_cores = median(costs, "others_cores")
        row.note = f"{size / median(costs, 'cpu_s'):,.0f} a second of CPU"
        report.add(row)
    _growth(report, taken)


def _floor(vendor: Vendor) -> None:
    values: dict[str, Any] = {"tenant": vendor.tenant_id, "now": NOW}
    with tenant_scope(vendor.tenant_id), connection.cursor() as cursor:
        for statement in ACCRUAL:
            cursor.execute(statement, values)


def _product(vendor: Vendor) -> None:
    booked = accrue_pending(vendor.tenant_id, at=NOW)
    assert booked == vendor.size, booked


def _check(arena: Arena, vendor: Vendor) -> None:
    """Every payment is booked once, told once, at a fifth."""
    row = arena.admin.execute(_COUNTS, {"tenant": vendor.tenant_id}).fetchone()
    owed = arena.ask(_OWED, tenant=vendor.tenant_id)
    assert row == (vendor.size, vendor.size, vendor.size, owed), row


def _rerun(arena: Arena, meter: Meter, report: Report, vendor: Vendor, *, floor_s: float) -> None:
    accrue_pending(vendor.tenant_id, at=NOW)
    wrong = arena.ask(_WRONG_BALANCES, tenant=vendor.tenant_id)
    assert wrong == 0, f"{wrong} balances are not the sum of their transfers"
    arena.tidy("commissions_accrual")
    with meter.measured() as cost:
        assert accrue_pending(vendor.tenant_id, at=NOW) == 0
    row = Row(
        "W1",
        "again, with nothing to book",
        cost.wall_s / floor_s,
        goal=0.3,
        floor_s=floor_s,
        product_s=cost.wall_s,
    )
    row.others_cores = cost.others_cores
    report.add(row)
    forget_books(arena, vendor.tenant_id)


def _growth(report: Report, taken: dict[int, list[Cost]]) -> None:
    """Compare the rate at the largest size with that at the smallest; one size alone says nothing of growth."""
    small, large = min(taken), max(taken)
    if small == large:
        return

    def share(part: str) -> float:
        return (large / median(taken[large], part)) / (small / median(taken[small], part))

    what = f"rate at {large:,} to rate at {small:,}"
    row = Row("W1", what, share("wall_s"), goal=0.8, at_most=False)
    row.others_cores = max(median(costs, "others_cores") for costs in taken.values())
    row.note = f"by CPU {share('cpu_s'):.2f}x"
    report.add(row)


def _costs(arena: Arena, meter: Meter, vendor: Vendor, *, rounds: int = 3) -> list[Cost]:
    costs = []
    for _ in range(rounds):
        forget_books(arena, vendor.tenant_id)
        with meter.measured() as cost:
            _product(vendor)
        costs.append(cost)
    forget_books(arena, vendor.tenant_id)
    return costs
