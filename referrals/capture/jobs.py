"""The long work of capture: a partner's file of referrals."""

from datetime import datetime
from itertools import islice

from django.utils.translation import gettext_lazy as _

from prm.accounts.capabilities import Capability
from prm.accounts.models import User
from prm.events.services import Actor
from prm.jobs.runners import Progress, runner
from prm.tenancy.models import Tenant
from referrals.capture.bulk import Outcome, finish_bulk_file, sent_rows, write_outcomes
from referrals.capture.models import BulkSubmission

CHUNK = 50


@runner(
    "referral.bulk",
    label=_("Send a file of referrals"),
    capability=Capability.SEE_REFERRALS,
    stoppable=False,
    unit=_("rows"),
    onward=_("See the referrals"),
)
def send_file(progress: Progress) -> None:
    """Submit the rows in chunks; each has a key of its own, so that a killed run just begins again."""
    at = datetime.fromisoformat(progress.params["at"])
    found: list[Outcome] = []
    with progress.scope():
        submission = BulkSubmission.objects.select_related("program").get(
            id=progress.params["submission"]
        )
        vendor = Tenant.objects.only("name").get(id=progress.tenant_id).name
        person = User.objects.get(id=submission.created_by_id)
    actor = Actor(user_id=person.id, name=str(person))
    while True:
        with progress.scope():
            after = found[-1].line if found else 0
            rows = sent_rows(submission, actor=actor, at=at, vendor=vendor, after=after)
            chunk = list(islice(rows, CHUNK))
            found += chunk
            progress.advance(len(found), submission.row_count)
        if len(chunk) < CHUNK:
            break
    with progress.temporary_file(".csv") as path:
        counts = write_outcomes(path, submission.program, found)
        progress.finish(
            {
                "sent": counts["accepted"],
                "there_already": counts["there_already"],
                "error": counts["error"],
            },
            path,
            "referrals-result.csv",
        )
    with progress.scope():
        finish_bulk_file(submission_id=submission.id, counts=counts, actor=actor, at=at)
