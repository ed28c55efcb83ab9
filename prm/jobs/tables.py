"""Lists of long work."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from prm.jobs.models import JobState
from prm.jobs.selectors import job_label
from prm.web.tables import AgoColumn, BadgeColumn, Column, Html, NumberColumn, Table, ident

TONES: dict[str, str] = {
    JobState.DONE: "ok",
    JobState.FAILED: "bad",
    JobState.RUNNING: "info",
    JobState.STOPPED: "warn",
}


class JobTable(Table):
    """Long work, newest first."""

    caption = _("Jobs, newest first")
    kind = Column(_("Job"), row_header=True)
    state = BadgeColumn(_("State"), tones=TONES, labels=dict(JobState.choices))
    done_count = NumberColumn(_("Done"), priority=2)
    starter = Column(_("Started by"), accessor="started_by", priority=2)
    created_at = AgoColumn(_("Started"), sort="started", priority=3)

    def render_kind(self, record: Any) -> Html:
        """Name the job and lead to its page."""
        url = reverse("job-detail", kwargs={"job_id": record.id})
        return ident(job_label(record.kind), url, mark=False)
