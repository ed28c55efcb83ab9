"""The manager's dashboard: tiles, what to do today, revenue by month, the funnel."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from commissions.payouts.models import PayoutRun, RunState
from partners.directory.models import Partner
from prm.accounts.capabilities import Capability
from prm.accounts.members import Member
from prm.analytics import selectors
from prm.analytics.rules import months_of
from prm.analytics.selectors import Asked, FunnelStep, Revenue, Scoreboard
from prm.analytics.words import figure_url, month_text
from prm.web.charts import Bar, Chart, funnel_chart, line_chart, sparkline
from prm.web.formats import day_text, money_compact, money_text, number_text, percent_text
from prm.web.parts import Stat, Task
from referrals.pipeline.models import Referral, StageKind

LARGE = 100_000_000


@dataclass(frozen=True)
class Figures:
    """Everything the dashboard counts, read once."""

    board: Scoreboard
    revenue: Revenue
    months: list[date]


def figures(asked: Asked) -> Figures:
    """Return the period's counts and money."""
    months = months_of(asked.period)
    return Figures(selectors.scoreboard(asked), selectors.revenue(asked, months), months)


def manager_tiles(asked: Asked, found: Figures, query: str) -> list[Stat]:
    """Return the six tiles; each number leads to the rows it counts."""
    board, compared = found.board, asked.period.name != "all"
    return [
        _revenue_tile(asked, found, query),
        Stat(
            _("Referrals"),
            number_text(board.registered),
            **(_against(board.registered, board.registered_before, asked) if compared else {}),
            url=figure_url("referrals", query),
        ),
        _rate_tile(board, query, compared=compared),
        Stat(
            _("Active partners"),
            _("%(active)s of %(all)s")
            % {
                "active": number_text(board.active_partners),
                "all": number_text(Partner.objects.active().count()),
            },
            note=_("sent at least one referral"),
            url=figure_url("active-partners", query),
        ),
        _cycle_tile(board, query),
        Stat(
            _("Waiting for an answer"),
            number_text(board.waiting),
            note=_waiting_since(board),
            tone="warn" if board.waiting else "",
            url=figure_url("waiting", query),
        ),
    ]


def _revenue_tile(asked: Asked, found: Figures, query: str) -> Stat:
    revenue, by_month = found.revenue, found.revenue.by_month_minor
    compared = asked.period.name != "all"
    return Stat(
        _("Partner revenue"),
        _amount(revenue.total_minor, asked.currency),
        **(_against(revenue.total_minor, revenue.before_minor, asked) if compared else {}),
        spark=sparkline(by_month) if len(by_month) > 1 else "",
        url=figure_url("revenue", query),
    )


def _rate_tile(board: Scoreboard, query: str, *, compared: bool) -> Stat:
    rate = selectors.rate_of(board.won, board.decided)
    before = selectors.rate_of(board.won_before, board.decided_before) if compared else None
    return Stat(
        _("Win rate"),
        percent_text(rate) if rate is not None else "–",
        note=_("%(won)s won of %(decided)s decided")
        % {"won": number_text(board.won), "decided": number_text(board.decided)},
        **_points(rate, before),
        url=figure_url("decided", query),
    )


def _cycle_tile(board: Scoreboard, query: str) -> Stat:
    cycle = board.cycle
    note = _("no referral was won in this period")
    if cycle:
        note = _("median of %(count)s wins, middle half %(lower)s to %(upper)s days") % {
            "count": number_text(cycle.count),
            "lower": number_text(round(cycle.lower)),
            "upper": number_text(round(cycle.upper)),
        }
    return Stat(
        _("Sales cycle"),
        _days(cycle.median) if cycle else "–",
        note=note,
        url=figure_url("won", query),
    )


def _waiting_since(board: Scoreboard) -> str:
    if board.waiting_since is None:
        return str(_("nothing waits"))
    days = (timezone.now() - board.waiting_since).days
    return ngettext("oldest: %(days)s day", "oldest: %(days)s days", days) % {
        "days": number_text(days)
    }


def _days(days: float) -> str:
    value = round(days, 1) if days < 10 else round(days)
    return ngettext("%(days)s day", "%(days)s days", 1 if value == 1 else 2) % {
        "days": number_text(value)
    }


def _amount(minor: int, currency: str) -> str:
    return money_compact(minor, currency) if abs(minor) >= LARGE else money_text(minor, currency)


def _against(now: int, before: int, asked: Asked) -> dict[str, Any]:
    """Return the change against the period before; without a base there is nothing to say."""
    if not before:
        return {"note": _("nothing to compare with")}
    change = (now - before) / before
    sign = "+" if change >= 0 else "−"
    words = (
        _("on the year before") if asked.period.before_is_a_year_ago else _("on the days before")
    )
    return {
        "delta": sign + percent_text(abs(change)),
        "tone": "ok" if change >= 0 else "bad",
        "note": words if abs(change) < 100 else "",
    }


def _points(rate: Decimal | None, was: Decimal | None) -> dict[str, Any]:
    if rate is None or was is None:
        return {}
    points = round((rate - was) * 100)
    delta = _("%(sign)s%(points)s pts") % {
        "sign": "+" if points >= 0 else "−",
        "points": abs(points),
    }
    return {"delta": delta, "tone": "ok" if points >= 0 else "bad"}


def manager_tasks(member: Member, asked: Asked, board: Scoreboard) -> list[Task]:
    """Return what waits for this person today, the most urgent first. board: what was counted for the page."""
    answers, steps = (
        _referral_tasks(asked, board.waiting)
        if member.may(Capability.DECIDE_REFERRALS)
        else ([], [])
    )
    runs = _runs_to_approve(member) if member.may(Capability.APPROVE_PAYOUTS) else []
    still = _standing_still(board.still) if member.may(Capability.DECIDE_REFERRALS) else []
    return [*answers, *runs, *steps, *still][:5]


