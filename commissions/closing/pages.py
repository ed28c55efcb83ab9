"""What the pages of the books show."""

from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext

from commissions.adjustments.selectors import NoRate, restated
from commissions.closing.chart import report_names
from commissions.closing.liability import CurrencyView, Liability
from commissions.closing.models import PeriodReport
from commissions.closing.rules import REPORTS
from commissions.closing.selectors import Month, checks
from commissions.closing.wording import check_title, check_words, month_name, month_of
from commissions.ledger.models import ClosedPeriod
from prm.money import Money
from prm.web.formats import day_text, money_text, number_text
from prm.web.parts import Stat


@dataclass(frozen=True)
class CheckLine:
    """One check as the page shows it; tone ok, warn or bad."""

    title: str
    text: str
    tone: str
    word: str


@dataclass(frozen=True)
class ReportLine:
    """One report of a month, its page and what it hashed to when the month was closed."""

    kind: str
    name: str
    url: str
    row_count: str
    digest: str


@dataclass(frozen=True)
class MonthPage:
    """One month: whether it is closed, what was looked at, its totals per currency, its reports."""

    month: Month
    name: str
    checks: list[CheckLine]
    may_close: bool
    totals: list[tuple[str, list[Stat]]]
    reports: list[ReportLine]


def month_page(month: Month, *, now: datetime) -> MonthPage:
    """Return what a person sees of a month."""
    # That the books had begun is said only of months before them.
    found = (
        []
        if month.closed
        else [
            check
            for check in checks(month.period, now=now)
            if check.code != "booked" or not check.is_fine
        ]
    )
    return MonthPage(
        month=month,
        name=month_name(month.period),
        checks=[
            CheckLine(
                check_title(check),
                check_words(check),
                "ok" if check.is_fine else "bad" if check.stops else "warn",
                gettext("Fine")
                if check.is_fine
                else gettext("In the way")
                if check.stops
                else gettext("Look at it"),
            )
            for check in found
        ],
        may_close=month.closed is None
        and not any(check.stops and not check.is_fine for check in found),
        totals=[
            (currency, _total_stats(currency, parts))
            for currency, parts in sorted(month.totals.items())
        ],
        reports=_reports(month.period, month.closed),
    )


def _total_stats(currency: str, parts: dict[str, int]) -> list[Stat]:
    words = (
        ("earned", gettext("Earned"), gettext("commissions booked in the month")),
        ("taken_back", gettext("Taken back"), gettext("refunds and corrections")),
        ("paid", gettext("Paid"), gettext("settled by the bank")),
        ("returned", gettext("Returned"), gettext("came back from the bank")),
        ("other", gettext("Other"), gettext("conversions, write-offs, taxes")),
        ("owed", gettext("Owed at its end"), gettext("on hold, payable and under way")),
    )
    return [Stat(label, money_text(parts[part], currency), note) for part, label, note in words]


def _reports(period: int, closed: ClosedPeriod | None) -> list[ReportLine]:
    proofs = {row.kind: row for row in PeriodReport.objects.filter(period=closed)} if closed else {}
    names = report_names()
    return [
        ReportLine(
            kind,
            names[kind],
            reverse("commissions:month-report", kwargs={"period": period, "report": kind}),
            number_text(proofs[kind].row_count) if kind in proofs else "",
            proofs[kind].digest if kind in proofs else "",
        )
        for kind in REPORTS
    ]


@dataclass(frozen=True)
class Restated:
    """What is owed in all currencies, in one: a figure to read, with the rates it was made with."""

    title: str
    text: str
    tone: str


def restated_owed(answer: Liability, currency: str) -> Restated:
    """Return the restated total, or which rate is missing; nothing is guessed."""
    amounts = [Money(view.total.owed, view.total.currency) for view in answer.currencies]
    try:
        total, rates = restated(amounts, currency, answer.as_of.on)
    except NoRate as missing:
        return Restated(
            gettext("Not restated: a rate is missing"),
            gettext(
                "There is none from %(from)s to %(to)s of %(day)s or the week before."
                " Enter it under Exchange rates."
            )
            % {
                "from": missing.from_currency,
                "to": missing.to_currency,
                "day": day_text(missing.on, "medium"),
            },
            "warn",
        )
    used = ", ".join(
        f"{row.from_currency}/{row.to_currency} {row.rate.normalize():f}"
        f" ({row.source}, {day_text(row.rated_on, 'medium')})"
        for row in rates
    )
    return Restated(
        gettext("Restated: %(amount)s owed in all currencies")
        % {"amount": money_text(total.minor, total.currency)},
        gettext("To read, not to book. Rates: %(rates)s") % {"rates": used}
        if used
        else gettext("Everything is owed in this currency."),
        "info",
    )


@dataclass(frozen=True)
class LiabilityPart:
    """One currency of what is owed: its parts, their ages, what leaves its hold."""

    currency: str
    stats: list[Stat]
    ages: list[tuple[str, str]]
    coming: list[tuple[str, str]]


def liability_parts(answer: Liability) -> list[LiabilityPart]:
    """Return the figures of each currency in the reader's form."""
    return [
        LiabilityPart(
            view.total.currency,
            _owed_stats(view),
            _ages(view),
            _coming(view),
        )
        for view in answer.currencies
    ]


def _owed_stats(view: CurrencyView) -> list[Stat]:
    def money(minor: int) -> str:
        return money_text(minor, view.total.currency)

    total = view.total
    stats = [
        Stat(gettext("Owed"), money(total.owed), gettext("to all partners together")),
        Stat(gettext("On hold"), money(total.pending), gettext("earned, hold not over")),
        Stat(gettext("Payable"), money(total.payable), gettext("for the next run")),
        Stat(gettext("In payout"), money(total.in_payout), gettext("approved, not settled yet")),
    ]
    if total.disputed:
        stats.append(Stat(gettext("Disputed"), money(total.disputed), gettext("until answered")))
    if total.deferred:
        note = gettext("from later payouts")
        stats.append(Stat(gettext("Deducted later"), money(total.deferred), note))
    return stats


def _ages(view: CurrencyView) -> list[tuple[str, str]]:
    words = (
        gettext("Up to 30 days"),
        gettext("31 to 60 days"),
        gettext("61 to 90 days"),
        gettext("More than 90 days"),
    )
    rows = [
        (word, money_text(minor, view.total.currency))
        for word, minor in zip(words, view.ages, strict=True)
    ]
    if view.below_zero:
        rows.append(
            (
                gettext("Below zero, owed by partners"),
                money_text(view.below_zero, view.total.currency),
            )
        )
    return [*rows, (gettext("Payable"), money_text(view.total.payable, view.total.currency))]


def _coming(view: CurrencyView) -> list[tuple[str, str]]:
    def money(minor: int) -> str:
        return money_text(minor, view.total.currency)

    rows = [(gettext("Hold over, not released"), money(view.due))] if view.due else []
    for place, row in enumerate(view.coming):
        if row.minor and row.month:
            last = place == len(view.coming) - 1
            name = month_of(row.month)
            rows.append(
                (
                    gettext("%(month)s or later") % {"month": name} if last else name,
                    money(row.minor),
                )
            )
    if view.undated:
        rows.append((gettext("Without a date"), money(view.undated)))
    return [*rows, (gettext("On hold"), money(view.total.pending))]
