"""W13: PDFs of statements of 40 lines, as the product makes and keeps them, against bare WeasyPrint of the same HTML.

The product reads the statement, words it, renders it, attaches its data file, tags the PDF and keeps both with their
digests; the floor gets the finished HTML and the same style sheet. Then the archive of 100 statements, through the
product's job, by one worker and by two.
"""

import multiprocessing
import time
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import connections
from django.template.loader import render_to_string
from django.utils import translation

from commissions.statements.batches import start_archive
from commissions.statements.keeping import stored_name
from commissions.statements.models import Statement, StatementLine
from commissions.statements.papers import paper_of
from commissions.statements.pdf import _style, keep_pdf
from commissions.statements.services import issue_statement
from prm.events.services import SYSTEM, Actor
from prm.jobs.files import private_root
from prm.jobs.models import Job
from prm.jobs.parts import help_with
from prm.jobs.services import run as run_job
from prm.tenancy.scope import tenant_scope
from prm.tenancy.services import create_tenant
from tests.bench.arena import Arena
from tests.bench.measuring import Meter, compare
from tests.bench.population import NOW, Vendor
from tests.bench.results import Report, Row
from tests.builders.commissions import an_accrual

STATEMENTS, LINES, A_ROUND = 100, 40, 20
# One real statement's only line, forty times, on a hundred statements; the books behind them are not read.
_COPY_STATEMENTS = """
insert into commissions_statement (tenant_id, number, partner_id, currency, position, period_start, period_end,
  opening_minor, earned_minor, adjusted_minor, paid_minor, closing_minor, line_count, on_hold_minor, payable_minor,
  issued_at, parties, digest)
select tenant_id, 'ST-2026-11-' || lpad((1 + n)::text, 4, '0'), partner_id, currency, 1 + n, '2026-10-01', '2026-10-31',
       0, %(lines)s * earned_minor, 0, 0, %(lines)s * earned_minor, %(lines)s, 0, %(lines)s * earned_minor,
       issued_at, parties, digest
  from commissions_statement s cross join generate_series(1, %(statements)s) n
 where tenant_id = %(tenant)s and position = 1
"""
_COPY_LINES = """
insert into commissions_statement_line (tenant_id, statement_id, partner_id, position, transfer_id, section, booked_on,
  amount_minor, detail)
select l.tenant_id, s.id, l.partner_id, n, -(row_number() over ()), l.section, l.booked_on - n % 20, l.amount_minor,
       l.detail || jsonb_build_object('customer', 'Customer ' || n || ' of ' || s.number, 'person', 'Aoife Brennan')
  from commissions_statement s
  join commissions_statement_line l on l.tenant_id = s.tenant_id and l.position = 1
  join commissions_statement f on f.tenant_id = l.tenant_id and f.id = l.statement_id and f.position = 1
 cross join generate_series(1, %(lines)s) n
 where s.tenant_id = %(tenant)s and s.position > 1
"""
_MONTH = "2026-10"


def run(arena: Arena, meter: Meter, report: Report, _vendors: list[Vendor], *, rounds: int) -> None:
    """Measure single papers in turns with the floor, then the archive by one worker and by two."""
    tenant_id = _prepared(arena)
    with tenant_scope(tenant_id):
        statements = list(Statement.objects.filter(position__gt=1).order_by("number"))
        sheets = [_html(statement) for statement in statements[:A_ROUND]]
        _bare(sheets[0])
    found = compare(
        meter,
        floor=lambda: [_bare(html) for html in sheets],
        product=lambda: _keep(tenant_id, statements[:A_ROUND]),
        check=lambda: None,
        reset=lambda: _forget(arena, tenant_id),
        rounds=min(rounds, 3),
    )
    each = min(cost.wall_s for cost in found.product) / A_ROUND * 1000
    report.ratio(
        "W13", f"PDF statements of {LINES} lines", found, goal=1.2, note=f"{each:.0f} ms each"
    )
    alone = _archived(arena, tenant_id, workers=1)
    both = _archived(arena, tenant_id, workers=2)
    with meter.measured() as idle:
        time.sleep(1)
    row = Row(
        "W13",
        f"archive of {STATEMENTS} statements, one worker to two",
        alone[0] / both[0],
        goal=1.6,
        at_most=False,
        floor_s=alone[0],
        product_s=both[0],
        others_cores=idle.others_cores,
    )
    report.add(row)
    report.add(Row("W13", "memory of a worker", max(alone[1], both[1]), "MiB", 300), steady=True)


