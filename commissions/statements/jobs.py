"""Statements of many partners: issued, and packed into one file, by as many workers as are free.

A statement is known by its batch, partner and currency, a paper by its bytes: what a killed worker had done is found.
"""

import zipfile
from collections.abc import Iterator
from datetime import date
from typing import Any
from uuid import UUID

import structlog
from celery.exceptions import SoftTimeLimitExceeded
from django.db import OperationalError, transaction
from django.utils import timezone, translation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from commissions.statements.batches import (
    ARCHIVE,
    ISSUE,
    failures_of,
    in_parts,
    packed_statements,
)
from commissions.statements.gathering import due_for_statement
from commissions.statements.keeping import kept_file
from commissions.statements.models import Statement
from commissions.statements.pdf import keep_pdf
from commissions.statements.services import (
    BooksDisagree,
    NothingToState,
    PeriodAlreadyStated,
    issue_statement,
)
from commissions.tax.keeping import FileDiffers
from prm.accounts.capabilities import Capability
from prm.events.services import Actor
from prm.jobs.parts import PartProgress, part_of, share_out
from prm.jobs.runners import JobFailed, Progress, runner
from prm.money import Money
from prm.tenancy.models import Tenant
from prm.web.exports import csv_lines

# Some seconds of work each, so that progress moves and a killed worker leaves little.
ISSUED_TOGETHER = 50
PRINTED_TOGETHER = 10
_BLOCK = 500
log = structlog.get_logger(__name__)


@runner(
    ISSUE,
    label=_("Issue statements"),
    capability=Capability.ISSUE_STATEMENTS,
    unit=_("statements"),
    onward=_("See what was issued"),
)
def issue_statements(progress: Progress) -> None:
    """Issue a statement to every partner and currency with movements up to params["until_on"], one transaction each.

    Papers are made when somebody opens one, or the archive is made: printing takes ten times as long as issuing.
    """
    until_on = date.fromisoformat(progress.params["until_on"])

    def plan() -> list[tuple[dict[str, Any], int]]:
        due = [
            [str(partner), currency] for partner, currency in due_for_statement(until_on=until_on)
        ]
        return [({"due": list(piece)}, len(piece)) for piece in in_parts(due, ISSUED_TOGETHER)]

    parts = share_out(progress, plan)
    if parts is None:
        return
    with progress.scope():
        issued = Statement.objects.filter(run_id=progress.job_id).count()
        failed = sum(len(failures_of(part, progress.job_id)) for part in parts)
    result = {"issued": issued}
    if failed:
        result["not_issued"] = failed
    if progress.attempt > 1:
        result["resumed"] = progress.attempt - 1
    progress.finish(result)


@part_of(ISSUE)
def issue_part(part: PartProgress) -> dict[str, Any]:
    """Issue the statements of one part; who gets none is named with the reason, and the others get theirs."""
    until_on = date.fromisoformat(part.job_params["until_on"])
    failed = []
    for done, (partner, currency) in enumerate(part.params["due"], start=1):
        with part.scope():
            if reason := _issue(part, UUID(partner), currency, until_on):
                failed.append({"partner": partner, "currency": currency, "reason": reason})
            part.advance(done)
    return {"not_issued": failed}


def _issue(part: PartProgress, partner_id: UUID, currency: str, until_on: date) -> str:
    """Issue one statement; return why not, as a word of batches.NotIssued."""
    try:
        with transaction.atomic():
            issue_statement(
                partner_id=partner_id,
                currency=currency,
                until_on=until_on,
                actor=Actor(part.started_by_id),
                at=timezone.now(),
                run_id=part.job_id,
            )
    except NothingToState:
        # Somebody stated it meanwhile.
        return ""
    except PeriodAlreadyStated:
        return "later"
    except BooksDisagree:
        log.exception("statement not issued", partner_id=str(partner_id))
        return "books"
    except (OperationalError, SoftTimeLimitExceeded):
        raise
    except Exception:
        log.exception("statement not issued", partner_id=str(partner_id))
        return "unexpected"
    return ""


@runner(
    ARCHIVE,
    label=_("Statements in one file"),
    capability=Capability.ISSUE_STATEMENTS,
    unit=_("statements"),
)
def pack_statements(progress: Progress) -> None:
    """Make the PDFs that are missing, by all free workers, then pack them with a list of what is in the file."""
    language = progress.params.get("language", "")

    def plan() -> list[tuple[dict[str, Any], int]]:
        ids = [str(id_) for id_ in packed_statements(progress.params).values_list("id", flat=True)]
        return [
            ({"statements": list(piece)}, len(piece)) for piece in in_parts(ids, PRINTED_TOGETHER)
        ]

    parts = share_out(progress, plan)
    if parts is None:
        return
    if not parts:
        raise JobFailed(gettext("There is no statement to pack."))
    ids = [id_ for part in parts for id_ in part.params["statements"]]
    packed = 0
    with (
        progress.temporary_file(".zip") as target,
        zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive,
    ):
        rows: list[list[Any]] = []
        for block in in_parts(ids, _BLOCK):
            with progress.scope():
                for statement in Statement.objects.filter(id__in=block).order_by("number"):
                    path = kept_file(statement, "pdf", language)
                    name = f"{statement.number}{f'-{language}' if language else ''}.pdf"
                    if path:
                        archive.write(path, name)
                        packed += 1
                    rows.append(_contents_row(statement, name if path else None))
                progress.advance(len(ids), len(ids))
        with progress.scope(), translation.override(_tenant_language(progress.tenant_id)):
            archive.writestr("contents.csv", "".join(csv_lines(_contents_header(), rows)))
        archive.close()
        result = {"statements": packed}
        if packed < len(ids):
            result["without_paper"] = len(ids) - packed
        name = progress.params.get("period") or "batch"
        progress.finish(
            result, target, f"statements-{name}{f'-{language}' if language else ''}.zip"
        )


@part_of(ARCHIVE)
def print_part(part: PartProgress) -> dict[str, Any]:
    """Make the PDFs of one part that are not there yet; one that cannot be made does not stop the others."""
    for done, statement in enumerate(_statements(part), start=1):
        with part.scope():
            try:
                keep_pdf(statement, part.job_params.get("language", ""))
            except FileDiffers:
                log.exception("statement not printed", statement=statement.number)
            part.advance(done)
    return {}


def _statements(part: PartProgress) -> Iterator[Statement]:
    with part.scope():
        found = list(Statement.objects.filter(id__in=part.params["statements"]).order_by("number"))
    yield from found


def _tenant_language(tenant_id: int) -> Any:
    return Tenant.objects.only("language").get(id=tenant_id).language


def _contents_header() -> list[str]:
    return [
        gettext("Statement"),
        gettext("Partner"),
        gettext("From"),
        gettext("Up to"),
        gettext("Currency"),
        gettext("Opening balance"),
        gettext("Closing balance"),
        gettext("Check sum (SHA-256)"),
        gettext("File"),
    ]


def _contents_row(statement: Statement, name: str | None) -> list[Any]:
    return [
        statement.number,
        statement.parties["to"]["name"],
        statement.period_start,
        statement.period_end,
        statement.currency,
        Money(statement.opening_minor, statement.currency),
        Money(statement.closing_minor, statement.currency),
        statement.digest,
        name,
    ]
