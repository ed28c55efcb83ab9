"""What a partner earns, and the same lines for finance."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from io import BytesIO
from itertools import chain
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from commissions.accruals.lapses import standings_of
from commissions.accruals.models import Accrual, Clawback
from commissions.accruals.tables import WaitingTable
from commissions.accruals.waiting import waiting_of_partner
from commissions.choices.selectors import may_choose
from commissions.earnings.corrections import all_corrections, all_prizes, corrections_of, prizes_of
from commissions.earnings.exports import CHUNK, HEADER, correction_rows, export_rows, file_name
from commissions.earnings.lines import Line, lines_for
from commissions.earnings.listings import MANAGE_ORDERS, ORDERS, Wanted, manage_bar, wanted_from
from commissions.earnings.math import clause_of, math_of
from commissions.earnings.pages import (
    balance_parts,
    history_of,
    made_of_words,
    month_chart,
    more_links,
    tabs_of,
)
from commissions.earnings.selectors import (
    COUNTED,
    IN_PROGRESS,
    VIEWS,
    balances,
    figures,
    in_view,
    listed_accruals,
    next_payout,
    paid_by_month,
    payments_of,
)
from commissions.earnings.tables import AccrualTable, EarningsTable
from commissions.payouts.exceptions import payout_tasks
from commissions.plans.selectors import pays_people, refined_programs
from commissions.statements.selectors import listed_statements
from partners.onboarding.rules import EARNINGS
from prm.accounts.capabilities import Capability
from prm.accounts.gates import unlocked
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.jobs.services import start_job
from prm.money import known_currencies
from prm.web.exports import csv_lines, write_xlsx
from prm.web.formats import money_text
from prm.web.htmx import hx_redirect, render_part
from prm.web.paging import keyset_page

# More rows than this are written by a job.
DIRECT_ROWS = 1000


@require_GET
@needs(Capability.SEE_EARNINGS)
@unlocked(EARNINGS)
def earnings(request: MemberRequest) -> HttpResponse:
    partner_id = _partner(request)
    all_balances = balances(partner_id, request.tenant.currency)
    currency = request.GET.get("currency", "")
    balance = next((row for row in all_balances if row.currency == currency), all_balances[0])
    view = request.GET.get("view", IN_PROGRESS)
    view = view if view in VIEWS else IN_PROGRESS
    accruals = listed_accruals(request.member).filter(currency=balance.currency)
    known = figures(request.member, partner_id, balance.currency)
    page = keyset_page(
        in_view(accruals, view), params=request.GET, orders=ORDERS, default="-earned", bound=None
    )
    page = replace(page, count=known.view_counts[view], bound=COUNTED)
    lines = lines_for(page.rows, now=timezone.now(), staff=False)
    today = timezone.localdate()
    payments = payments_of(partner_id, balance.currency, today)
    months = paid_by_month(payments, today)
    coming = next_payout(partner_id, balance, known, payments)
    may_edit_details = request.member.may(Capability.MANAGE_PAYOUT_DETAILS)
    context = {
        "balance": balance,
        "others": [row for row in all_balances if row.currency != balance.currency and row.owed],
        "currencies": [row.currency for row in all_balances],
        "parts": balance_parts(balance),
        "coming": coming,
        "made_of": made_of_words(coming.commission_count, coming.prize_count),
        # What keeps it from being paid, for people who can do something about it.
        "held": []
        if coming.pay_on or coming.missing_minor or coming.amount_minor <= 0
        else payout_tasks(partner_id, request.member, at=timezone.now()),
        "may_edit_details": may_edit_details,
        "lacks_details": may_edit_details and coming.account is None,
        "view": view,
        "tabs": tabs_of(view, known.tab_counts, balance.currency),
        "page": page,
        "table": EarningsTable(
            lines, page=page, totals=_totals(lines, page.has_more, balance.currency)
        )
        if lines
        else None,
        "corrections": corrections_of(partner_id, balance.currency, view)
        if known.correction_counts.get(view)
        else None,
        "prizes": prizes_of(partner_id, balance.currency, view)
        if known.prize_counts.get(view)
        else None,
        "chart": month_chart(months, balance.currency),
        "has_payments": any(minor for _, minor in months),
        "statements": listed_statements(request.member)
        .filter(currency=balance.currency)
        .order_by("-issued_at")[:5],
        "query": request.GET.urlencode(),
        **_around(partner_id, balance.currency, today),
    }
    context["more"] = more_links(
        balance.currency,
        manages=request.member.may(Capability.MANAGE_TEAM),
        chooses=may_choose(request.member.own_partner_id),
        has_rewards=known.people_compete or context.get("has_rep_rewards", False),
    )
    return render_part(request, "commissions/earnings/list.html", context)


@require_GET
@needs(Capability.SEE_EARNINGS)
@unlocked(EARNINGS)
def earning_detail(request: MemberRequest, accrual_id: int) -> HttpResponse:
    """Show the math of one line."""
    accrual = get_object_or_404(
        listed_accruals(request.member), id=accrual_id, partner_id=_partner(request)
    )
    return render(request, "commissions/earnings/detail.html", _detail(accrual, staff=False))


@require_GET
@needs(Capability.SEE_EARNINGS)
@unlocked(EARNINGS)
def earnings_export(request: MemberRequest) -> HttpResponse:
    """Answer with the partner's own lines as a file."""
    currency = request.GET.get("currency", "")
    wanted = Wanted(view="", currency=currency if currency in known_currencies() else "")
    rows = wanted.rows(listed_accruals(request.member)).order_by("-earned_at", "-id")
    return _file(
        request,
        rows.iterator(CHUNK),
        staff=False,
        ending="xlsx" if request.GET.get("format") == "xlsx" else "csv",
        besides=correction_rows(
            [
                *all_corrections(_partner(request), wanted.currency),
                *all_prizes(_partner(request), wanted.currency),
            ]
        ),
    )