def _prepared(arena: Arena) -> int:
    tenant = create_tenant(slug="papers", name="Papers", time_zone="Europe/Amsterdam")
    with tenant_scope(tenant.id):
        accrual = an_accrual(NOW, company="Kestrel Logistics", deal_minor=105_401)
        issue_statement(
            partner_id=accrual.partner_id,
            currency="EUR",
            until_on=NOW.date(),
            actor=SYSTEM,
            at=NOW,
        )
        assert StatementLine.objects.count() == 1
    values: dict[str, Any] = {
        "tenant": tenant.id,
        "lines": LINES,
        "statements": STATEMENTS,
    }
    assert arena.run(_COPY_STATEMENTS, **values) == STATEMENTS
    assert arena.run(_COPY_LINES.replace("n % 20", "n %% 20"), **values) == STATEMENTS * LINES
    arena.tidy("commissions_statement", "commissions_statement_line")
    return tenant.id


def _html(statement: Statement) -> str:
    with translation.override("en"):
        paper = paper_of(statement)
        facts = {"paper": paper, "footer": paper.footer, "as_pdf": True, "logo": ""}
        return render_to_string("commissions/statements/pdf.html", facts)


def _bare(html: str) -> bytes:
    from weasyprint import HTML

    style, fonts = _style()
    return bytes(HTML(string=html).write_pdf(stylesheets=[style], font_config=fonts))


def _keep(tenant_id: int, statements: list[Statement]) -> None:
    for statement in statements:
        with tenant_scope(tenant_id):
            keep_pdf(statement)


def _forget(arena: Arena, tenant_id: int) -> None:
    """Take the papers away, on disk and in the database."""
    arena.run(
        "delete from commissions_statement_file where tenant_id = %(tenant)s", tenant=tenant_id
    )
    with tenant_scope(tenant_id):
        for statement in Statement.objects.filter(position__gt=1):
            for kind in ("pdf", "csv"):
                (private_root() / stored_name(statement, kind)).unlink(missing_ok=True)


def _archived(arena: Arena, tenant_id: int, *, workers: int) -> tuple[float, float]:
    """Return the seconds that the archive took, and the largest memory of a worker in MiB."""
    _forget(arena, tenant_id)
    with tenant_scope(tenant_id):
        job_id = start_archive(
            params={"period": _MONTH}, back_path="", actor=Actor(None), at=NOW
        ).id
    for connection in connections.all(initialized_only=True):
        connection.close()
        connection.close_pool()  # type: ignore[attr-defined]
    # As Celery's own workers: forked, each with its connections.
    context = multiprocessing.get_context("fork")
    ready, answers = context.Barrier(workers), context.Queue()
    processes = [
        context.Process(target=_work, args=(tenant_id, job_id, ready, answers, number == 0))
        for number in range(workers)
    ]
    for process in processes:
        process.start()
    told = [answers.get(timeout=300) for _ in processes]
    for process in processes:
        process.join()
    with tenant_scope(tenant_id):
        job = Job.objects.get(id=job_id)
        assert job.result == {"statements": STATEMENTS}, (job.state, job.error, job.result)
    return max(end for _, end, _ in told) - min(start for start, _, _ in told), max(
        memory for _, _, memory in told
    )


def _work(tenant_id: int, job_id: UUID, ready: Any, answers: Any, leads: bool) -> None:
    with tenant_scope(tenant_id):
        # Fonts and styles are read once a process.
        for statement in islice(Statement.objects.filter(position=1), 1):
            keep_pdf(statement)
    ready.wait(60)
    start = time.monotonic()
    if leads:
        # A busy box takes several turns, which a quiet one need not.
        while run_job(tenant_id, job_id):
            pass
    else:
        idle = 0
        while idle < 40:
            idle = 0 if help_with(tenant_id, job_id) else idle + 1
            time.sleep(0.05)
    end = time.monotonic() if leads else start
    answers.put((start, end, _peak_mib()))


def _peak_mib() -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:"))
