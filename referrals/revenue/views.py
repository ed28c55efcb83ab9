"""Finance books what customers pay, by hand and by file; managers win referrals."""

from io import BytesIO
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from partners.programs.models import Program
from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.jobs.models import Job, JobState
from prm.jobs.selectors import job_view
from prm.jobs.services import start_job
from prm.money import Money
from prm.tenancy.keys import KeyReused
from prm.web.exports import csv_lines, write_xlsx
from prm.web.filters import FilterBar, search_words, select_from
from prm.web.formats import money_text
from prm.web.htmx import STOP_POLLING, hx_redirect, redirect_to, render_part, wants_part
from prm.web.paging import keyset_page
from prm.web.spreadsheets import FileRefused
from referrals.pipeline.hooks import MoveRefused
from referrals.pipeline.models import Referral, StageKind
from referrals.pipeline.selectors import winning_stage
from referrals.pipeline.services import MoveNotAllowed
from referrals.revenue.codes import CodeUnknown, take_typed_code
from referrals.revenue.forms import PaymentForm, RevenueFileForm, WinForm
from referrals.revenue.models import Customer, RevenueEvent, RevenueKind
from referrals.revenue.naming import names_asked
from referrals.revenue.selectors import (
    PERIODS,
    customers_like,
    partner_choices,
    revenue_header,
    revenue_lines,
    wanted_from,
)
from referrals.revenue.services import noon_of, record_payment, win_referral
from referrals.revenue.tables import SOURCES, CustomerTable, RevenueTable
from referrals.revenue.uploads import (
    REQUIRED,
    queue_file_check,
    queue_file_recording,
    template_csv,
)

# More rows than this are written by a job.
DIRECT_ROWS = 1000


@require_http_methods(["GET", "POST"])
@needs(Capability.DECIDE_REFERRALS)
def manage_referral_win(request: MemberRequest, referral_id: UUID) -> HttpResponse:
    """Ask for the deal's value and win the referral."""
    visible = Referral.objects.visible_to(request.member).select_related("partner", "stage")
    referral = get_object_or_404(visible, id=referral_id)
    stage = winning_stage(referral)
    if stage is None:
        # A double click wins once and says so once.
        if referral.stage_kind != StageKind.WON:
            messages.error(request, gettext("This referral cannot be won from where it stands now"))
        return hx_redirect(request, "referrals:manage-referral-detail", referral_id=referral.id)
    initial: dict[str, Any] = {"seen": referral.stage_id}
    if referral.deal_minor is not None:
        initial["deal"] = Money(referral.deal_minor, referral.currency)
    form = WinForm(
        request.POST or None,
        currency=referral.currency,
        names=names_asked([referral.program_id]),
        initial=initial,
    )
    if request.method == "POST" and form.is_valid():
        try:
            told = _win(request, referral, stage.id, form)
        except CodeUnknown as unknown:
            form.add_error("code", str(unknown))
        except (MoveNotAllowed, KeyReused):
            messages.error(
                request, gettext("Somebody else moved this referral first; nothing was changed")
            )
        except MoveRefused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, gettext("%(company)s is won") % {"company": referral.company})
            _say(request, told)
        if not form.errors:
            return hx_redirect(request, "referrals:manage-referral-detail", referral_id=referral.id)
    context = {"form": form, "referral": referral}
    return render(
        request, "referrals/revenue/win.html", context, status=422 if form.errors else 200
    )


@transaction.atomic
def _win(request: MemberRequest, referral: Referral, stage_id: int, form: WinForm) -> str:
    """Win it and take the customer's code; return what the code did."""
    actor, at = request.member.actor, timezone.now()
    win_referral(
        referral_id=referral.id,
        to_stage_id=stage_id,
        deal=form.cleaned_data["deal"],
        actor=actor,
        at=at,
        sold=form.sold,
    )
    return take_typed_code(
        referral_id=referral.id, code=form.cleaned_data["code"], used_at=at, actor=actor, at=at
    )


