"""Lists of months and of what is owed."""

from typing import Any

from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from commissions.closing.liability import Owed
from commissions.closing.selectors import Month
from commissions.closing.wording import month_name
from prm.web.formats import day_text, money_text, number_text
from prm.web.tables import Column, MoneyColumn, NumberColumn, Table, badge, ident, two_lines


def side_by_side(month: Month, part: str) -> str:
    """Return one part of a month's totals in every currency, never added."""
    return " · ".join(_in_each(_of(month, part)))


def _of(month: Month, part: str) -> dict[str, int]:
    """Return one part of a month's totals by currency, without those in which nothing moved."""
    return {
        currency: parts[part]
        for currency, parts in month.totals.items()
        if parts[part] or part == "owed"
    }


def _in_each(minors: dict[str, int]) -> list[str]:
    return [money_text(minor, currency, sign="code") for currency, minor in sorted(minors.items())]


def _one_below_the_other(minors: dict[str, int]) -> SafeString:
    return format_html_join(SafeString("<br>"), "{}", ((words,) for words in _in_each(minors)))


class MonthTable(Table):
    """Months of the books, newest first."""

    caption = _("Months of the books, newest first")
    period = Column(_("Month"), row_header=True)
    earned = Column(_("Earned"), end=True, priority=2, empty_values=())
    taken_back = Column(_("Taken back"), end=True, priority=3, empty_values=())
    paid = Column(_("Paid"), end=True, priority=2, empty_values=())
    other = Column(_("Returned and other"), end=True, priority=3, empty_values=())
    owed = Column(_("Owed at its end"), end=True, priority=2, empty_values=())
    transfer_count = NumberColumn(_("Entries"), priority=3)
    state = Column(_("State"), empty_values=())

    def render_period(self, record: Month) -> SafeString:
        url = reverse("commissions:month-detail", kwargs={"period": record.period})
        return ident(
            month_name(record.period), url, narrow=side_by_side(record, "owed"), mark=False
        )

    def render_earned(self, record: Month) -> SafeString:
        return _one_below_the_other(_of(record, "earned"))

    def render_taken_back(self, record: Month) -> SafeString:
        return _one_below_the_other(_of(record, "taken_back"))

    def render_paid(self, record: Month) -> SafeString:
        return _one_below_the_other(_of(record, "paid"))

    def render_other(self, record: Month) -> SafeString:
        """Show what the columns beside it leave open between one month's end and the next."""
        sums = {code: row["returned"] + row["other"] for code, row in record.totals.items()}
        return _one_below_the_other({code: minor for code, minor in sums.items() if minor})

    def render_owed(self, record: Month) -> SafeString:
        return _one_below_the_other(_of(record, "owed"))

    def render_state(self, record: Month) -> SafeString:
        if record.closed:
            note = gettext("on %(day)s") % {"day": day_text(record.closed.closed_at, "medium")}
            return two_lines(badge(gettext("Closed"), "ok"), note)
        if not record.is_over:
            return badge(gettext("Running"), "")
        tone = "warn" if record.is_next else ""
        return badge(gettext("To close") if record.is_next else gettext("Open"), tone)


class OwedTable(Table):
    """What is owed to each partner, in one currency each row."""

    caption = _("Owed to partners, largest first")
    name = Column(_("Partner"), row_header=True, empty_values=())
    pending = MoneyColumn(_("On hold"), accessor="balance__pending", currency="balance__currency")
    payable = MoneyColumn(
        _("Payable"), accessor="balance__payable", currency="balance__currency", priority=2
    )
    in_payout = MoneyColumn(
        _("In payout"), accessor="balance__in_payout", currency="balance__currency", priority=3
    )
    disputed = MoneyColumn(
        _("Disputed"), accessor="balance__disputed", currency="balance__currency", priority=3
    )
    owed = MoneyColumn(
        _("Owed"), accessor="balance__owed", currency="balance__currency", css="strong"
    )

    def render_name(self, record: Owed) -> SafeString:
        url = reverse("partners:partner-detail", kwargs={"partner_id": record.partner_id})
        return ident(record.name, url, sub=record.balance.currency, mark=False)


def count_words(rows: list[Any], shown: int) -> str:
    """Return how many of the rows are shown."""
    return gettext("The largest %(shown)s of %(count)s. The file has all of them.") % {
        "shown": number_text(shown),
        "count": number_text(len(rows)),
    }
