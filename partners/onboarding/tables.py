"""Lists of onboarding."""

from typing import Any

from django.urls import reverse
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from partners.applications.models import ApplicationState
from partners.onboarding.selectors import page_url, step_title
from prm.web.formats import day_text
from prm.web.tables import (
    AgoColumn,
    BadgeColumn,
    Column,
    DayColumn,
    Html,
    NumberColumn,
    Table,
    ident,
)

APPLICATION_TONES: dict[str, str] = {
    ApplicationState.SUBMITTED: "info",
    ApplicationState.INFO_ASKED: "warn",
    ApplicationState.APPROVED: "ok",
}


class WaitingTable(Table):
    """Steps that wait for approval."""

    caption = _("Steps to look at, longest waiting first")
    partner = Column(_("Partner"), row_header=True)
    step = Column(_("Step"), priority=2)
    track = Column(_("Program"), accessor="run__program__name", priority=3)
    changed_at = AgoColumn(_("Handed in"))

    def render_partner(self, record: Any) -> Html:
        """Name the partner and lead to what it handed in."""
        url = reverse("partners:onboarding-review", kwargs={"done_id": record.id}) + "?from=queue"
        title = step_title(record.step, get_language() or "en")
        return ident(record.run.partner.name, url, hue=record.run.partner_id, narrow=title)

    def render_step(self, record: Any) -> Html:
        """Name the step."""
        return step_title(record.step, get_language() or "en")


class ApplicationRows(Table):
    """Applications that a number of the funnel counts."""

    caption = _("Applications behind this number, newest first")
    company = Column(_("Company"), row_header=True)
    program = Column(_("Program"), accessor="program__name", priority=3)
    source = Column(_("Source"), priority=2)
    state = BadgeColumn(
        _("State"), tones=APPLICATION_TONES, labels=dict(ApplicationState.choices), priority=2
    )
    submitted_at = DayColumn(_("Applied"))

    def render_company(self, record: Any) -> Html:
        """Name who applied; a partner leads to its page, anybody else to the application."""
        url = (
            reverse("partners:partner-detail", kwargs={"partner_id": record.partner_id})
            if record.partner_id
            else page_url("partners:application-detail", application_id=record.id)
            or page_url("partners:application-list")
        )
        narrow = " · ".join(filter(None, [record.source, record.get_state_display()]))
        return ident(
            record.company or record.email, url, sub=record.number, hue=record.id, narrow=narrow
        )


class VisitRows(Table):
    """Days of page visits that a number of the funnel sums."""

    caption = _("Days behind this number, newest first")
    day = DayColumn(_("Day"), row_header=True)
    program = Column(_("Program"), accessor="program__name", priority=3)
    source = Column(_("Source"))
    campaign = Column(_("Campaign"), priority=2)
    count = NumberColumn(_("How often"))


class EntitlementTable(Table):
    """What partners have earned beside commissions."""

    caption = _("Rewards, newest first")
    partner = Column(_("Partner"), row_header=True)
    words = Column(_("Reward"))
    program = Column(_("Program"), accessor="program__name", priority=3)
    earned_at = DayColumn(_("Earned"), priority=2, sort="earned")
    given = Column(_("Given"), accessor="fulfilled_at", priority=2)

    def render_partner(self, record: Any) -> Html:
        """Name the partner and lead to the reward."""
        url = reverse("partners:entitlement-detail", kwargs={"entitlement_id": record.id})
        return ident(
            record.partner.name, url, hue=record.partner_id, narrow=day_text(record.earned_at)
        )

    def render_given(self, record: Any) -> Html:
        """Say when it was given."""
        if record.fulfilled_at is None:
            return gettext("To give")
        return day_text(record.fulfilled_at, "medium")