def _say(request: MemberRequest, told: str) -> None:
    if told:
        messages.info(request, told)


@require_GET
@needs(Capability.RECORD_REVENUE)
def revenue_list(request: MemberRequest) -> HttpResponse:
    wanted = wanted_from(request.GET)
    page = keyset_page(
        wanted.rows(timezone.localdate()),
        params=request.GET,
        orders={"booked": ("booked_at",)},
        default="-booked",
    )
    kinds = [
        ("payments", gettext("All payments")),
        ("open", gettext("Invoices to be paid")),
        *RevenueKind.choices,
    ]
    periods = [(str(days), gettext("Last %(days)s days") % {"days": days}) for days in PERIODS]
    bar = FilterBar(
        reverse("referrals:revenue-list"),
        gettext("Filter revenue"),
        request.GET,
        gettext("Customer, reference or number"),
        [
            select_from(request.GET, "kind", gettext("Kind"), kinds),
            select_from(request.GET, "partner", gettext("Partner"), partner_choices()),
            select_from(request.GET, "source", gettext("From"), list(SOURCES.items())),
            select_from(
                request.GET, "booked", gettext("Booked on"), periods, any_label=gettext("Any time")
            ),
        ],
    )
    context = {
        "page": page,
        "bar": bar,
        "table": RevenueTable(page.rows, page=page),
        "is_empty": not page.rows and not wanted.is_narrow,
        "query": request.GET.urlencode(),
    }
    return render_part(request, "referrals/revenue/list.html", context)


@require_POST
@needs(Capability.RECORD_REVENUE)
def revenue_export(request: MemberRequest) -> HttpResponse:
    """Answer with the view's rows as a file, or with the job that writes them when they are many."""
    wanted = wanted_from(QueryDict(request.POST.get("query", "")[:2000]))
    ending = "xlsx" if request.POST.get("format") == "xlsx" else "csv"
    rows = wanted.rows(timezone.localdate())
    if rows.order_by()[: DIRECT_ROWS + 1].count() > DIRECT_ROWS:
        params = {"wanted": wanted.__dict__, "format": ending}
        job = start_job(
            kind="revenue.export",
            params=params,
            actor=request.member.actor,
            at=timezone.now(),
            back_path="manage/revenue/",
        )
        return redirect_to(request, reverse("job-detail", kwargs={"job_id": job.id}))
    if ending == "csv":
        response = HttpResponse(
            "".join(csv_lines(revenue_header(), revenue_lines(rows))),
            content_type="text/csv; charset=utf-8",
        )
    else:
        book = BytesIO()
        write_xlsx(book, revenue_header(), revenue_lines(rows))
        response = HttpResponse(
            book.getvalue(),
            content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        )
    response["Content-Disposition"] = (
        f'attachment; filename="revenue-{timezone.localdate().isoformat()}.{ending}"'
    )
    return response


@require_http_methods(["GET", "POST"])
@needs(Capability.RECORD_REVENUE)
def revenue_new(request: MemberRequest) -> HttpResponse:
    """Find the customer, then record what it paid."""
    chosen = request.GET.get("customer", "")
    if not chosen:
        return _customer_search(request)
    customer = get_object_or_404(
        Customer.objects.select_related("partner", "referral"), id=_uuid_or_none(chosen)
    )
    today = timezone.localdate()
    initial = {
        "key": uuid4(),
        "booked_on": today,
        "kind": RevenueKind.SALE if not customer.payment_count else RevenueKind.RENEWAL,
    }
    form = PaymentForm(
        request.POST or None,
        currency=customer.referral.currency,
        today=today,
        names=names_asked([customer.referral.program_id]),
        initial=initial,
    )
    if request.method == "POST" and form.is_valid():
        try:
            event, told = _pay(request, customer, form)
        except CodeUnknown as unknown:
            form.add_error("code", str(unknown))
        except KeyReused:
            form.add_error(
                "external_id",
                gettext("This reference is booked already with other facts. Check it."),
            )
        else:
            messages.success(
                request,
                gettext("Recorded %(amount)s from %(customer)s")
                % {
                    "amount": money_text(event.amount_minor, event.currency),
                    "customer": customer.name,
                },
            )
            _say(request, told)
            return hx_redirect(request, "referrals:revenue-list")
    context = {"form": form, "customer": customer}
    return render(
        request, "referrals/revenue/new.html", context, status=422 if form.errors else 200
    )


