"""W15, W17, W19: pages while a job runs beside them, what a submission costs beyond its statements, memory of a worker process."""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

from django.core.handlers.wsgi import WSGIHandler
from django.db import connection, transaction
from psycopg.types.json import Jsonb

from prm.events.services import Actor
from prm.tenancy.scope import tenant_scope
from referrals.intake.services import ReferralDraft, submit_referral
from referrals.pipeline.models import Referral
from tests.bench.arena import Arena
from tests.bench.measuring import Comparison, Meter, p95, resident_mib
from tests.bench.partner_list import Browser, sign_in
from tests.bench.population import NOW, Vendor, forget_books
from tests.bench.results import Report, Row

IDLE_CALLS = 120
SUBMISSIONS = 40
WARM_UP, REQUESTS, REQUESTS_FULL = 150, 600, 10_000
PARTNER_PAGES = ("/referrals/", "/earnings/", "/updates/", "/statements/")
MANAGER_PAGES = ("/manage/referrals/", "/manage/partners/", "/manage/jobs/")


# ---------------------------------------------------------------- W15


def pages_beside_a_job(
    arena: Arena, meter: Meter, report: Report, vendors: list[Vendor], *, rounds: int
) -> None:
    """Ask for a partner's list while another process books commissions, and while nothing runs."""
    vendor = vendors[-1] if vendors[-1].size <= 100_000 else vendors[-2]
    browser = Browser(WSGIHandler(), sign_in(vendor.partner_admin))
    where, busy = f"/{vendor.slug}/referrals/", list[float]()
    for _ in range(10):
        browser.get(where)
    idle = [_timed(browser, where) for _ in range(IDLE_CALLS)]
    with meter.measured() as cost, _accruing(arena, vendor) as process:
        while process.poll() is None:
            busy.append(_timed(browser, where))
    assert process.returncode == 0
    idle += [_timed(browser, where) for _ in range(IDLE_CALLS)]
    row = Row("W15", f"p95 of a list while {vendor.size:,} payments are booked", 0.0, goal=1.6)
    row.value, row.floor_s, row.product_s = p95(busy) / p95(idle), p95(idle), p95(busy)
    # What the job itself burns is the point of the measurement; what is left of the box is not known.
    row.others_cores = max(0.0, cost.others_cores - 1.0)
    row.note = f"p50 {statistics.median(busy) / statistics.median(idle):.2f}x, {len(busy)} pages beside the job"
    report.add(row)
    forget_books(arena, vendor.tenant_id)


@contextmanager
def _accruing(arena: Arena, vendor: Vendor) -> Any:
    address = urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{arena.name}"))
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.accruing", str(vendor.tenant_id)],
        env={**os.environ, "DATABASE_URL": address},
        cwd=Path(__file__).parents[2],
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(timeout=30)


def _timed(browser: Browser, where: str) -> float:
    began = time.perf_counter()
    status, _ = browser.get(where)
    wall = time.perf_counter() - began
    assert status == "200 OK", (status, where)
    return wall


# ---------------------------------------------------------------- W17


@dataclass
class _Said:
    """The statements of one submission with their values, and the id that the referral got."""

    statements: list[tuple[str, Any]]
    referral_id: str


def submissions(
    arena: Arena, meter: Meter, report: Report, vendors: list[Vendor], *, rounds: int
) -> None:
    """Submit referrals through the service, and run the very statements of others on a bare cursor, in turns."""
    walls: dict[int, list[float]] = {}
    for vendor in vendors:
        found, walls[vendor.size] = Comparison(), []
        _forget(arena, vendor)
        for number in range(min(rounds, 3)):
            said = [_overheard(vendor, f"{number}y{place}") for place in range(SUBMISSIONS)]
            _forget(arena, vendor)
            with meter.measured() as cost:
                for one in said:
                    _say_again(vendor, one)
            found.floor.append(cost)
            made = _forget(arena, vendor)
            assert made == SUBMISSIONS, made
            with meter.measured() as cost:
                for place in range(SUBMISSIONS):
                    began = time.perf_counter()
                    _submit(vendor, f"{number}x{place}")
                    walls[vendor.size].append(time.perf_counter() - began)
            found.product.append(cost)
            _forget(arena, vendor)
    what = f"CPU of a submission at {vendor.size:,} to its statements"
    row = Row("W17", what, found.cpu_ratio, goal=1.5, cpu_ratio=found.cpu_ratio)
    row.floor_s = statistics.median(cost.cpu_s for cost in found.floor) / SUBMISSIONS
    row.product_s = statistics.median(cost.cpu_s for cost in found.product) / SUBMISSIONS
    row.others_cores = found.others_cores
    row.note = f"{len(said[0].statements)} statements"
    report.add(row)
    for size, taken in walls.items():
        row = Row("W17", f"p95 of a submission at {size:,}", p95(taken) * 1000, "ms")
        row.note = f"p50 {statistics.median(taken) * 1000:.1f} ms"
        row.others_cores = found.others_cores
        report.add(row)
    small, large = min(walls), max(walls)
    if small == large:
        return
    share = p95(walls[large]) / p95(walls[small])
    what = f"p95 of a submission at {large:,} to at {small:,}"
    report.add(Row("W17", what, share, goal=1.3, others_cores=found.others_cores))


