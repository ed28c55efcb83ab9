"""Lists of answers of banks, and of their rows."""

from collections import Counter
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from commissions.results.models import Match, ResultFile, ResultRow, ResultState
from commissions.results.wording import (
    MATCH_TONES,
    match_words,
    note_words,
    outcome_words,
    shape_words,
)
from prm.web.formats import day_text, number_text
from prm.web.tables import Column, DayColumn, MoneyColumn, Table, badge, ident, two_lines


def unmatched_words(counts: Counter[str]) -> str:
    """Say how many rows of how many nobody could match."""
    total, left = sum(counts.values()), counts[Match.UNMATCHED]
    if not left:
        return ngettext("%(count)s row, all matched", "%(count)s rows, all matched", total) % {
            "count": number_text(total)
        }
    return gettext("%(left)s of %(total)s rows not matched") % {
        "left": number_text(left),
        "total": number_text(total),
    }


class ResultFileTable(Table):
    """Answers of banks, newest first."""

    caption = _("Answers of banks, newest first")
    file_name = Column(_("File"), row_header=True)
    rows_read = Column(_("Rows"), priority=2, empty_values=())
    read_at = DayColumn(_("Read"), priority=3)
    state = Column(_("State"), empty_values=())

    def __init__(self, rows: Any, *, counts: dict[UUID, Counter[str]], **options: Any) -> None:
        self.counts = counts
        super().__init__(rows, **options)

    def render_file_name(self, record: ResultFile) -> SafeString:
        url = reverse("commissions:result-detail", kwargs={"file_id": record.id})
        return ident(
            record.file_name,
            url,
            sub=shape_words(record.shape),
            narrow=unmatched_words(self.counts[record.id]),
            mark=False,
        )

    def render_rows_read(self, record: ResultFile) -> str:
        return unmatched_words(self.counts[record.id])

    def render_state(self, record: ResultFile) -> SafeString:
        if record.state == ResultState.APPLIED:
            return badge(gettext("Booked"), "ok")
        return badge(gettext("Not booked yet"), "warn")


class ResultRowTable(Table):
    """The rows of one answer, in the file's order."""

    caption = _("Rows of the file, in its order")
    reference = Column(_("Reference"), row_header=True, empty_values=())
    outcome = Column(_("Says"), priority=2)
    booked_on = DayColumn(_("Day"), priority=3)
    amount_minor = MoneyColumn(_("Amount"), css="strong")
    match = Column(_("Meaning"))

    def render_reference(self, record: ResultRow) -> SafeString:
        says = outcome_words(record.outcome)
        partner = record.payout.partner.name if record.payout else ""
        url = (
            reverse("commissions:payout-detail", kwargs={"payout_id": record.payout_id})
            if record.payout_id
            else ""
        )
        day = day_text(record.booked_on, "short") if record.booked_on else ""
        narrow = ", ".join(filter(None, [says, day]))
        return ident(
            record.reference or gettext("No reference"), url, sub=partner, narrow=narrow, mark=False
        )

    def render_outcome(self, record: ResultRow) -> str:
        return outcome_words(record.outcome)

    def render_match(self, record: ResultRow) -> SafeString:
        word = (
            gettext("Booked")
            if record.applied_at and not record.problem
            else match_words(record.match)
        )
        return two_lines(badge(word, MATCH_TONES[Match(record.match)]), note_words(record))