def _standing_still(count: int) -> list[Task]:
    if not count:
        return []
    title = ngettext("%(n)s referral stands still", "%(n)s referrals stand still", count)
    return [
        Task(
            title % {"n": number_text(count)},
            _("Nothing has happened for longer than their programs allow"),
            reverse("referrals:manage-referral-list") + "?still=1",
            _("Look"),
            "clock",
        )
    ]


def _runs_to_approve(member: Member) -> list[Task]:
    runs = PayoutRun.objects.filter(state=RunState.PREPARED).exclude(prepared_by_id=member.user_id)[
        :3
    ]
    return [
        Task(
            _("Payout run %(number)s waits for a second person") % {"number": run.number},
            _("Prepared on %(day)s") % {"day": day_text(run.prepared_at)},
            reverse("commissions:run-detail", kwargs={"run_id": run.id}),
            _("Review"),
            "bank",
            "warn",
        )
        for run in runs
    ]


def _referral_tasks(asked: Asked, waiting: int) -> tuple[list[Task], list[Task]]:
    """Return the oldest unanswered referral and the two steps longest due, from one query."""
    today = timezone.localdate()
    unanswered = selectors.FIGURES["waiting"].of(asked, asked.period)
    due = Referral.objects.open().filter(next_step_on__lte=today).exclude(next_step="")
    oldest_first = unanswered.order_by("queued_at", "id").values("id")[:1]
    due_first = due.order_by("next_step_on", "id").values("id")[:2]
    rows = list(
        Referral.objects.filter(Q(id__in=oldest_first) | Q(id__in=due_first)).select_related(
            "partner"
        )
    )
    sent = [row for row in rows if row.stage_kind == StageKind.SUBMITTED and row.queued_at]
    steps = [
        row for row in rows if row.next_step and row.next_step_on and row.next_step_on <= today
    ]
    steps.sort(key=lambda row: (row.next_step_on or today, row.id))
    answers = (
        [_answer(min(sent, key=lambda row: (row.queued_at or row.registered_at, row.id)), waiting)]
        if waiting and sent
        else []
    )
    return answers, [_due_step(row) for row in steps[:2]]


def _answer(oldest: Referral, waiting: int) -> Task:
    title = ngettext(
        "%(n)s referral waits for an answer", "%(n)s referrals wait for an answer", waiting
    )
    about = {"company": oldest.company, "partner": oldest.partner.name}
    return Task(
        title % {"n": number_text(waiting)},
        _("Oldest: %(company)s, from %(partner)s") % about,
        reverse("referrals:queue"),
        _("Respond"),
        "clock",
        "warn",
    )


def _due_step(row: Referral) -> Task:
    return Task(
        f"{row.company}: {row.next_step}",
        _("Due on %(day)s, from %(partner)s")
        % {"day": day_text(row.next_step_on or timezone.localdate()), "partner": row.partner.name},
        reverse("referrals:manage-referral-detail", kwargs={"referral_id": row.id}),
        _("See the referral"),
        "flag",
    )


def revenue_chart(asked: Asked, found: Figures) -> Chart:
    """Return net revenue by month; the month that still runs is marked."""
    months, values = found.months, found.revenue.by_month_minor
    today = timezone.localdate().replace(day=1)
    bars = [
        Bar(month_text(month, short=True), month_text(month), float(value), open=month == today)
        for month, value in zip(months, values, strict=True)
    ]
    finished = [
        (value, month)
        for value, month in zip(values, months, strict=True)
        if month != today and value > 0
    ]
    finding = _("No revenue was booked in this period.")
    if finished:
        best, month = max(finished)
        finding = _("Best month: %(month)s, %(amount)s.") % {
            "month": month_text(month),
            "amount": money_text(best, asked.currency),
        }
    elif any(values):
        finding = _("%(amount)s so far this month.") % {
            "amount": money_text(values[-1], asked.currency)
        }
    return line_chart(
        bars,
        heading=_("Partner revenue by month"),
        finding=finding,
        head=[_("Month"), _("Revenue")],
        words=lambda value: money_text(round(value), asked.currency),
        axis_words=lambda value: money_compact(round(value), asked.currency),
    )


def funnel_chart_of(steps: list[FunnelStep]) -> Chart:
    """Return the funnel of the period's referrals with its largest drop in words."""
    named = [(str(StageKind(step.kind).label), step.count) for step in steps]
    finding = _("No referral was registered in this period.")
    if named[0][1]:
        share = percent_text(named[-1][1] / named[0][1])
        drops = [(named[i][1] - named[i + 1][1], i) for i in range(len(named) - 1)]
        drop, index = max(drops)
        finding = _("%(share)s of referrals end in a sale.") % {"share": share}
        if drop:
            finding += " " + _(
                "The largest drop is from %(before)s to %(after)s: %(drop)s referrals."
            ) % {
                "before": named[index][0],
                "after": named[index + 1][0],
                "drop": number_text(drop),
            }
    return funnel_chart(
        named,
        heading=_("Referral funnel"),
        finding=finding,
        head=[_("Step"), _("Referrals"), _("Of the step before")],
    )


def funnel_links(steps: list[FunnelStep], query: str) -> list[tuple[str, str, str]]:
    """Return each step's word, number and the page of its rows."""
    return [
        (str(StageKind(step.kind).label), number_text(step.count), figure_url(step.figure, query))
        for step in steps
    ]