def _submit(vendor: Vendor, token: str) -> None:
    draft = ReferralDraft(
        program_id=vendor.program_id,
        company=f"Bench {token} Oy",
        contact_name="Robin de Vries",
        contact_email=f"robin@bench{token}.example",
        website=f"https://bench{token}.example",
        country="FI",
        consent=True,
    )
    with tenant_scope(vendor.tenant_id):
        submit_referral(
            draft=draft,
            partner_id=vendor.partner_id,
            submitted_by_id=vendor.partner_admin.id,
            actor=Actor(user_id=vendor.partner_admin.id, name="Sales"),
            at=NOW + timedelta(seconds=1),
            key=None,
        )


def _overheard(vendor: Vendor, token: str) -> _Said:
    """Submit once, and keep what the database was asked."""
    found: list[tuple[str, Any]] = []

    def listen(
        execute: Callable[..., Any], statement: str, params: Any, many: Any, context: Any
    ) -> Any:
        if not statement.startswith(("SAVEPOINT", "RELEASE")):
            found.append((statement, params))
        return execute(statement, params, many, context)

    with connection.execute_wrapper(listen):
        _submit(vendor, token)
    with tenant_scope(vendor.tenant_id):
        referral_id = Referral.objects.values_list("id", flat=True).get(company=f"Bench {token} Oy")
    return _Said(found, str(referral_id))


def _say_again(vendor: Vendor, said: _Said) -> None:
    """Run one submission's statements without the product; what they refer to has new ids."""
    old, new, event_id = said.referral_id, "", 0
    with transaction.atomic(), connection.cursor() as outer:
        cursor = outer.cursor
        for statement, params in said.statements:
            values = [_renamed(value, old, new) for value in params or ()] if new else params
            if statement.startswith('INSERT INTO "prm_queued_event"'):
                values = [event_id, *values[1:]]
            cursor.execute(statement, values)
            if cursor.description is None:
                continue
            names, rows = [column.name for column in cursor.description], cursor.fetchall()
            given = dict(zip(names, rows[0], strict=True)) if rows else {}
            if statement.startswith('INSERT INTO "referrals_referral"'):
                new = str(given["id"])
            elif statement.startswith('INSERT INTO "prm_event"'):
                event_id = given["id"]


def _renamed(value: Any, old: str, new: str) -> Any:
    if isinstance(value, UUID):
        return UUID(new) if str(value) == old else value
    if isinstance(value, Jsonb):
        return Jsonb(json.loads(json.dumps(value.obj).replace(old, new)))
    return value.replace(old, new) if isinstance(value, str) else value


def _forget(arena: Arena, vendor: Vendor) -> int:
    """Take the submissions back; return how many there were."""
    made = (
        "select id from referrals_referral where tenant_id = %(tenant)s and company like 'Bench %%'"
    )
    for table in ("referrals_stage_change", "referrals_touch", "referrals_receipt"):
        arena.run(
            f"delete from {table} where tenant_id = %(tenant)s and referral_id in ({made})",
            tenant=vendor.tenant_id,
        )
    count = arena.run(
        f"delete from referrals_referral where tenant_id = %(tenant)s and id in ({made})",
        tenant=vendor.tenant_id,
    )
    for statement in (
        "delete from prm_queued_event where tenant_id = %(tenant)s",
        "delete from prm_event where tenant_id = %(tenant)s and name in ('referral.submitted', 'receipt.issued')",
    ):
        arena.run(statement, tenant=vendor.tenant_id)
    return count


# ---------------------------------------------------------------- W19


def memory(
    arena: Arena, meter: Meter, report: Report, vendors: list[Vendor], *, rounds: int
) -> None:
    """Ask for pages of partners and managers in turns; tell how much the process grew after its first ones."""
    vendor = vendors[-1]
    count = REQUESTS_FULL if vendor.size > 100_000 else REQUESTS
    application = WSGIHandler()
    people = [
        (Browser(application, sign_in(vendor.partner_admin)), PARTNER_PAGES),
        (Browser(application, sign_in(vendor.manager)), MANAGER_PAGES),
    ]
    asked = [(browser, f"/{vendor.slug}{page}") for browser, pages in people for page in pages]
    for number in range(WARM_UP):
        browser, where = asked[number % len(asked)]
        _timed(browser, where)
    before = resident_mib()
    for number in range(count):
        browser, where = asked[number % len(asked)]
        browser.get(where)
    growth = resident_mib() - before
    what = f"memory growth over {count:,} requests for {len(asked)} pages"
    report.add(Row("W19", what, growth, "MiB", 20), steady=True)