@require_GET
@needs(Capability.SEE_MONEY)
def accrual_list(request: MemberRequest) -> HttpResponse:
    wanted = wanted_from(request.GET)
    rows = wanted.rows(listed_accruals(request.member))
    page = keyset_page(rows, params=request.GET, orders=MANAGE_ORDERS, default="-earned")
    lines = lines_for(page.rows, now=timezone.now(), staff=True, partners=True)
    context = {
        "bar": manage_bar(request.GET, reverse("commissions:accrual-list")),
        "page": page,
        "table": AccrualTable(lines, page=page),
        "is_empty": not lines and not wanted.is_narrow,
        "query": request.GET.urlencode(),
    }
    return render_part(request, "commissions/accruals/list.html", context)


@require_GET
@needs(Capability.SEE_MONEY)
def accrual_detail(request: MemberRequest, accrual_id: int) -> HttpResponse:
    """Show the math of one line to finance."""
    accrual = get_object_or_404(listed_accruals(request.member), id=accrual_id)
    return render(request, "commissions/accruals/detail.html", _detail(accrual, staff=True))


@require_POST
@needs(Capability.SEE_MONEY)
def accrual_export(request: MemberRequest) -> HttpResponse:
    """Answer with the view's lines as a file, or with the job that writes them when they are many."""
    wanted = wanted_from(request.POST.get("query", "")[:2000])
    ending = "xlsx" if request.POST.get("format") == "xlsx" else "csv"
    rows = wanted.rows(listed_accruals(request.member))
    if rows[: DIRECT_ROWS + 1].count() > DIRECT_ROWS:
        job = start_job(
            kind="commission.export",
            params={"wanted": wanted.as_json(), "format": ending},
            actor=request.member.actor,
            at=timezone.now(),
            back_path="manage/commissions/",
        )
        return hx_redirect(request, "job-detail", job_id=job.id)
    return _file(request, rows.order_by("-earned_at", "-id"), staff=True, ending=ending)


def _file(
    request: MemberRequest,
    accruals: Iterable[Accrual],
    *,
    staff: bool,
    ending: str,
    besides: Iterable[list[Any]] = (),
) -> HttpResponse:
    rows = chain(export_rows(accruals, now=timezone.now(), staff=staff), besides)
    header = [str(word) for word in HEADER[staff]]
    name = file_name(request.tenant, timezone.localdate(), ending)
    target = BytesIO()
    if ending == "xlsx":
        write_xlsx(target, header, rows)
        kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    else:
        target.writelines(line.encode() for line in csv_lines(header, rows))
        kind = "text/csv; charset=utf-8"
    return HttpResponse(
        target.getvalue(),
        content_type=kind,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _detail(accrual: Accrual, *, staff: bool) -> dict[str, Any]:
    (line,) = lines_for([accrual], now=timezone.now(), staff=staff, partners=staff)
    clawbacks = list(Clawback.objects.filter(accrual_id=accrual.id).order_by("-at", "-id"))
    return {
        "line": line,
        "math": math_of(line),
        "clause": clause_of(accrual),
        "history": history_of(line, clawbacks),
        "clawbacks": clawbacks,
    }


def _totals(lines: Sequence[Line], has_more: bool, currency: str) -> dict[str, str]:  # noqa: FBT001
    """Return the foot of a list that is whole; the sum of one page of several would mislead."""
    if has_more or not lines:
        return {}
    total = sum(line.amount_minor for line in lines)
    return {"company": gettext("Total"), "amount_minor": money_text(total, currency)}


def _around(partner_id: UUID, currency: str, today: date) -> dict[str, Any]:
    """Return what plans that look at more than an event add to the page; one question where there are none."""
    if not refined_programs():
        return {}
    waiting = waiting_of_partner(partner_id, currency)
    return {
        "waiting": WaitingTable(waiting) if waiting else None,
        "standings": standings_of(partner_id, today),
        "has_rep_rewards": pays_people(),
    }


def _partner(request: MemberRequest) -> UUID:
    assert request.member.partner_id is not None  # staff hold no SEE_EARNINGS
    return request.member.partner_id
