"""Lists of imports, and of what is said about an import's rows."""

from typing import Any

from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from prm.web.tables import (
    BadgeColumn,
    Column,
    MomentColumn,
    MoneyColumn,
    NumberColumn,
    Table,
    ident,
)
from referrals.imports.models import Import, ImportProblem, ImportState
from referrals.imports.words import SEVERITIES, problem_words

STATE_TONES: dict[str, str] = {
    ImportState.COMMITTED: "ok",
    ImportState.FAILED: "bad",
    ImportState.CHECKED: "accent",
    ImportState.CHECKING: "info",
    ImportState.COMMITTING: "info",
    ImportState.UNDOING: "info",
}


class ImportTable(Table):
    """Files that were taken in."""

    caption = _("Imports, newest first")
    file = Column(_("File"), row_header=True, accessor="file_name")
    program = Column(_("Program"), priority=3, accessor="program__name")
    rows = NumberColumn(_("Rows"), priority=2, accessor="row_count")
    who = Column(_("Started by"), priority=3, accessor="started_by", css="muted")
    when = MomentColumn(_("Started"), priority=2, accessor="created_at", sort="created")
    state = BadgeColumn(_("State"), tones=STATE_TONES, labels=dict(ImportState.choices))

    def render_file(self, record: Import) -> SafeString:
        url = reverse("referrals:import-detail", kwargs={"import_id": record.id})
        return ident(record.file_name, url, hue=record.id, narrow=record.program.name, mark=False)


class ProblemTable(Table):
    """What is said about rows."""

    caption = _("Rows with something to say about them, in the file's order")
    line = NumberColumn(_("Line"), sort="line")
    reason = Column(_("Reason"), row_header=True, accessor="code")
    column = Column(_("Column"), priority=2)
    value = Column(_("In the file"), priority=2)
    severity = BadgeColumn(
        _("Result"), tones={"error": "bad", "skipped": "warn", "warning": "ok"}, labels=SEVERITIES
    )

    def render_reason(self, record: ImportProblem) -> str:
        return problem_words(record.code)


class PartnerTallyTable(Table):
    """How many rows go to which partner."""

    caption = _("Partners of the import, most rows first")
    name = Column(_("Partner"), row_header=True)
    new = BadgeColumn(
        _("Is"),
        priority=2,
        tones={"yes": "accent"},
        labels={"yes": _("New"), "no": _("There already")},
    )
    rows = NumberColumn(_("Referrals"))
    won = NumberColumn(pgettext_lazy("several referrals", "Won"), priority=2)
    deal_minor = MoneyColumn(_("Revenue"))


def partner_rows(report: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a report's partners as the table takes them."""
    return [
        {**partner, "new": "yes" if partner["new"] else "no", "currency": report["currency"]}
        for partner in report.get("partners", [])
    ]
