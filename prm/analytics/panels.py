"""The pieces of the dashboards in the reader's words."""

from datetime import timedelta
from typing import Any

from django.db.models import Min
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from commissions.payouts.models import PayoutAccount, PayoutRun, RunState
from partners.directory.models import Partner
from prm.accounts.capabilities import Capability
from prm.accounts.members import Member
from prm.accounts.models import Membership, User
from prm.analytics import money, selectors
from prm.analytics.rules import months_of, period_named
from prm.analytics.selectors import Asked
from prm.tenancy.models import Tenant
from prm.web.charts import Bar, Chart, bar_chart, funnel_chart, line_chart, sparkline
from prm.web.formats import (
    day_text,
    money_compact,
    money_text,
    number_text,
    percent_text,
)
from prm.web.parts import Stat, Task
from referrals.pipeline.models import Referral, StageKind
from referrals.pipeline.panels import rewards_of
from referrals.pipeline.selectors import stages_of

LARGE = 100_000_000


def period_sentence(asked: Asked) -> str:
    """Say which days the figures cover, in which currency, against what."""
    last = asked.period.end - timedelta(days=1)
    if asked.period.name == "all":
        return _("Everything up to %(last)s, in %(currency)s") % {
            "last": day_text(last),
            "currency": asked.currency,
        }
    return _("%(first)s to %(last)s, in %(currency)s, compared with %(before)s") % {
        "first": day_text(asked.period.start),
        "last": day_text(last),
        "currency": asked.currency,
        "before": _("the same days a year before")
        if asked.period.name in {"this-year", "last-12-months"}
        else _("the days just before"),
    }


def figure_url(figure: str, query: str) -> str:
    """Return the page that lists a figure's rows for the same question."""
    return reverse("manage-figure", kwargs={"figure": figure}) + (f"?{query}" if query else "")


def manager_tiles(asked: Asked, query: str) -> list[Stat]:
    """Return the six tiles; each number leads to the rows it counts."""
    before = None if asked.period.name == "all" else asked.period.previous
    revenue = selectors.revenue_of(asked)
    months = months_of(asked.period)
    spark = sparkline(selectors.revenue_by_month(asked, months)) if len(months) > 1 else ""
    referrals = selectors.count_of("referrals", asked)
    won, decided = selectors.win_rate(asked)
    rate = selectors.rate_of(won, decided)
    cycle = selectors.sales_cycle(asked)
    partners = Partner.objects.active().count()
    waiting = selectors.count_of("waiting", asked)
    return [
        Stat(
            _("Partner revenue"),
            _amount(revenue, asked.currency),
            **_against(revenue, selectors.revenue_of(asked, before) if before else None),
            spark=spark,
            url=figure_url("revenue", query),
        ),
        Stat(
            _("Referrals"),
            number_text(referrals),
            **_against(
                referrals, selectors.count_of("referrals", asked, before) if before else None
            ),
            url=figure_url("referrals", query),
        ),
        Stat(
            _("Win rate"),
            percent_text(rate) if rate is not None else "–",
            note=_("%(won)s won of %(decided)s decided")
            % {"won": number_text(won), "decided": number_text(decided)},
            **_points(rate, selectors.win_rate(asked, before) if before else None),
            url=figure_url("decided", query),
        ),
        Stat(
            _("Active partners"),
            _("%(active)s of %(all)s")
            % {
                "active": number_text(selectors.count_of("active-partners", asked)),
                "all": number_text(partners),
            },
            note=_("sent at least one referral"),
            url=figure_url("active-partners", query),
        ),
        Stat(
            _("Sales cycle"),
            _days(cycle.median) if cycle else "–",
            note=_("median of %(count)s wins, middle half %(lower)s to %(upper)s days")
            % {
                "count": number_text(cycle.count),
                "lower": number_text(round(cycle.lower)),
                "upper": number_text(round(cycle.upper)),
            }
            if cycle
            else _("no referral was won in this period"),
            url=figure_url("won", query),
        ),
        Stat(
            _("Waiting for an answer"),
            number_text(waiting),
            note=_oldest_waiting(asked) if waiting else _("nothing waits"),
            tone="warn" if waiting else "",
            url=figure_url("waiting", query),
        ),
    ]


def _oldest_waiting(asked: Asked) -> str:
    oldest = (
        selectors.FIGURES["waiting"]
        .of(asked, asked.period)
        .aggregate(oldest=Min("registered_at"))["oldest"]
    )
    days = (timezone.now() - oldest).days
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


