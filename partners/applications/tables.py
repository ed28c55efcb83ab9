"""Lists of applications and prospects."""

from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from partners.applications.models import ApplicationState
from partners.applications.queue import Row
from prm.web.marks import ago_mark, day_mark
from prm.web.tables import Column, Html, NumberColumn, Table, badge, ident, two_lines

STATE_TONES: dict[str, str] = {
    ApplicationState.SUBMITTED: "warn",
    ApplicationState.INFO_ASKED: "",
    ApplicationState.COURSE: "",
    ApplicationState.APPROVED: "ok",
    ApplicationState.DECLINED: "bad",
    ApplicationState.WITHDRAWN: "",
}


class ApplicationTable(Table):
    """Applications of one state."""

    caption = _("Applications")
    company = Column(_("Applicant"), row_header=True)
    program = Column(_("Program"), priority=2, accessor="application.program.name")
    score = NumberColumn(_("Score"), sort="score", accessor="application.score")
    source = Column(_("Source"), priority=3)
    alike = Column(_("Similar"), priority=2)
    sent = Column(_("Sent"), sort="sent", priority=2)
    due = Column(_("Decide by"), priority=2)

    def pick_label(self, record: Row) -> str:
        """Name the row's checkbox."""
        return record.application.company or record.application.name

    def pick_value(self, record: Row) -> str:
        """Send the application's id."""
        return str(record.id)

    def render_company(self, record: Row) -> Html:
        """Name company and person, and lead to the application."""
        row = record.application
        narrow = f"{row.program.name} · {gettext('Late')}" if record.is_late else row.program.name
        return ident(
            row.company or row.name,
            reverse("partners:application-detail", kwargs={"application_id": row.id}),
            sub=f"{row.name} · {row.email}",
            hue=row.id,
            narrow=narrow,
        )

    def render_source(self, record: Row) -> Html:
        """Tell where the visitor came from."""
        row = record.application
        return two_lines(row.source or gettext("Direct"), row.campaign)

    def render_alike(self, record: Row) -> Html:
        """Tell how many partners and applications look like the same company."""
        partners, others = len(record.likeness.partners), len(record.likeness.applications)
        if partners:
            words = ngettext("%(count)s partner", "%(count)s partners", partners)
            return badge(words % {"count": partners}, "warn", "warning")
        if others:
            words = ngettext("%(count)s application", "%(count)s applications", others)
            return badge(words % {"count": others})
        return "–"

    def render_sent(self, record: Row) -> Html:
        """Tell how old it is."""
        return ago_mark(record.application.submitted_at)

    def render_due(self, record: Row) -> Html:
        """Tell by when a decision was promised."""
        if record.is_late:
            return badge(gettext("Late"), "bad", "clock")
        return day_mark(record.application.due_at, "medium") if record.application.due_at else "–"
