"""Lists of applications and prospects."""

from datetime import datetime
from typing import Any

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from partners.applications.models import ApplicationState, Prospect, ProspectState
from partners.applications.queue import Row
from prm.accounts.models import Invitation
from prm.web.choices import country_name
from prm.web.marks import ago_mark, day_mark
from prm.web.tables import (
    AgoColumn,
    BadgeColumn,
    Column,
    Html,
    NumberColumn,
    Table,
    badge,
    ident,
    two_lines,
)

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


PROSPECT_TONES: dict[str, str] = {
    ProspectState.NEW: "",
    ProspectState.CONTACTED: "",
    ProspectState.INVITED: "warn",
    ProspectState.APPLIED: "warn",
    ProspectState.PARTNER: "ok",
    ProspectState.DROPPED: "",
}


class ProspectTable(Table):
    """Organisations that could become partners."""

    caption = _("Prospects")
    company = Column(_("Prospect"), row_header=True)
    state = BadgeColumn(_("State"), tones=PROSPECT_TONES, labels=dict(ProspectState.choices))
    fit = NumberColumn(_("Fit"), sort="fit")
    source = Column(_("Source"), priority=3)
    owner = Column(_("Owner"), priority=3)

    def render_company(self, record: Prospect) -> Html:
        """Name the company, its type and country, and lead to its page."""
        kind = record.get_type_display()
        sub = f"{kind} · {country_name(record.country)}" if record.country else kind
        url = reverse("partners:prospect-detail", kwargs={"prospect_id": record.id})
        return ident(record.company, url, sub=sub, hue=record.id)


class InvitationTable(Table):
    """Invitations to partners that wait for an answer."""

    caption = _("Open invitations, newest first")
    email = Column(_("Person"), row_header=True)
    partner_name = Column(_("Partner"), priority=2)
    sent_at = AgoColumn(_("Sent"), priority=2)
    state = Column(_("State"))
    actions = Column("", accessor="id")

    def __init__(self, *args: Any, csrf_token: str, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.token, self.now = csrf_token, now

    def render_email(self, record: Invitation) -> Html:
        """Name the person and the address."""
        return ident(
            record.name or record.email,
            sub=record.email if record.name else "",
            narrow=record.partner_name,
            person=True,
        )

    def render_state(self, record: Invitation) -> Html:
        """Tell whether the link still works, and whether a reminder went out."""
        if record.expires_at <= self.now:
            return badge(gettext("Expired"), "bad")
        if record.reminded_at:
            return badge(gettext("Reminded"), "warn")
        return badge(gettext("Waiting"))

    def render_actions(self, record: Invitation) -> Html:
        """Send again, take back."""
        context = {"invitation": record, "csrf_token": self.token}
        return render_to_string("partners/applications/invitation_actions.html", context)
