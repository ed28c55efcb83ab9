"""Parts of the earnings pages in the shapes that components take."""

from collections.abc import Sequence
from datetime import date

from django.urls import reverse
from django.utils.translation import gettext, ngettext

from commissions.accruals.models import Clawback, Release
from commissions.earnings.lines import PAID as PAID_STATE
from commissions.earnings.lines import Line
from commissions.earnings.selectors import COUNTED, IN_KIND, IN_PROGRESS, PAID, REVERSED
from commissions.ledger.selectors import PartnerBalance
from prm.money import currency_exponent
from prm.web.charts import Bar, Chart, bar_chart
from prm.web.counts import count_text
from prm.web.formats import day_text, money_compact, money_text
from prm.web.parts import Entry, Link, Tab


def balance_parts(balance: PartnerBalance) -> list[tuple[str, str, str]]:
    """Return the bar of ready, on hold and in payout: tone, width and offset in percent."""
    amounts = [("", balance.payable), ("soft", balance.pending), ("info", balance.in_payout)]
    shown = [(tone, minor) for tone, minor in amounts if minor > 0]
    whole = sum(minor for _, minor in shown)
    parts, offset = [], 0.0
    gap = 0.6
    room = 100 - gap * max(len(shown) - 1, 0)
    for tone, minor in shown:
        width = room * minor / whole
        parts.append((tone, f"{width:.2f}", f"{offset:.2f}"))
        offset += width + gap
    return parts


def made_of_words(commissions: int, prizes: int) -> str:
    """Return what a payment is made of; empty when nothing of it can be named."""
    one = ngettext("%(count)s commission", "%(count)s commissions", commissions)
    other = ngettext("%(count)s prize", "%(count)s prizes", prizes)
    parts = {
        "commissions": one % {"count": count_text(commissions, bound=COUNTED)},
        "prizes": other % {"count": count_text(prizes, bound=COUNTED)},
    }
    if commissions and prizes:
        return gettext("from %(commissions)s and %(prizes)s") % parts
    known = parts["commissions"] if commissions else parts["prizes"] if prizes else ""
    return gettext("from %(what)s") % {"what": known} if known else ""


def tabs_of(view: str, counts: dict[str, int], currency: str) -> list[Tab]:
    """Return the views of the list with their counts."""
    labels = {
        IN_PROGRESS: gettext("In progress"),
        PAID: gettext("Paid"),
        REVERSED: gettext("Reversed"),
        IN_KIND: gettext("Not in money"),
    }
    base = reverse("commissions:earnings")
    return [
        Tab(
            label,
            f"{base}?currency={currency}&view={name}",
            current=name == view,
            count=count_text(counts[name], bound=COUNTED),
        )
        for name, label in labels.items()
        if name != IN_KIND or counts[name] or name == view
    ]


def more_links(currency: str, *, manages: bool, chooses: bool, has_rewards: bool) -> list[Link]:
    """Return what else stands around a partner's earnings: choices, shares, files.

    manages: whether the reader looks after the partner's people; has_rewards: whether those may earn for themselves.
    """
    links = []
    if chooses:
        links.append(
            Link(
                gettext("Money or something else"),
                reverse("commissions:reward-choice-list"),
                "swap",
            )
        )
    if manages:
        links.append(
            Link(gettext("Shares of your people"), reverse("commissions:team-split-list"), "people")
        )
    if manages and has_rewards:
        links.append(
            Link(gettext("Rewards for your people"), reverse("commissions:rep-rewards"), "people")
        )
    export = f"{reverse('commissions:earnings-export')}?currency={currency}"
    return [
        *links,
        Link(gettext("Export as CSV"), f"{export}&format=csv", "file"),
        Link(gettext("Export as Excel"), f"{export}&format=xlsx", "file"),
    ]


def month_chart(months: Sequence[tuple[date, int]], currency: str) -> Chart:
    """Return the columns of what was paid by month."""
    scale = 10 ** currency_exponent(currency)
    total = sum(minor for _, minor in months)
    this_year = sum(minor for month, minor in months if month.year == months[-1][0].year)
    bars = [
        Bar(
            day_text(month, "short").split("\xa0")[-1],
            day_text(month, "month"),
            minor / scale,
            open=month == months[-1][0],
        )
        for month, minor in months
    ]
    return bar_chart(
        bars,
        heading=gettext("Paid by month"),
        finding=gettext("%(total)s in the last 12 months, %(year_total)s of it in %(year)s.")
        % {
            "total": money_text(total, currency),
            "year_total": money_text(this_year, currency),
            "year": str(months[-1][0].year),
        },
        head=[gettext("Month"), gettext("Paid")],
        words=lambda value: money_text(round(value * scale), currency),
        axis_words=lambda value: money_compact(round(value * scale), currency),
        key=[("", gettext("Paid")), ("soft", gettext("This month so far"))],
    )


def history_of(line: Line, clawbacks: Sequence[Clawback]) -> list[Entry]:
    """Return what happened to a reward, newest first."""
    currency = line.currency
    entries = [
        Entry(
            gettext("Earned: %(amount)s")
            % {"amount": money_text(line.accrual.amount_minor, currency)},
            line.accrual.earned_at,
            icon="check",
        )
    ]
    for row in clawbacks:
        text = (
            gettext("%(amount)s taken back because the customer's payment was refunded")
            if row.refund_id or not row.reason
            else gettext("%(amount)s taken back by a correction")
        )
        entries.append(
            Entry(
                text % {"amount": money_text(row.amount_minor, currency)},
                row.at,
                icon="minus",
                tone="bad",
                note=row.reason,
            ),
        )
    release = Release.objects.filter(accrual_id=line.id).first()
    if release is not None and release.amount_minor:
        entries.append(Entry(gettext("Hold ended, ready for payout"), release.at, icon="clock"))
    if line.payout is not None:
        approved = line.payout.run.approved_at
        if approved:
            entries.append(
                Entry(
                    gettext("In payout %(number)s") % {"number": line.payout.number},
                    approved,
                    icon="bank",
                )
            )
        if line.state == PAID_STATE and line.payout.settled_at:
            entries.append(Entry(gettext("Paid"), line.payout.settled_at, icon="done", tone="ok"))
        if line.payout.returned_at:
            entries.append(
                Entry(
                    gettext("The bank sent the payment back"),
                    line.payout.returned_at,
                    icon="minus",
                    tone="bad",
                    note=line.payout.return_reason,
                )
            )
    # What came of something stands above it, also when both are of one moment.
    return sorted(entries, key=lambda entry: entry.at)[::-1]
