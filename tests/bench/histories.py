"""W1, refined plans: what one more payment costs a partner whose plan looks at all that came before."""

import statistics
import time
from datetime import timedelta
from decimal import Decimal
from typing import Any

from commissions.accruals.models import Accrual, HistoryPoint
from commissions.accruals.services import accrue_for_events, accrue_pending, restate_referrals
from commissions.plans.services import RuleTerms
from commissions.plans.terms import Band, Bands, Terms
from prm.events.services import SYSTEM
from prm.tenancy.scope import tenant_scope
from tests.bench.arena import Arena
from tests.bench.measuring import Meter
from tests.bench.population import NOW, Vendor, forget_books, make_vendor
from tests.bench.results import Report, Row

SIZES = (1_000, 10_000)
MORE = 40
BANDS = RuleTerms(
    "revenue",
    "percent",
    rate=Decimal("0.1"),
    scope="lifetime",
    terms=Terms(
        bands=Bands((Band(0, Decimal("0.1")), Band(50_000_000, Decimal("0.15"))), measure="revenue")
    ),
)
_ONE_MORE = """
insert into referrals_revenue_event (tenant_id, external_id, kind, customer_id, referral_id, partner_id, amount_minor, currency, booked_at, booked_on,
       refunded_minor, payment_no, source, note)
select c.tenant_id, 'MORE-' || %(no)s, 'renewal', c.id, c.referral_id, c.partner_id, 12_345, 'EUR', %(at)s, %(at)s::timestamptz::date, 0, 6, 'csv', ''
  from referrals_customer c where c.tenant_id = %(tenant)s order by c.id offset %(no)s limit 1
returning id
"""
_PAYABLE = """
select count(*) from referrals_revenue_event where tenant_id = %(tenant)s and kind in ('sale', 'renewal', 'expansion')
"""


def run(arena: Arena, meter: Meter, report: Report, vendors: list[Vendor], *, rounds: int) -> None:
    """Measure single payments after histories of each length; the books must be those of the whole history."""
    largest = max(vendor.size for vendor in vendors)
    partners = {size: _partner_with(arena, size) for size in SIZES if size <= largest}
    walls: dict[int, list[float]] = {size: [] for size in partners}
    with meter.measured() as cost:
        for number in range(MORE):
            for size, vendor in partners.items():
                walls[size].append(_one_more(arena, vendor, number))
    for size, vendor in partners.items():
        _check(arena, vendor)
        row = Row(
            "W1",
            f"one more payment under bands, after {size:,}",
            statistics.median(walls[size]) * 1000,
            "ms",
            note=f"median of {MORE}; the whole history {_whole(vendor):.1f} s",
        )
        row.others_cores = cost.others_cores
        report.add(row)
    small, large = min(walls), max(walls)
    if small != large:
        growth = statistics.median(walls[large]) / statistics.median(walls[small])
        what = f"one more payment after {large:,} to after {small:,}"
        report.add(Row("W1", what, growth, goal=1.5, others_cores=cost.others_cores))
    for vendor in partners.values():
        _forget(arena, vendor)


def _partner_with(arena: Arena, size: int) -> Vendor:
    vendor = make_vendor(arena, size, slug=f"history-{size}", partner_count=1, rules=(BANDS,))
    assert accrue_pending(vendor.tenant_id, at=NOW) == size
    return vendor


def _one_more(arena: Arena, vendor: Vendor, number: int) -> float:
    at = NOW + timedelta(hours=number)
    values: dict[str, Any] = {"tenant": vendor.tenant_id, "no": number, "at": at}
    payment_id = arena.ask(_ONE_MORE, **values)
    began = time.perf_counter()
    with tenant_scope(vendor.tenant_id):
        booked = accrue_for_events(revenue_event_ids=[payment_id], actor=SYSTEM, at=at)
    wall = time.perf_counter() - began
    assert len(booked) == 1
    return wall


def _check(arena: Arena, vendor: Vendor) -> None:
    count = arena.ask(_PAYABLE, tenant=vendor.tenant_id)
    with tenant_scope(vendor.tenant_id):
        assert Accrual.objects.filter(replaced_at=None).count() == count
        assert HistoryPoint.objects.exists()


def _whole(vendor: Vendor) -> float:
    """Price the whole history as without points, which must find nothing to change; return the seconds."""
    began = time.perf_counter()
    with tenant_scope(vendor.tenant_id):
        HistoryPoint.objects.all().delete()
        one = Accrual.objects.latest("id").referral_id
        assert restate_referrals(referral_ids=[one], actor=SYSTEM, at=NOW, tell=False) == []
        assert not Accrual.objects.filter(replaced_at__isnull=False).exists()
    return time.perf_counter() - began


def _forget(arena: Arena, vendor: Vendor) -> None:
    forget_books(arena, vendor.tenant_id)
    for table in ("commissions_history_point", "commissions_priced_event"):
        arena.run(f"delete from {table} where tenant_id = %(tenant)s", tenant=vendor.tenant_id)