def _against(now: int, before: int | None) -> dict[str, Any]:
    """Return the change against the period before; without a base there is nothing to say."""
    if not before:
        return {"note": _("nothing to compare with")} if before == 0 else {}
    change = (now - before) / before
    sign = "+" if change >= 0 else "−"
    words = _("on the year before") if abs(change) < 100 else ""
    return {
        "delta": sign + percent_text(abs(change)),
        "tone": "ok" if change >= 0 else "bad",
        "note": words,
    }


def _points(rate: Any, before: tuple[int, int] | None) -> dict[str, Any]:
    was = selectors.rate_of(*before) if before else None
    if rate is None or was is None:
        return {}
    points = round((rate - was) * 100)
    delta = _("%(sign)s%(points)s pts") % {
        "sign": "+" if points >= 0 else "−",
        "points": abs(points),
    }
    return {"delta": delta, "tone": "ok" if points >= 0 else "bad"}


def manager_tasks(member: Member, asked: Asked) -> list[Task]:
    """Return what waits for this person today, the most urgent first."""
    tasks = _unanswered(asked) if member.may(Capability.DECIDE_REFERRALS) else []
    if member.may(Capability.APPROVE_PAYOUTS):
        tasks += [
            Task(
                _("Payout run %(number)s waits for a second person") % {"number": run.number},
                _("Prepared on %(day)s") % {"day": day_text(run.prepared_at)},
                reverse("commissions:run-detail", kwargs={"run_id": run.id}),
                _("Review"),
                "bank",
                "warn",
            )
            for run in PayoutRun.objects.filter(state=RunState.PREPARED).exclude(
                prepared_by_id=member.user_id
            )[:3]
        ]
    if member.may(Capability.DECIDE_REFERRALS):
        tasks += _due_steps()
    return tasks[:5]


def _unanswered(asked: Asked) -> list[Task]:
    waiting = selectors.FIGURES["waiting"].of(asked, asked.period)
    oldest = waiting.select_related("partner").order_by("registered_at").first()
    if oldest is None:
        return []
    count = waiting.count()
    title = ngettext(
        "%(n)s referral waits for an answer", "%(n)s referrals wait for an answer", count
    )
    about = {"company": oldest.company, "partner": oldest.partner.name}
    return [
        Task(
            title % {"n": count},
            _("Oldest: %(company)s, from %(partner)s") % about,
            reverse("referrals:queue"),
            _("Respond"),
            "clock",
            "warn",
        )
    ]


def _due_steps() -> list[Task]:
    due = (
        Referral.objects.open()
        .filter(next_step_on__lte=timezone.localdate())
        .exclude(next_step="")
        .select_related("partner")
        .order_by("next_step_on", "id")[:2]
    )
    return [
        Task(
            f"{row.company}: {row.next_step}",
            _("Due on %(day)s, from %(partner)s")
            % {
                "day": day_text(row.next_step_on or timezone.localdate()),
                "partner": row.partner.name,
            },
            reverse("referrals:manage-referral-detail", kwargs={"referral_id": row.id}),
            _("See the referral"),
            "flag",
        )
        for row in due
    ]


