"""Dashboards of the manager, of finance and of the partner, and the rows behind each number."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from partners.programs.models import Program
from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.analytics import finance, manager, partner, selectors, tables, words
from prm.analytics.rules import PERIODS, period_named
from prm.analytics.selectors import FIGURES, Asked
from prm.web.filters import FilterBar, select_from
from prm.web.paging import keyset_page
from referrals.pipeline.models import Referral

PERIOD_LABELS = {
    "this-year": lambda: _("This year"),
    "last-12-months": lambda: _("Last 12 months"),
    "this-quarter": lambda: _("This quarter"),
    "this-month": lambda: _("This month"),
    "all": lambda: _("All time"),
}


def asked_in(request: MemberRequest) -> tuple[Asked, FilterBar]:
    """Return what the address asks for and the filter line that shows it."""
    today = timezone.localdate()
    programs = [
        (str(program_id), name)
        for program_id, name in Program.objects.order_by("name", "id").values_list("id", "name")[
            :50
        ]
    ]
    currencies = selectors.currencies_in_use()
    ours = request.tenant.currency
    in_use_ours = ours in currencies
    if not in_use_ours:
        currencies.append(ours)
    choose_period = select_from(
        request.GET,
        "period",
        _("Period"),
        [(name, PERIOD_LABELS[name]()) for name in PERIODS[1:]],
        any_label=_("This year"),
    )
    choose_program = select_from(request.GET, "program", _("Program"), programs, any_label=_("All"))
    first = ours if in_use_ours else currencies[0]
    choose_currency = select_from(
        request.GET,
        "currency",
        _("Currency"),
        [(code, code) for code in currencies if code != first],
        any_label=first,
    )
    selects = [choose_period]
    selects += [choose_program] if len(programs) > 1 else []
    selects += [choose_currency] if len(currencies) > 1 else []
    asked = Asked(
        tenant=request.tenant,
        period=period_named(choose_period.value, today),
        currency=choose_currency.value or first,
        program_id=UUID(choose_program.value) if choose_program.value else None,
    )
    bar = FilterBar(
        url=request.get_full_path().partition("?")[0],
        label=_("Filter the figures"),
        params=request.GET,
        selects=selects,
    )
    return asked, bar


@require_safe
@needs(Capability.SEE_DASHBOARD)
def manage_dashboard(request: MemberRequest) -> HttpResponse:
    """Show whether the program is healthy and what to do today."""
    asked, bar = asked_in(request)
    query = request.GET.urlencode()
    found, steps = manager.figures(asked), selectors.funnel(asked)
    return render(
        request,
        "prm/analytics/manage_dashboard.html",
        {
            "bar": bar,
            "asked": asked,
            "lead": words.period_sentence(asked),
            "stats": manager.manager_tiles(asked, found, query),
            "tasks": manager.manager_tasks(request.member, asked, found.board),
            "revenue": manager.revenue_chart(asked, found),
            "funnel": manager.funnel_chart_of(steps),
            "unanswered": found.board.unanswered,
            "unanswered_url": words.figure_url("unanswered-history", query),
            "funnel_steps": manager.funnel_links(steps, query),
            "partners": selectors.top_partners(asked),
            "empty": not found.board.registered and not Referral.objects.exists(),
        },
    )


@require_safe
@needs(Capability.SEE_DASHBOARD)
def manage_figure(request: MemberRequest, figure: str) -> HttpResponse:
    """List the rows that one number of the dashboard counts."""
    if figure not in FIGURES:
        raise Http404
    asked, bar = asked_in(request)
    known = FIGURES[figure]
    rows = known.of(asked, asked.period)
    total = rows.count()
    page, table = _rows_table(known.rows, rows, request)
    sentence = ngettext("%(count)s row", "%(count)s rows", total) % {"count": total}
    if figure == "revenue":
        sentence = words.revenue_sentence(asked, total)
    context = {
        "figure": known,
        "bar": bar,
        "page": page,
        "table": table,
        "total": total,
        "sentence": sentence,
        "period": words.period_sentence(asked),
    }
    return render(request, "prm/analytics/manage_figure.html", context)


def _rows_table(kind: str, rows: Any, request: MemberRequest) -> tuple[Any, Any]:
    if kind == "revenue":
        page = keyset_page(
            rows.select_related("customer"),
            params=request.GET,
            orders={"booked": ("booked_at",)},
            default="-booked",
            bound=None,
        )
        for event in page.rows:
            event.signed_minor = tables.signed(event)
        return page, tables.RevenueRows(page.rows, page=page)
    if kind == "partners":
        page = keyset_page(
            rows,
            params=request.GET,
            orders={"since": ("created_at",)},
            default="-since",
            bound=None,
        )
        return page, tables.PartnerRows(page.rows, page=page)
    page = keyset_page(
        rows.select_related("partner", "stage"),
        params=request.GET,
        orders={"registered": ("registered_at",)},
        default="-registered",
        bound=None,
    )
    return page, tables.ReferralRows(page.rows, page=page)


@require_safe
@needs(Capability.SEE_MONEY)
def manage_finance(request: MemberRequest) -> HttpResponse:
    """Show what is owed, what can be paid, and what the next run will be."""
    return render(
        request,
        "prm/analytics/manage_finance.html",
        finance.finance_panels(request.tenant, request.member),
    )


@require_safe
@needs(Capability.OWN_ACCOUNT)
def partner_home(request: MemberRequest) -> HttpResponse:
    """Show a partner's person what needs them and what they earn; staff who type the bare address go to theirs."""
    if not request.member.may(Capability.PARTNER_HOME):
        return redirect("start")
    return render(
        request,
        "prm/analytics/partner_home.html",
        partner.partner_panels(request.tenant, request.member),
    )
