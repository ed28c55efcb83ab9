"""Issue everybody's statements; goes on where a killed worker stopped, because what was issued is not due any more."""

from datetime import date

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from commissions.statements.gathering import due_for_statement
from commissions.statements.pdf import keep_pdf
from commissions.statements.services import NothingToState, PeriodAlreadyStated, issue_statement
from prm.accounts.capabilities import Capability
from prm.events.services import Actor
from prm.jobs.runners import Progress, runner


@runner(
    "statements.issue",
    label=_("Issue statements"),
    capability=Capability.ISSUE_STATEMENTS,
    unit=_("statements"),
)
def issue_statements(progress: Progress) -> None:
    """Issue a statement to every partner and currency with movements up to params["until_on"]; one transaction each."""
    until_on = date.fromisoformat(progress.params["until_on"])
    actor = Actor(progress.started_by_id)
    with progress.scope():
        due = due_for_statement(until_on=until_on)
    done = int(progress.checkpoint.get("issued", 0))
    skipped = int(progress.checkpoint.get("skipped", 0))
    total = done + skipped + len(due)
    for partner_id, currency in due:
        if progress.should_stop():
            return
        with progress.scope():
            try:
                statement = issue_statement(
                    partner_id=partner_id,
                    currency=currency,
                    until_on=until_on,
                    actor=actor,
                    at=timezone.now(),
                )
                done += 1
            except (NothingToState, PeriodAlreadyStated):
                statement = None
                skipped += 1
            progress.save_checkpoint({"issued": done, "skipped": skipped})
            progress.advance(done + skipped, total)
        if statement:
            with progress.scope():
                keep_pdf(statement)
    progress.finish({"issued": done, "skipped": skipped})
