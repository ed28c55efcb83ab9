"""Lists of cases and of held referrals."""

from typing import Any

from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from prm.web.formats import day_text
from prm.web.tables import BadgeColumn, Column, DayColumn, MomentColumn, Table, badge, ident
from referrals.attribution.models import UNDECIDED, CaseState
from referrals.attribution.wording import rule_name

TONES = {
    CaseState.OPEN.value: "info",
    CaseState.DECIDED.value: "ok",
    CaseState.APPEALED.value: "warn",
    CaseState.FINAL.value: "",
}
LABELS = dict(CaseState.choices)


def due_mark(row: Any, now: Any) -> SafeString | str:
    """Return until when a case is decided, with a word when that is over; a dash once it is decided."""
    if row.state not in UNDECIDED:
        return "–"
    if row.due_at <= now:
        return badge(gettext("Overdue"), "bad", "clock")
    return day_text(row.due_at, "medium")


class StaffCaseTable(Table):
    """What the vendor's people see of all cases."""

    caption = _("Cases, newest first")
    by_clock = _("Cases, the most urgent first")
    company = Column(_("Case"), row_header=True)
    opened_by = Column(_("Opened by"), priority=2)
    state = BadgeColumn(_("State"), tones=TONES, labels=LABELS)
    due = Column(_("Decide by"), accessor="due_at")
    assignee = Column(_("Decides"), priority=3, css="muted")
    opened = DayColumn(_("Opened"), priority=3, sort="opened", accessor="opened_at")

    def __init__(self, rows: Any, *, names: dict[Any, str], now: Any, **options: Any) -> None:
        super().__init__(rows, **options)
        self.names, self.now = names, now

    def render_company(self, record: Any) -> SafeString:
        return ident(
            record.referral.company,
            reverse("referrals:manage-case-detail", kwargs={"case_id": record.id}),
            sub=record.number,
            hue=record.id,
            narrow=self.names.get(record.opened_by_id, ""),
        )

    def render_opened_by(self, record: Any) -> str:
        return self.names.get(record.opened_by_id, "")

    def render_due(self, record: Any) -> SafeString | str:
        return due_mark(record, self.now)


class PartyCaseTable(Table):
    """What a partner sees of the cases it is party to."""

    caption = _("Your cases, newest first")
    company = Column(_("Case"), row_header=True)
    state = BadgeColumn(_("State"), tones=TONES, labels=LABELS)
    due = Column(_("Decision due"), accessor="due_at")
    rule = Column(_("Rule"), priority=2)
    opened = DayColumn(_("Opened"), priority=3, sort="opened", accessor="opened_at")

    def __init__(self, rows: Any, *, now: Any, **options: Any) -> None:
        super().__init__(rows, **options)
        self.now = now

    def render_company(self, record: Any) -> SafeString:
        return ident(
            record.company,
            reverse("referrals:case-detail", kwargs={"case_id": record.case_id}),
            sub=record.number,
            hue=record.case_id,
        )

    def render_due(self, record: Any) -> SafeString | str:
        return due_mark(record, self.now)

    def render_rule(self, record: Any) -> str:
        return rule_name(record.rule) if record.rule else "–"


class HoldTable(Table):
    """Referrals that wait for a person."""

    caption = _("Held referrals, longest first")
    company = Column(_("Referral"), row_header=True)
    partner = Column(_("Partner"), priority=2)
    signs = Column(_("Signs"), accessor="id")
    since = MomentColumn(_("Since"), priority=2, accessor="placed_at")

    def __init__(self, rows: Any, *, signs_of: dict[Any, str], **options: Any) -> None:
        super().__init__(rows, **options)
        self.signs_of = signs_of

    def render_company(self, record: Any) -> SafeString:
        return ident(
            record.referral.company,
            reverse("referrals:manage-hold", kwargs={"referral_id": record.referral_id}),
            sub=record.referral.number,
            hue=record.referral_id,
            narrow=record.referral.partner.name,
        )

    def render_partner(self, record: Any) -> str:
        return str(record.referral.partner.name)

    def render_signs(self, record: Any) -> str:
        return self.signs_of.get(record.referral_id) or gettext("Held by a person")
