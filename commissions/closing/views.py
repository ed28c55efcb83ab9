"""The books: months and their closing, what is owed at any day, account codes."""

from datetime import date
from itertools import islice
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language, gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from commissions.adjustments.tabs import ACCOUNTS, LIABILITY, MONTHS, books_tabs
from commissions.closing.chart import (
    account_codes,
    report_names,
    save_codes,
    words_now,
)
from commissions.closing.forms import BOOKED, AsOfForm, CloseForm, CodesForm
from commissions.closing.jobs import ENDINGS
from commissions.closing.liability import as_of_from, liability
from commissions.closing.pages import liability_parts, month_page, restated_owed
from commissions.closing.reports import report_rows
from commissions.closing.rules import REPORTS, Frozen
from commissions.closing.selectors import Month, first_period, months
from commissions.closing.tables import MonthTable, OwedTable, count_words
from commissions.closing.wording import month_name
from commissions.ledger.models import AccountKind
from commissions.ledger.rules import period_of
from commissions.ledger.selectors import tenant_zone
from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.accounts.stepup import freshly_authenticated
from prm.jobs.services import start_job
from prm.money import Money
from prm.web.formats import day_text, money_text
from prm.web.htmx import hx_redirect

# Rows of a report on its page, and partners on that of what is owed; files have all of them.
SHOWN = 200
EARLIEST = 200001
# Which columns of a report its page shows, and how soon each gives way on a narrow screen; files have every column.
ON_PAGE = {
    "journal": (
        (1, "p2"),
        (4, "p2"),
        (5, "p3"),
        (6, ""),
        (7, "p3"),
        (8, ""),
        (9, ""),
        (10, "p3"),
        (0, "p3"),
        (11, "p3"),
    ),
    "liability": ((0, ""), (1, ""), (2, "p2"), (3, "p3"), (4, "p3"), (5, "p3"), (6, "p3"), (7, "")),
    "earnings": ((0, ""), (1, ""), (2, ""), (3, "p3"), (4, "p3"), (5, ""), (6, "p3")),
    "payouts": ((1, "p3"), (2, ""), (3, "p2"), (4, ""), (5, "p3"), (6, ""), (0, "p3")),
}
# The column of the journal that stays on every screen: its totals are headed there.
HEAD = 6
ASKED = ("on", "known", "by", "restate")


def _month(period: int) -> Month:
    """Return a month of the books; one in which nothing was booked is empty, one that is yet to come is none."""
    now = timezone.now()
    today = period_of(now.astimezone(tenant_zone()).date())
    if found := next((row for row in months(now=now) if row.period == period), None):
        return found
    if not (EARLIEST <= period <= today and 1 <= period % 100 <= 12):
        raise Http404
    return Month(period, {}, 0, is_over=period < today)


@require_GET
@needs(Capability.SEE_MONEY)
def month_list(request: MemberRequest) -> HttpResponse:
    rows = months(now=timezone.now())
    waiting = next((row for row in rows if row.is_next and row.is_over), None)
    context = {
        "tabs": books_tabs(MONTHS),
        "table": MonthTable(rows),
        "rows": rows,
        "waiting": waiting,
        "waiting_name": month_name(waiting.period) if waiting else "",
    }
    return render(request, "commissions/closing/month_list.html", context)


@require_GET
@needs(Capability.SEE_MONEY)
def month_detail(request: MemberRequest, period: int) -> HttpResponse:
    shown = month_page(_month(period), now=timezone.now())
    context = {"shown": shown, "may_close": request.member.may(Capability.KEEP_BOOKS)}
    return render(request, "commissions/closing/month_detail.html", context)


@require_http_methods(["GET", "POST"])
@needs(Capability.KEEP_BOOKS)
@freshly_authenticated
def month_close(request: MemberRequest, period: int) -> HttpResponse:
    """Ask once more, after a fresh second factor, then close the month in the worker."""
    shown, form = month_page(_month(period), now=timezone.now()), CloseForm(request.POST or None)
    status = 422 if form.errors else 200
    if request.method == "POST" and form.is_valid():
        if shown.may_close:
            job = start_job(
                kind="books.close",
                params={"period": period},
                actor=request.member.actor,
                at=timezone.now(),
                back_path=f"manage/books/{period}/",
            )
            return hx_redirect(request, "job-detail", job_id=job.id)
        status = 409
    return render(
        request,
        "commissions/closing/month_close.html",
        {"shown": shown, "form": form},
        status=status,
    )


