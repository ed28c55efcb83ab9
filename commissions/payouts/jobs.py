"""Long work of a payout run: its bank files, and everybody's statements in one archive."""

import zipfile
from datetime import date
from typing import Any
from uuid import UUID

from django.utils import timezone, translation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from commissions.ledger.selectors import tenant_zone
from commissions.payouts.bankfiles import NoDebtorAccount, write_files
from commissions.payouts.models import Payout, PayoutRun
from commissions.payouts.services import RunNotInState, export_run
from commissions.statements.models import Statement
from commissions.statements.papers import export_header, export_rows
from commissions.statements.pdf import keep_pdf
from commissions.statements.services import NothingToState, PeriodAlreadyStated, issue_statement
from prm.accounts.capabilities import Capability
from prm.events.services import Actor
from prm.jobs.runners import JobFailed, Progress, runner
from prm.tenancy.models import Tenant
from prm.web.exports import csv_lines


@runner(
    "payouts.files",
    label=_("Make the bank files of a payout run"),
    capability=Capability.SETTLE_PAYOUTS,
    stoppable=False,
)
def make_bank_files(progress: Progress) -> None:
    """Write the files of an approved run, then mark it as sent to the bank; a repeat writes the same files again."""
    with progress.scope():
        run = PayoutRun.objects.get(id=UUID(progress.params["run_id"]))
        tenant = Tenant.objects.get(id=progress.tenant_id)
        try:
            with translation.override(tenant.language):
                kinds = write_files(
                    run, tenant=tenant, today=timezone.now().astimezone(tenant_zone()).date()
                )
            export_run(run_id=run.id, actor=Actor(progress.started_by_id), at=timezone.now())
        except NoDebtorAccount as error:
            raise JobFailed(
                gettext("Enter the account that payouts are paid from first.")
            ) from error
        except RunNotInState as error:
            raise JobFailed(gettext("The run is not approved.")) from error
    progress.finish({"files": kinds})


@runner(
    "payouts.statements",
    label=_("Statements of a payout run"),
    capability=Capability.ISSUE_STATEMENTS,
    unit=_("statements"),
)
def make_run_statements(progress: Progress) -> None:
    """Issue the statements of everybody in a run and pack each one's PDF and CSV.

    One transaction each; after a kill the issued ones are found again by their run and the made PDFs on disk.
    """
    run_id, until_on = (
        UUID(progress.params["run_id"]),
        date.fromisoformat(progress.params["until_on"]),
    )
    actor = Actor(progress.started_by_id)
    with progress.scope():
        run = PayoutRun.objects.get(id=run_id)
        pairs = list(
            Payout.objects.filter(run_id=run_id)
            .order_by("number")
            .values_list("partner_id", "currency")
            .distinct()
        )
    with (
        progress.temporary_file(".zip") as target,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
    ):
        done = 0
        for partner_id, currency in pairs:
            if progress.should_stop():
                return
            with progress.scope():
                statement = _statement(partner_id, currency, until_on, actor, run_id)
                progress.advance(done := done + 1, len(pairs))
            if statement:
                # In a transaction of its own: a statement stays issued when its PDF fails.
                with progress.scope():
                    _pack(archive, statement)
        archive.close()
        progress.finish(
            {"statements": len(archive.namelist()) // 2}, target, f"{run.number}-statements.zip"
        )


def _statement(
    partner_id: UUID, currency: str, until_on: date, actor: Actor, run_id: UUID
) -> Statement | None:
    """Return the run's statement, or the last one where everything is stated already."""
    try:
        return issue_statement(
            partner_id=partner_id,
            currency=currency,
            until_on=until_on,
            actor=actor,
            at=timezone.now(),
            run_id=run_id,
        )
    except (NothingToState, PeriodAlreadyStated):
        return (
            Statement.objects.filter(partner_id=partner_id, currency=currency)
            .order_by("-position")
            .first()
        )


def _pack(archive: zipfile.ZipFile, statement: Statement) -> None:
    archive.write(keep_pdf(statement), f"{statement.number}.pdf")
    language: Any = statement.parties.get("language", "en")
    with translation.override(language):
        archive.writestr(
            f"{statement.number}.csv", "".join(csv_lines(export_header(), export_rows(statement)))
        )
