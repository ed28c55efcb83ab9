"""The finance dashboard: what is owed, what leaves its hold, which runs wait."""

from datetime import date, timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from commissions.adjustments.selectors import asked_write_offs
from commissions.payouts.faults import unclear_returns
from commissions.payouts.models import PayoutRun, RunState
from commissions.payouts.run_page import recent_runs
from prm.accounts.capabilities import Capability
from prm.accounts.members import Member
from prm.analytics import money
from prm.analytics.words import month_text
from prm.tenancy.models import Tenant
from prm.web.charts import Bar, Chart, bar_chart
from prm.web.formats import day_text, money_compact, money_text
from prm.web.parts import Stat, Task


def finance_panels(tenant: Tenant, member: Member) -> dict[str, Any]:
    """Return everything the finance dashboard shows."""
    owed = money.owed_by_currency()
    payable = money.payable_now()
    by_run = {row.currency: row.amount_minor for row in payable}
    runs = list(PayoutRun.objects.order_by("-prepared_at", "-id")[:5])
    waiting = [run for run in runs if run.state == RunState.PREPARED]
    main = owed[0].currency if owed else tenant.currency
    today = timezone.localdate()
    months = _coming_months(today.replace(day=1), 6)
    releases = money.releases_by_month(main, months, tenant.time_zone)
    return {
        "owed": owed,
        "payable": payable,
        "tiles": [
            _owed_tiles(row, by_run.get(row.currency, 0), many=len(owed) > 1) for row in owed[:6]
        ],
        "balanced": money.books_balance(),
        "runs": recent_runs(runs),
        "tasks": _approvals(waiting, member) + _came_back(member) + _write_offs(member),
        "chart": _release_chart(months, releases, main),
        "can_prepare": member.may(Capability.PREPARE_PAYOUTS) and not waiting,
    }


def _release_chart(months: list[date], releases: list[int], main: str) -> Chart:
    return bar_chart(
        [
            Bar(month_text(month, short=True), month_text(month), float(value))
            for month, value in zip(months, releases, strict=True)
        ],
        heading=_("Leaving hold, next six months"),
        finding=_("%(sum)s on hold becomes payable by the end of %(month)s, in %(currency)s.")
        % {
            "sum": money_text(sum(releases), main),
            "month": month_text(months[-1]),
            "currency": main,
        },
        head=[_("Month"), _("Becomes payable")],
        words=lambda value: money_text(round(value), main),
        axis_words=lambda value: money_compact(round(value), main),
    )


def _approvals(waiting: list[PayoutRun], member: Member) -> list[Task]:
    return [
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


def _came_back(member: Member) -> list[Task]:
    if not member.may(Capability.SETTLE_PAYOUTS):
        return []
    return [
        Task(
            _("Say why %(number)s came back") % {"number": payout.number},
            _("%(partner)s, %(amount)s. The bank gave no code.")
            % {
                "partner": payout.partner.name,
                "amount": money_text(payout.amount_minor, payout.currency),
            },
            reverse("commissions:payout-detail", kwargs={"payout_id": payout.id}),
            _("Say why"),
            "bank",
            "warn",
        )
        for payout in unclear_returns(limit=5)
    ]


def _write_offs(member: Member) -> list[Task]:
    return [
        Task(
            _("A write-off of %(amount)s waits for approval")
            % {"amount": money_text(wish.amount_minor, wish.currency)},
            _("You asked for it, so another person approves it.")
            if wish.asked_by_id == member.user_id
            else wish.partner.name,
            reverse("commissions:debt-list"),
            _("Review"),
            "wallet",
            "warn",
        )
        for wish in asked_write_offs()[:5]
    ]


def _owed_tiles(row: money.Owed, by_run_minor: int, *, many: bool) -> list[Stat]:
    """Return what a currency owes as tiles; each names what its neighbours do not show.

    by_run_minor: what the partners above zero are owed; the rest of what is payable is what others owe.
    """
    code = f"{row.currency}, " if many else ""
    below = money_text(by_run_minor - row.payable_minor, row.currency)
    disputed = money_text(row.disputed_minor, row.currency)
    return [
        Stat(
            capfirst(code + _("owed to partners")),
            money_text(row.total_minor, row.currency),
            note=_("hold, payable, under way and %(sum)s disputed") % {"sum": disputed}
            if row.disputed_minor
            else _("hold, payable and under way"),
        ),
        Stat(
            capfirst(code + _("on hold")),
            money_text(row.on_hold_minor, row.currency),
            note=_("earned, hold not over"),
            url=reverse("commissions:accrual-list"),
        ),
        Stat(
            capfirst(code + _("payable now")),
            money_text(row.payable_minor, row.currency),
            note=_("for the next run, less %(sum)s that partners owe") % {"sum": below}
            if by_run_minor > row.payable_minor
            else _("for the next run"),
            url=reverse("commissions:run-new"),
        ),
        Stat(
            capfirst(code + _("in payout")),
            money_text(row.in_payout_minor, row.currency),
            note=_("approved, not settled yet"),
            url=reverse("commissions:run-list"),
        ),
    ]


def _coming_months(first: date, count: int) -> list[date]:
    months = [first]
    while len(months) < count:
        months.append((months[-1].replace(day=28) + timedelta(days=5)).replace(day=1))
    return months