def revenue_chart(asked: Asked) -> Chart:
    """Return net revenue by month; the month that still runs is marked."""
    months = months_of(asked.period)
    values = selectors.revenue_by_month(asked, months)
    today = timezone.localdate().replace(day=1)
    bars = [
        Bar(_month(month, short=True), _month(month), float(value), open=month == today)
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
            "month": _month(month),
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


def _month(month: Any, *, short: bool = False) -> str:
    return day_text(month, "mon" if short else "month")


def funnel_chart_of(steps: list[selectors.FunnelStep]) -> Chart:
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


def funnel_links(steps: list[selectors.FunnelStep], query: str) -> list[tuple[str, str, str]]:
    """Return each step's word, number and the page of its rows."""
    return [
        (str(StageKind(step.kind).label), number_text(step.count), figure_url(step.figure, query))
        for step in steps
    ]


def revenue_sentence(asked: Asked, total: int) -> str:
    """Say what the listed revenue rows add up to."""
    return ngettext("%(rows)s row, %(sum)s in all", "%(rows)s rows, %(sum)s in all", total) % {
        "rows": number_text(total),
        "sum": money_text(selectors.revenue_of(asked), asked.currency),
    }


def finance_panels(tenant: Tenant, member: Member) -> dict[str, Any]:
    """Return everything the finance dashboard shows."""
    owed = money.owed_by_currency()
    payable = money.payable_now()
    runs = list(PayoutRun.objects.order_by("-prepared_at", "-id")[:5])
    waiting = [run for run in runs if run.state == RunState.PREPARED]
    main = owed[0].currency if owed else tenant.currency
    today = timezone.localdate()
    months = _coming_months(today.replace(day=1), 6)
    releases = money.releases_by_month(main, months, tenant.time_zone)
    chart = bar_chart(
        [
            Bar(_month(month, short=True), _month(month), float(value))
            for month, value in zip(months, releases, strict=True)
        ],
        heading=_("Leaving hold, next six months"),
        finding=_("%(sum)s on hold becomes payable by the end of %(month)s, in %(currency)s.")
        % {"sum": money_text(sum(releases), main), "month": _month(months[-1]), "currency": main},
        head=[_("Month"), _("Becomes payable")],
        words=lambda value: money_text(round(value), main),
        axis_words=lambda value: money_compact(round(value), main),
    )
    tasks = [
        Task(
            _("Payout run %(number)s waits for approval") % {"number": run.number},
            _("You prepared it, so another person approves it.")
            if run.prepared_by_id == member.user_id
            else _("Prepared on %(day)s") % {"day": day_text(run.prepared_at)},
            reverse("commissions:run-detail", kwargs={"run_id": run.id}),
            _("Review"),
            "bank",
            "warn",
        )
        for run in waiting
    ]
    return {
        "owed": owed,
        "payable": payable,
        "tiles": [_owed_tiles(row, many=len(owed) > 1) for row in owed[:6]],
        "balanced": money.books_balance(),
        "runs": runs,
        "tasks": tasks,
        "chart": chart,
        "can_prepare": member.may(Capability.PREPARE_PAYOUTS) and not waiting,
    }


def _owed_tiles(row: money.Owed, *, many: bool) -> list[Stat]:
    code = f"{row.currency}, " if many else ""
    return [
        Stat(
            code + _("owed to partners"),
            money_text(row.total_minor, row.currency),
            note=_("hold, payable and under way"),
        ),
        Stat(
            code + _("on hold"),
            money_text(row.on_hold_minor, row.currency),
            note=_("earned, hold not over"),
            url=reverse("commissions:accrual-list"),
        ),
        Stat(
            code + _("payable now"),
            money_text(row.payable_minor, row.currency),
            note=_("for the next run"),
            url=reverse("commissions:run-new"),
        ),
        Stat(
            code + _("in payout"),
            money_text(row.in_payout_minor, row.currency),
            note=_("approved, not settled yet"),
            url=reverse("commissions:run-list"),
        ),
    ]


def _coming_months(first: Any, count: int) -> list[Any]:
    months = [first]
    while len(months) < count:
        months.append((months[-1].replace(day=28) + timedelta(days=5)).replace(day=1))
    return months


def partner_panels(tenant: Tenant, member: Member) -> dict[str, Any]:
    """Return everything the partner's home shows this person."""
    partner = Partner.objects.select_related("manager").get(id=member.own_partner_id)
    mine = Referral.objects.visible_to(member)
    moving = list(mine.select_related("stage").order_by("-stage_entered_at", "-id")[:5])
    months = months_of(period_named("last-12-months", timezone.localdate()))
    owed = money.owed_by_currency(member.partner_id) if member.may(Capability.SEE_EARNINGS) else []
    main = owed[0] if owed else None
    chart = None
    if main:
        paid = money.paid_by_month(main.currency, months, tenant.time_zone, member.partner_id)
        chart = _paid_chart(months, paid, main.currency)
    return {
        "partner": partner,
        "greeting": _greeting(member.name),
        "tiles": _partner_tiles(mine, main, owed, member),
        "tasks": _partner_tasks(partner, owed, member),
        "moving": _moving_rows(moving, member),
        "sees_rewards": member.may(Capability.SEE_EARNINGS),
        "chart": chart,
        "manager": partner.manager or _any_manager(tenant),
        "first_use": not moving,
        "has_details": PayoutAccount.objects.filter(partner_id=partner.id).exists(),
    }


def _greeting(name: str) -> str:
    first = name.split(maxsplit=1)[0] if name.split() else name
    hour = timezone.localtime().hour
    if hour < 12:
        return _("Good morning, %(name)s") % {"name": first}
    if hour < 18:
        return _("Good afternoon, %(name)s") % {"name": first}
    return _("Good evening, %(name)s") % {"name": first}


def _partner_tiles(
    mine: Any, main: money.Owed | None, owed: list[money.Owed], member: Member
) -> list[Stat]:
    tiles = []
    if main:
        others = [
            money_text(row.payable_minor, row.currency) for row in owed[1:] if row.payable_minor
        ]
        release = (
            money.next_release(member.partner_id, main.currency) if member.partner_id else None
        )
        tiles = [
            Stat(
                _("Ready to be paid"),
                money_text(main.payable_minor + main.in_payout_minor, main.currency),
                note=_("plus %(others)s") % {"others": ", ".join(others)}
                if others
                else _("goes into the next payout"),
                url=reverse("commissions:earnings"),
            ),
            Stat(
                _("On hold"),
                money_text(main.on_hold_minor, main.currency),
                note=_("first release %(day)s") % {"day": day_text(release)}
                if release
                else _("nothing is held"),
                url=reverse("commissions:earnings"),
            ),
        ]
    won = mine.won().count()
    decided = mine.filter(stage_kind__in=selectors.DECIDED).count()
    rate = selectors.rate_of(won, decided)
    return [
        *tiles,
        Stat(
            _("Open referrals"),
            number_text(mine.open().count()),
            note=_("can still be won"),
            url=reverse("referrals:referral-list"),
        ),
        Stat(
            _("Win rate"),
            percent_text(rate) if rate is not None else "–",
            note=_("%(won)s won of %(decided)s decided")
            % {"won": number_text(won), "decided": number_text(decided)},
        ),
    ]


def _partner_tasks(partner: Partner, owed: list[money.Owed], member: Member) -> list[Task]:
    tasks = []
    waiting = next((row for row in owed if row.payable_minor > 0), None)
    if (
        member.may(Capability.MANAGE_PAYOUT_DETAILS)
        and not PayoutAccount.objects.filter(partner_id=partner.id).exists()
    ):
        tasks.append(
            Task(
                _("Add your bank details"),
                _("%(amount)s waits for them.")
                % {"amount": money_text(waiting.payable_minor, waiting.currency)}
                if waiting
                else _("So that the first payout is not delayed."),
                reverse("commissions:payout-details"),
                _("Add details"),
                "bank",
                "warn" if waiting else "",
            ),
        )
    return tasks


def _moving_rows(moving: list[Referral], member: Member) -> list[dict[str, Any]]:
    rewards = rewards_of(moving, member)
    order: dict[Any, list[Any]] = {}
    rows = []
    for referral in moving:
        stages = order.setdefault(
            referral.program_id, [s for s in stages_of(referral.program_id) if s.kind in PATH]
        )
        step = next((i for i, stage in enumerate(stages, 1) if stage.id == referral.stage_id), 0)
        lost = referral.stage_kind in {StageKind.LOST, StageKind.REJECTED, StageKind.EXPIRED}
        rows.append(
            {
                "referral": referral,
                "reward": rewards.get(referral.id),
                "ended": lost,
                "step": step,
                "total": len(stages),
                "tone": "ok" if referral.stage_kind == StageKind.WON else "off" if lost else "",
            },
        )
    return rows


PATH = (
    StageKind.SUBMITTED,
    StageKind.ACCEPTED,
    StageKind.QUALIFIED,
    StageKind.OPPORTUNITY,
    StageKind.WON,
)


def _paid_chart(months: list[Any], paid: list[int], currency: str) -> Chart:
    total = sum(paid)
    finding = _("%(sum)s paid in the last 12 months.") % {"sum": money_text(total, currency)}
    if not total:
        finding = _("Nothing was paid in the last 12 months.")
    return bar_chart(
        [
            Bar(_month(month, short=True), _month(month), float(value))
            for month, value in zip(months, paid, strict=True)
        ],
        heading=_("Earnings paid, last 12 months"),
        finding=finding,
        head=[_("Month"), _("Paid")],
        words=lambda value: money_text(round(value), currency),
        axis_words=lambda value: money_compact(round(value), currency),
    )


def _any_manager(tenant: Tenant) -> User | None:
    row = (
        Membership.objects.filter(tenant=tenant, ended_at=None, roles__contains=["channel_manager"])
        .select_related("user")
        .order_by("created_at")
        .first()
    )
    return row.user if row else None
