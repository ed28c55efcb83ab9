"""W13B: a month's statements of ten thousand partners as one job, shared by two workers."""

import multiprocessing
import time
from typing import Any
from uuid import UUID

from django.db import connections

from commissions.statements.batches import start_batch
from commissions.statements.models import Statement
from prm.events.services import Actor
from prm.jobs.models import Job
from prm.jobs.parts import help_with
from prm.jobs.services import run as run_job
from prm.tenancy.scope import tenant_scope
from tests.bench.arena import Arena
from tests.bench.measuring import Meter
from tests.bench.population import NOW, Vendor, make_vendor
from tests.bench.results import Report, Row

PARTNERS, LINES, WORKERS = 10_000, 5, 2
_TRANSFERS = """
insert into commissions_transfer (tenant_id, kind, key, journal, debit_account_id, credit_account_id, amount_minor,
       currency, partner_id, booked_on, period, booked_at)
select a.tenant_id, 'accrual', 'k:' || a.id || ':' || n, 'k:' || a.id || ':' || n, e.id, a.id, 1000 + n, 'EUR',
       a.partner_id, '2026-10-10', 202610, '2026-10-10'
  from commissions_account a
  join commissions_account e on e.tenant_id = a.tenant_id and e.kind = 'commission_expense'
 cross join generate_series(1, %(lines)s) n
 where a.tenant_id = %(tenant)s and a.kind = 'payable'
"""
_BOOKS = (
    "insert into commissions_account (tenant_id, kind, currency) values (%(tenant)s, 'commission_expense', 'EUR')",
    """insert into commissions_account (tenant_id, kind, currency, partner_id)
       select tenant_id, 'payable', 'EUR', id from partners_partner where tenant_id = %(tenant)s""",
    _TRANSFERS,
    """insert into commissions_balance (tenant_id, id, debits_minor, credits_minor)
       select tenant_id, id, 0, %(lines)s * 1000 + %(lines)s * (%(lines)s + 1) / 2 from commissions_account
        where tenant_id = %(tenant)s and kind = 'payable'""",
)


def run(arena: Arena, _meter: Meter, report: Report, vendors: list[Vendor], *, rounds: int) -> None:
    """Issue the statements of one month to all partners of a vendor, once."""
    del rounds
    vendor = make_vendor(arena, 1_000, slug="batch", partner_count=PARTNERS)
    for statement in _BOOKS:
        arena.run(statement, tenant=vendor.tenant_id, lines=LINES)
    arena.tidy("commissions_account", "commissions_transfer", "commissions_balance")
    with tenant_scope(vendor.tenant_id):
        last_day = NOW.date().replace(month=10, day=31)
        job_id = start_batch(until_on=last_day, actor=Actor(vendor.finance.id), at=NOW).id
    for connection in connections.all(initialized_only=True):
        connection.close()
        connection.close_pool()  # type: ignore[attr-defined]
    wall, cpu = _worked(vendor.tenant_id, job_id)
    with tenant_scope(vendor.tenant_id):
        job = Job.objects.get(id=job_id)
        assert job.state == "done", (job.state, job.error)
        numbers = sorted(Statement.objects.values_list("number", flat=True), key=_count)
        assert [_count(number) for number in numbers] == list(range(1, PARTNERS + 1))
        assert Statement.objects.values("partner_id").distinct().count() == PARTNERS
        assert set(Statement.objects.values_list("line_count", flat=True)) == {LINES}
    what = f"batch of {PARTNERS:,} statements by {WORKERS} workers"
    row = Row(
        "W13B", what, wall, "s", note=f"{PARTNERS / wall:.0f} a second, {cpu:.0f} s of their CPU"
    )
    report.add(row)


def _count(number: str) -> int:
    return int(number.rpartition("-")[2])


def _worked(tenant_id: int, job_id: UUID) -> tuple[float, float]:
    """Run the job as workers do, each a process with its connections; return wall and CPU seconds of them."""
    context = multiprocessing.get_context("fork")
    answers = context.Queue()
    processes = [
        context.Process(target=_work, args=(tenant_id, job_id, answers, number == 0))
        for number in range(WORKERS)
    ]
    began = time.monotonic()
    for process in processes:
        process.start()
    told = [answers.get(timeout=3_600) for _ in processes]
    for process in processes:
        process.join()
    return max(end for end, _ in told) - began, sum(cpu for _, cpu in told)


def _work(tenant_id: int, job_id: UUID, answers: Any, leads: bool) -> None:
    end = time.monotonic()
    if leads:
        while run_job(tenant_id, job_id):
            end = time.monotonic()
        end = time.monotonic()
    else:
        idle = 0
        while idle < 60:
            if help_with(tenant_id, job_id):
                idle, end = 0, time.monotonic()
            else:
                idle += 1
                time.sleep(0.1)
    answers.put((end, time.process_time()))
