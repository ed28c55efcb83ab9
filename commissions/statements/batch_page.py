"""What the page of a batch of statements shows."""

from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy, ngettext

from commissions.statements.batches import BatchOutcome, NotIssued
from prm.jobs.models import Job, JobState
from prm.jobs.selectors import LIVE
from prm.web.formats import day_text, number_text
from prm.web.parts import Stat
from prm.web.tables import Column, Table, ident

REASONS = {
    "later": gettext_lazy("A statement up to a later day exists already"),
    "books": gettext_lazy("The lines do not add up to the books; prove the ledger first"),
    "unexpected": gettext_lazy("Something unexpected happened; the log of the worker names it"),
    "gave_up": gettext_lazy("The worker died several times while doing this"),
}
# A page is no report; the reasons of the others are alike.
SHOWN = 200


class NotIssuedTable(Table):
    """Who of a batch got no statement."""

    caption = gettext_lazy("Not issued")
    partner = Column(gettext_lazy("Partner"), row_header=True)
    currency = Column(gettext_lazy("Currency"), priority=2)
    reason = Column(gettext_lazy("Why"))

    def render_partner(self, record: NotIssued) -> Any:
        url = reverse("partners:partner-detail", kwargs={"partner_id": record.partner_id})
        return ident(record.partner, url, hue=record.partner_id, narrow=record.currency)

    def render_reason(self, record: NotIssued) -> str:
        return str(REASONS[record.reason])


def batch_page(job: Job, outcome: BatchOutcome) -> dict[str, Any]:
    """Return what the template writes."""
    statements = reverse("commissions:manage-statement-list") + f"?batch={job.id}"
    return {
        "job": job,
        "running": job.state in LIVE,
        "ended": job.state == JobState.DONE,
        "until": day_text(outcome.until_on),
        "stats": [
            Stat(gettext("Issued"), number_text(outcome.issued)),
            Stat(gettext("Seen by the partner"), number_text(outcome.seen)),
            Stat(gettext("Not issued"), number_text(len(outcome.failed))),
        ],
        "statements_url": statements,
        "unseen_url": statements + "&seen=no",
        "issued": outcome.issued,
        "unseen": outcome.issued - outcome.seen,
        "table": NotIssuedTable(outcome.failed[:SHOWN]) if outcome.failed else None,
        "cut": ngettext(
            "%(count)s more is not shown.",
            "%(count)s more are not shown.",
            len(outcome.failed) - SHOWN,
        )
        % {"count": number_text(len(outcome.failed) - SHOWN)}
        if len(outcome.failed) > SHOWN
        else "",
        "languages": [(code, gettext(str(name))) for code, name in settings.LANGUAGES],
    }
