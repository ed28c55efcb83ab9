"""Statements of many partners at once: what is due, starting it, what came of it, all papers in one file."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet

from commissions.statements.models import Statement, StatementReading
from partners.directory.models import Partner
from prm.events.services import Actor
from prm.jobs.models import Job, JobPart
from prm.jobs.services import start_job
from prm.tenancy.scope import current_scope

ISSUE = "statements.issue"
ARCHIVE = "statements.archive"

_DUE_COUNTS = """
select count(*) filter (where first_on <= %(month_end)s)::int, count(*)::int
  from (select coalesce(d.partner_id, c.partner_id), t.currency, min(t.booked_on) as first_on
          from commissions_transfer t
          join commissions_account d on d.tenant_id = t.tenant_id and d.id = t.debit_account_id
          join commissions_account c on c.tenant_id = t.tenant_id and c.id = t.credit_account_id
         where t.tenant_id = %(tenant)s and t.booked_on <= %(today)s
           and (d.partner_id is null) <> (c.partner_id is null)
           and not exists (select from commissions_statement_line l
                            where l.tenant_id = t.tenant_id and l.transfer_id = t.id)
         group by 1, 2) x
"""


@dataclass(frozen=True)
class NotIssued:
    """A partner's statement that a batch did not issue, and why: "later", "books", "unexpected" or "gave_up"."""

    partner_id: UUID
    partner: str
    currency: str
    reason: str


@dataclass(frozen=True)
class BatchOutcome:
    """What came of a batch so far."""

    until_on: date
    issued: int
    seen: int
    failed: list[NotIssued]


def due_counts(*, month_end: date, today: date) -> tuple[int, int]:
    """Return how many statements are due up to the end of last month, and up to today."""
    values: dict[str, Any] = {
        "tenant": current_scope().tenant_id,
        "month_end": month_end,
        "today": today,
    }
    with connection.cursor() as cursor:
        cursor.execute(_DUE_COUNTS, values)
        through_month, in_all = cursor.fetchone()
    return through_month, in_all


def start_batch(*, until_on: date, actor: Actor, at: datetime) -> Job:
    """Queue the statements of everybody with movements up to a day (inclusive, tenant's zone). Emits job.started."""
    job = start_job(kind=ISSUE, params={"until_on": until_on.isoformat()}, actor=actor, at=at)
    job.back_path = f"manage/statements/batches/{job.id}/"
    job.save(update_fields=["back_path"])
    return job


def start_archive(*, params: dict[str, str], back_path: str, actor: Actor, at: datetime) -> Job:
    """Queue one file with the papers of many statements.

    params: "run_id", or "period" (yyyy-mm) and perhaps "currency"; perhaps "language" of all papers, their own without.
    Emits job.started.
    """
    return start_job(kind=ARCHIVE, params=params, actor=actor, at=at, back_path=back_path)


def packed_statements(params: dict[str, str]) -> QuerySet[Statement]:
    """Return the statements that an archive holds, by number."""
    if run_id := params.get("run_id"):
        return Statement.objects.filter(run_id=UUID(run_id)).order_by("number")
    year, month = (int(part) for part in params["period"].split("-"))
    start, following = date(year, month, 1), date(year + month // 12, month % 12 + 1, 1)
    chosen = Q(period_end__gte=start, period_end__lt=following)
    if currency := params.get("currency"):
        chosen &= Q(currency=currency)
    return Statement.objects.filter(chosen).order_by("number")


def outcome_of(job: Job) -> BatchOutcome:
    """Return what a batch did, finished or not."""
    issued = Statement.objects.filter(run_id=job.id)
    parts = JobPart.objects.filter(job_id=job.id).order_by("number")
    failed = [row for part in parts for row in failures_of(part, job.id)]
    names = dict(
        Partner.objects.filter(id__in={row["partner"] for row in failed}).values_list("id", "name")
    )
    return BatchOutcome(
        until_on=date.fromisoformat(job.params["until_on"]),
        issued=issued.count(),
        seen=StatementReading.objects.filter(statement__run_id=job.id)
        .values("statement_id")
        .distinct()
        .count(),
        failed=[
            NotIssued(
                UUID(row["partner"]),
                names.get(UUID(row["partner"]), ""),
                row["currency"],
                row["reason"],
            )
            for row in failed
        ],
    )


def failures_of(part: JobPart, run_id: UUID) -> list[dict[str, Any]]:
    """Return what a part of a batch did not issue; of one that was given up, whatever has no statement."""
    if not part.result.get("gave_up"):
        return list(part.result.get("not_issued", []))
    stated = set(
        Statement.objects.filter(
            run_id=run_id, partner_id__in=[partner for partner, _ in part.params["due"]]
        ).values_list("partner_id", "currency")
    )
    return [
        {"partner": partner, "currency": currency, "reason": "gave_up"}
        for partner, currency in part.params["due"]
        if (UUID(partner), currency) not in stated
    ]


def in_parts(due: Sequence[Any], size: int) -> list[Sequence[Any]]:
    """Return what is due in pieces of at most `size`."""
    return [due[start : start + size] for start in range(0, len(due), size)]
