"""Long work of a payout run: its bank files, and everybody's statements in one archive."""

import zipfile
from datetime import date
from uuid import UUID

from django.utils import timezone, translation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from commissions.ledger.selectors import tenant_zone
from commissions.payouts.ach import NotForAch
from commissions.payouts.archive import contents_header, contents_rows, statement_for
from commissions.payouts.bankfiles import NoAchHead, NoDebtorAccount, write_files
from commissions.payouts.models import PayoutRun
from commissions.payouts.selectors import payouts_of
from commissions.payouts.services import RunNotInState, export_run
from commissions.payouts.working import FILES, STATEMENTS
from commissions.statements.keeping import keep_csv
from commissions.statements.models import Statement
from commissions.statements.pdf import keep_pdf
from prm.accounts.capabilities import Capability
from prm.events.services import Actor
from prm.jobs.runners import JobFailed, Progress, runner
from prm.tenancy.models import Tenant
from prm.web.exports import csv_lines


@runner(
    FILES,
    label=_("Make the bank files of a payout run"),
    capability=Capability.SETTLE_PAYOUTS,
    stoppable=False,
    unit=_("payments"),
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
        except NoAchHead as error:
            raise JobFailed(
                gettext("Enter what your bank wants in files for the US first.")
            ) from error
        except NotForAch as error:
            raise JobFailed(
                gettext(
                    "A payment is too large for a US bank file. Ask its partner for another way."
                )
            ) from error
        except RunNotInState as error:
            raise JobFailed(gettext("The run is not approved.")) from error
        count = payouts_of(run.id).count()
        progress.advance(count, count)
    progress.finish({"payments": count, "files": len(kinds)})


@runner(
    STATEMENTS,
    label=_("Statements of a payout run"),
    capability=Capability.ISSUE_STATEMENTS,
    unit=_("payments"),
)
def make_run_statements(progress: Progress) -> None:
    """Pack the statement of every payment of a run as PDF and CSV, with a list that says which is where and why not.

    One transaction each; after a kill the issued ones are found again by their payment or run and the made PDFs on
    disk.
    """
    run_id = UUID(progress.params["run_id"])
    until_on = date.fromisoformat(progress.params["until_on"])
    actor = Actor(progress.started_by_id)
    with progress.scope():
        run = PayoutRun.objects.get(id=run_id)
        language = Tenant.objects.get(id=progress.tenant_id).language
        payouts = list(payouts_of(run_id).order_by("number"))
    found: dict[UUID, Statement] = {}
    with (
        progress.temporary_file(".zip") as target,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
    ):
        for done, payout in enumerate(payouts, start=1):
            if progress.should_stop():
                return
            with progress.scope():
                statement = statement_for(payout, until_on=until_on, actor=actor, at=timezone.now())
                progress.advance(done, len(payouts))
            if statement:
                found[payout.id] = statement
                # In a transaction of its own: a statement stays issued when its PDF fails.
                with progress.scope():
                    _pack(archive, statement)
        with progress.scope(), translation.override(language):
            rows = contents_rows(payouts, found)
            archive.writestr(
                f"{run.number}-contents.csv", "".join(csv_lines(contents_header(), rows))
            )
        archive.close()
        result = {"statements": len(found), "without_statement": len(payouts) - len(found)}
        if progress.attempt > 1:
            result["resumed"] = progress.attempt - 1
        progress.finish(result, target, f"{run.number}-statements.zip")


def _pack(archive: zipfile.ZipFile, statement: Statement) -> None:
    archive.write(keep_pdf(statement), f"{statement.number}.pdf")
    archive.write(keep_csv(statement), f"{statement.number}.csv")