@require_http_methods(["GET", "POST"])
@needs(Capability.SEE_MONEY)
def month_report(request: MemberRequest, period: int, report: str) -> HttpResponse:
    """Show the beginning of a report; POST writes all of it as a file."""
    month = _month(period)
    if report not in REPORTS:
        raise Http404
    if request.method == "POST":
        ending = request.POST.get("format", "csv")
        return _job(
            request,
            "books.report",
            {"period": period, "report": report, "format": ending if ending in ENDINGS else "csv"},
            f"manage/books/{period}/",
        )
    words = (
        Frozen.from_json(month.closed.frozen) if month.closed else words_now(get_language() or "en")
    )
    rows = list(islice(report_rows(report, period, words), SHOWN + 1))
    context = {
        "month": month,
        "month_name": month_name(period),
        "title": report_names()[report],
        "headings": [
            (f"{_align([row[place] for row in rows])} {gives_way}", words.headings[report][place])
            for place, gives_way in ON_PAGE[report]
        ],
        "rows": [
            [(f"{css} {gives_way}", text) for css, text, gives_way in _cells(report, row)]
            for row in rows[:SHOWN]
        ],
        "totals": _totals(month) if report == "journal" else [],
        "is_cut": len(rows) > SHOWN,
        "shown": SHOWN,
    }
    return render(request, "commissions/closing/month_report.html", context)


def _totals(month: Month) -> list[list[tuple[str, str, bool]]]:
    """Return the sums of both sides of a month's journal, a row to each currency: class, text, whether it heads."""
    found = []
    for currency, parts in sorted(month.totals.items()):
        if not (parts["debits"] or parts["credits"]):
            continue
        texts = {
            HEAD: gettext("Whole month, %(currency)s") % {"currency": currency},
            8: money_text(parts["debits"], currency, sign="none"),
            9: money_text(parts["credits"], currency, sign="none"),
        }
        found.append(
            [
                (
                    f"{'n' if place in (8, 9) else ''} {gives_way}",
                    texts.get(place, ""),
                    place == HEAD,
                )
                for place, gives_way in ON_PAGE["journal"]
            ]
        )
    return found


def _cells(report: str, row: list[Any]) -> list[tuple[str, str, str]]:
    return [(*_cell(row[place]), gives_way) for place, gives_way in ON_PAGE[report]]


def _align(values: list[Any]) -> str:
    """Return the class of a heading: that of its column's cells."""
    return "n" if any(_cell(value)[0] for value in values) else ""


def _cell(value: Any) -> tuple[str, str]:
    """Return the class and the text of a cell."""
    if isinstance(value, Money):
        return "n", money_text(value.minor, value.currency, sign="none")
    if isinstance(value, int):
        return "n", str(value)
    if isinstance(value, date):
        return "", day_text(value, "medium")
    return "", "" if value is None else str(value)


@require_GET
@needs(Capability.SEE_MONEY)
def liability_page(request: MemberRequest) -> HttpResponse:
    today = timezone.now().astimezone(tenant_zone()).date()
    start = {"on": today.isoformat(), "by": BOOKED}
    given = {name: request.GET[name] for name in ASKED if request.GET.get(name)}
    form = AsOfForm({**start, **given}, today=today, currency=request.tenant.currency)
    if not form.is_valid():
        context = {"tabs": books_tabs(LIABILITY), "form": form}
        return render(request, "commissions/closing/liability.html", context, status=422)
    answer = liability(as_of_from(form.cleaned_data))
    context = {
        "tabs": books_tabs(LIABILITY),
        "form": form,
        "parts": liability_parts(answer),
        "restated": restated_owed(answer, request.tenant.currency)
        if form.cleaned_data["restate"]
        else None,
        "table": OwedTable(answer.rows[:SHOWN]),
        "rows": answer.rows,
        "is_unbooked": not answer.rows and first_period() is None,
        "cut": count_words(answer.rows, SHOWN) if len(answer.rows) > SHOWN else "",
    }
    return render(request, "commissions/closing/liability.html", context)


@require_POST
@needs(Capability.SEE_MONEY)
def liability_export(request: MemberRequest) -> HttpResponse:
    form = AsOfForm(request.POST, today=timezone.now().astimezone(tenant_zone()).date())
    if not form.is_valid():
        return hx_redirect(request, "commissions:liability")
    # As they were understood: a day may be typed in the language's order.
    data = form.cleaned_data
    params = {name: str(data[name] or "") for name in ("on", "known", "by")}
    params["format"] = "xlsx" if request.POST.get("format") == "xlsx" else "csv"
    return _job(request, "books.liability", params, "manage/books/liability/")


@require_http_methods(["GET", "POST"])
@needs(Capability.KEEP_BOOKS)
def account_codes_page(request: MemberRequest) -> HttpResponse:
    form = CodesForm(request.POST or None, codes=account_codes())
    if request.method == "POST" and form.is_valid():
        save_codes(codes=form.codes, actor=request.member.actor, at=timezone.now())
        messages.success(request, gettext("Account codes are saved"))
        return hx_redirect(request, "commissions:account-codes")
    rows = [(form[f"{kind}_code"], form[f"{kind}_name"]) for kind in AccountKind.values]
    context = {"tabs": books_tabs(ACCOUNTS), "form": form, "rows": rows}
    return render(
        request,
        "commissions/closing/account_codes.html",
        context,
        status=422 if form.errors else 200,
    )


def _job(request: MemberRequest, kind: str, params: dict[str, Any], back_path: str) -> HttpResponse:
    job = start_job(
        kind=kind, params=params, actor=request.member.actor, at=timezone.now(), back_path=back_path
    )
    return hx_redirect(request, "job-detail", job_id=job.id)