@transaction.atomic
def _pay(request: MemberRequest, customer: Customer, form: PaymentForm) -> tuple[RevenueEvent, str]:
    """Record the payment and take the customer's code; return both, the code as what it did."""
    actor, at = request.member.actor, timezone.now()
    booked_at = noon_of(form.cleaned_data["booked_on"], request.tenant.time_zone)
    event = record_payment(
        external_id=form.reference,
        kind=form.cleaned_data["kind"],
        customer_id=customer.id,
        amount=form.cleaned_data["amount"],
        booked_at=booked_at,
        source="form",
        actor=actor,
        at=at,
        note=form.cleaned_data["note"],
        sold=form.sold,
    )
    told = take_typed_code(
        referral_id=customer.referral_id,
        code=form.cleaned_data["code"],
        used_at=booked_at,
        actor=actor,
        at=at,
    )
    return event, told


def _customer_search(request: MemberRequest) -> HttpResponse:
    words = search_words(request.GET)
    page = keyset_page(
        customers_like(words), params=request.GET, orders={"name": ("lower_name",)}, default="name"
    )
    url = reverse("referrals:revenue-new")
    bar = FilterBar(
        url, gettext("Find the customer"), request.GET, gettext("Name, email, website or number")
    )
    context = {
        "page": page,
        "bar": bar,
        "table": CustomerTable(page.rows, page=page),
        "is_empty": not page.rows and not words,
    }
    return render_part(request, "referrals/revenue/customers.html", context)


@require_http_methods(["GET", "POST"])
@needs(Capability.RECORD_REVENUE)
def revenue_upload(request: MemberRequest) -> HttpResponse:
    """Take a file of payments and refunds, show what its check said, record it."""
    if check_id := _uuid_or_none(request.GET.get("check", "")):
        return _checked_upload(request, get_object_or_404(Job, id=check_id, kind="revenue.check"))
    form = RevenueFileForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        with NamedTemporaryFile() as kept:
            for part in file.chunks():
                kept.write(part)
            kept.flush()
            try:
                job = queue_file_check(
                    upload=Path(kept.name),
                    file_name=file.name,
                    actor=request.member.actor,
                    at=timezone.now(),
                )
            except FileRefused as refused:
                form.add_error("file", refused.words)
            else:
                return redirect_to(request, _check_path(job))
    names = names_asked(list(Program.objects.values_list("id", flat=True)))
    context = {"form": form, "required": REQUIRED, "names": names}
    return render(
        request, "referrals/revenue/upload.html", context, status=422 if form.errors else 200
    )


def _checked_upload(request: MemberRequest, check: Job) -> HttpResponse:
    """Follow the check while it runs, show what it said, record the file when asked."""
    if request.method == "POST" and check.state == JobState.DONE and check.result.get("bookable"):
        job = queue_file_recording(check=check, actor=request.member.actor, at=timezone.now())
        return redirect_to(request, reverse("job-detail", kwargs={"job_id": job.id}))
    view = job_view(check, request.member, now=timezone.now())
    return render_part(
        request,
        "referrals/revenue/checked.html",
        {"check": view, "url": _check_path(check), "file_name": check.params["file_name"]},
        part="state",
        status=STOP_POLLING if wants_part(request) and not view.running else 200,
    )


def _check_path(check: Job) -> str:
    return f"{reverse('referrals:revenue-upload')}?check={check.id}"


@require_GET
@needs(Capability.RECORD_REVENUE)
def revenue_template(request: MemberRequest) -> HttpResponse:
    response = HttpResponse(template_csv(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="revenue-template.csv"'
    return response


def _uuid_or_none(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
