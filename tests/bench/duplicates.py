"""W10: what is known of a company, as the application's role behind row-level security: exact keys, and names alike."""

import statistics
import time
from collections.abc import Callable

from django.db import connection

from prm.tenancy.scope import tenant_scope
from referrals.claims.rules import Facts
from referrals.claims.selectors import known_company, name_is_known
from tests.bench.arena import Arena
from tests.bench.measuring import Meter, p95
from tests.bench.population import NOW, Vendor
from tests.bench.results import Report, Row

CALLS = 60
# The least that answers: one look at each index, past the policies.
_EXACT_FLOOR = """
select exists (select from referrals_referral where tenant_id = %(tenant)s and domain = %(domain)s),
       exists (select from referrals_referral where tenant_id = %(tenant)s and email_norm = %(email)s)
"""
_SAMPLE = """
select company_norm, domain, email_norm from referrals_referral
 where tenant_id = %(tenant)s order by md5(id::text) limit %(calls)s
"""


def run(arena: Arena, meter: Meter, report: Report, vendors: list[Vendor], *, rounds: int) -> None:
    """Time the exact check against its bare statements and the look for similar names, at every size."""
    arena.tidy("referrals_referral", "referrals_customer")
    for vendor in vendors:
        sample = arena.admin.execute(
            _SAMPLE, {"tenant": vendor.tenant_id, "calls": CALLS}
        ).fetchall()
        facts = [Facts(name=row[0], domain=row[1], email=row[2]) for row in sample]
        _exact(arena, report, vendor, facts)
        _similar(report, vendor, facts)


def _exact(arena: Arena, report: Report, vendor: Vendor, facts: list[Facts]) -> None:
    def bare(one: Facts) -> None:
        given = {"tenant": vendor.tenant_id, "domain": one.domain, "email": one.email}
        arena.admin.execute(_EXACT_FLOOR, given).fetchone()

    floor = _timed(bare, facts)
    with tenant_scope(vendor.tenant_id, vendor.partner_id):
        found = _timed(lambda one: known_company(one, vendor.partner_id, NOW), facts)
    median_s = statistics.median(found)
    report.add(
        Row(
            "W10",
            f"p95 of the exact check at {vendor.size:,}",
            p95(found) * 1000,
            unit="ms",
            goal=3,
            floor_s=statistics.median(floor),
            product_s=median_s,
            note=f"p50 {median_s / statistics.median(floor):.1f}x bare statements",
        )
    )


def _similar(report: Report, vendor: Vendor, facts: list[Facts]) -> None:
    def bare(one: Facts) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "select claims_name_known(%s, %s, %s)", [one.name, one.country, vendor.partner_id]
            )
            cursor.fetchone()

    with tenant_scope(vendor.tenant_id, vendor.partner_id):
        floor = _timed(bare, facts)
        found = _timed(lambda one: name_is_known(one, vendor.partner_id), facts)
    report.add(
        Row(
            "W10",
            f"p95 of the look for similar names at {vendor.size:,}",
            p95(found) * 1000,
            unit="ms",
            goal=150,
            floor_s=statistics.median(floor),
            product_s=statistics.median(found),
            note=f"p50 {statistics.median(found) * 1000:.1f} ms",
        )
    )


def _timed(call: Callable[[Facts], object], facts: list[Facts]) -> list[float]:
    """Return the seconds of each call; the first ones only warm up."""
    for one in facts[:5]:
        call(one)
    times = []
    for one in facts:
        began = time.perf_counter()
        call(one)
        times.append(time.perf_counter() - began)
    return times
