"""Debts and write-offs, caps of deductions, exchange rates and conversions."""

from uuid import UUID, uuid4

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from commissions.adjustments import services
from commissions.adjustments.forms import (
    CapForm,
    ConversionForm,
    RateForm,
    RatesFileForm,
    RefuseForm,
    WriteOffForm,
)
from commissions.adjustments.models import Conversion, ExchangeRate, WriteOff, WriteOffState
from commissions.adjustments.rules import converted
from commissions.adjustments.selectors import (
    NoRate,
    asked_write_offs,
    caps,
    convertible,
    debts,
    payable_in,
    rates_on,
)
from commissions.adjustments.tables import (
    ConversionTable,
    DebtTable,
    PayableTable,
    RateTable,
    WriteOffTable,
    rate_text,
)
from commissions.adjustments.tabs import DEBTS, RATES, books_tabs
from commissions.ledger.selectors import tenant_zone
from partners.directory.models import Partner
from partners.programs.models import Program
from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.accounts.stepup import ask_again, recently_authenticated
from prm.money import Money, known_currencies
from prm.tenancy.keys import KeyReused
from prm.web.formats import day_text, money_text
from prm.web.htmx import hx_redirect

# Rows of a history below a page.
HISTORY = 50


# ---------------------------------------------------------------- debts


@require_GET
@needs(Capability.SEE_MONEY)
def debt_list(request: MemberRequest) -> HttpResponse:
    waiting = asked_write_offs()
    decided = list(
        WriteOff.objects.exclude(state=WriteOffState.ASKED)
        .select_related("partner", "asked_by", "decided_by")
        .order_by("-decided_at", "-id")[:HISTORY]
    )
    rows, percents = debts(), caps()
    may_ask = request.member.may(Capability.PREPARE_PAYOUTS)
    context = {
        "tabs": books_tabs(DEBTS),
        "rows": rows,
        "table": DebtTable(
            rows,
            asked={(row.partner_id, row.currency) for row in waiting},
            without=[] if may_ask else ["action"],
        ),
        "waiting": [
            (
                row,
                money_text(row.amount_minor, row.currency),
                row.asked_by_id == request.member.user_id,
            )
            for row in waiting
        ],
        "decided": WriteOffTable(decided) if decided else None,
        "caps": [
            (program, percents.get(program.id, 100)) for program in Program.objects.order_by("name")
        ],
        "may_approve": request.member.may(Capability.APPROVE_PAYOUTS),
        "may_cap": request.member.may(Capability.KEEP_BOOKS),
    }
    return render(request, "commissions/adjustments/debt_list.html", context)


@require_http_methods(["GET", "POST"])
@needs(Capability.PREPARE_PAYOUTS)
def write_off_new(request: MemberRequest, partner_id: UUID, currency: str) -> HttpResponse:
    """Ask a second person to forgive what a partner owes."""
    partner = get_object_or_404(Partner, id=partner_id)
    debt = next((row for row in debts(partner.id) if row.currency == currency), None)
    if debt is None:
        messages.info(request, gettext("%(name)s owes nothing") % {"name": partner.name})
        return hx_redirect(request, "commissions:debt-list")
    owed = Money(debt.debt_minor, currency)
    form = WriteOffForm(request.POST or None, owed=owed)
    if request.method == "POST" and form.is_valid():
        try:
            services.ask_write_off(
                partner_id=partner.id,
                amount=form.cleaned_data["amount"],
                reason=form.cleaned_data["reason"].strip(),
                actor=request.member.actor,
                at=timezone.now(),
            )
        except services.NothingToWriteOff as refused:
            words = gettext("The partner owes %(amount)s, no more")
            form.add_error("amount", words % {"amount": money_text(refused.debt_minor, currency)})
        except services.AlreadyAsked:
            form.add_error(None, gettext("A write-off of this partner waits already"))
        else:
            messages.success(request, gettext("The write-off waits for a second person"))
            return hx_redirect(request, "commissions:debt-list")
    context = {"form": form, "partner": partner, "owed": money_text(owed.minor, currency)}
    return render(
        request,
        "commissions/adjustments/write_off_new.html",
        context,
        status=422 if form.errors else 200,
    )


@require_POST
@needs(Capability.APPROVE_PAYOUTS)
def write_off_approve(request: MemberRequest, write_off_id: int) -> HttpResponse:
    """Book a write-off, after a fresh second factor."""
    wish = get_object_or_404(WriteOff, id=write_off_id)
    if not recently_authenticated(request):
        return ask_again(request, back=reverse("commissions:debt-list"))
    try:
        services.approve_write_off(
            write_off_id=wish.id, actor=request.member.actor, at=timezone.now()
        )
    except services.AskedByYou:
        messages.warning(request, gettext("You asked for it. Another person has to approve it."))
    except services.AlreadyDecided:
        messages.warning(request, gettext("Somebody decided about it before"))
    except services.NothingToWriteOff as refused:
        owed = money_text(refused.debt_minor, wish.currency)
        words = gettext("The partner owes only %(amount)s by now. Refuse it and ask again.")
        messages.warning(request, words % {"amount": owed})
    else:
        messages.success(request, gettext("The debt is written off"))
    return hx_redirect(request, "commissions:debt-list")


@require_http_methods(["GET", "POST"])
@needs(Capability.APPROVE_PAYOUTS)
def write_off_refuse(request: MemberRequest, write_off_id: int) -> HttpResponse:
    wish = get_object_or_404(WriteOff.objects.select_related("partner"), id=write_off_id)
    form = RefuseForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.refuse_write_off(
                write_off_id=wish.id,
                answer=form.cleaned_data["answer"].strip(),
                actor=request.member.actor,
                at=timezone.now(),
            )
        except services.AlreadyDecided:
            messages.warning(request, gettext("Somebody decided about it before"))
        else:
            messages.success(request, gettext("The debt stays as it is"))
        return hx_redirect(request, "commissions:debt-list")
    context = {
        "form": form,
        "wish": wish,
        "amount": money_text(wish.amount_minor, wish.currency),
        "is_own": wish.asked_by_id == request.member.user_id,
    }
    return render(
        request,
        "commissions/adjustments/write_off_refuse.html",
        context,
        status=422 if form.errors else 200,
    )


@require_http_methods(["GET", "POST"])
@needs(Capability.KEEP_BOOKS)
def deduction_cap(request: MemberRequest, program_id: UUID) -> HttpResponse:
    program = get_object_or_404(Program, id=program_id)
    form = CapForm(request.POST or None, initial={"percent": caps().get(program.id, 100)})
    if request.method == "POST" and form.is_valid():
        services.set_cap(
            program_id=program.id,
            percent=form.cleaned_data["percent"],
            actor=request.member.actor,
            at=timezone.now(),
        )
        messages.success(request, gettext("The cap is saved"))
        return hx_redirect(request, "commissions:debt-list")
    return render(
        request,
        "commissions/adjustments/deduction_cap.html",
        {"form": form, "program": program},
        status=422 if form.errors else 200,
    )


# ---------------------------------------------------------------- currencies


@require_http_methods(["GET", "POST"])
@needs(Capability.SEE_MONEY)
def rate_list(request: MemberRequest) -> HttpResponse:
    """Show rates and conversions; POST takes one rate or a file of them, from those who keep the books."""
    may_keep = request.member.may(Capability.KEEP_BOOKS)
    if request.method == "POST" and not may_keep:
        raise Http404
    today = timezone.now().astimezone(tenant_zone()).date()
    is_file = request.POST.get("what") == "file"
    one: forms.Form = RateForm(
        request.POST if request.method == "POST" and not is_file else None, today=today
    )
    many: forms.Form = RatesFileForm(
        request.POST if is_file else None, request.FILES if is_file else None, today=today
    )
    sent = many if is_file else one
    if request.method == "POST" and sent.is_valid():
        count = services.add_rates(
            rates=sent.rates,  # type: ignore[attr-defined]
            actor=request.member.actor,
            at=timezone.now(),
        )
        words = ngettext("%(count)s rate is new", "%(count)s rates are new", count)
        messages.success(request, words % {"count": count})
        return hx_redirect(request, "commissions:rate-list")
    rates = list(
        ExchangeRate.objects.select_related("entered_by").order_by("-rated_on", "-id")[:HISTORY]
    )
    conversions = list(
        Conversion.objects.select_related("partner").order_by("-booked_at", "-id")[:HISTORY]
    )
    payable = convertible(request.tenant.currency)
    may_convert = request.member.may(Capability.PREPARE_PAYOUTS)
    context = {
        "tabs": books_tabs(RATES),
        "one": one,
        "many": many,
        "sent": sent,
        "may_keep": may_keep,
        "rates": RateTable(rates) if rates else None,
        "payable": PayableTable(payable) if payable and may_convert else None,
        "conversions": ConversionTable(conversions) if conversions else None,
    }
    return render(
        request,
        "commissions/adjustments/rate_list.html",
        context,
        status=422 if sent.errors else 200,
    )


@require_http_methods(["GET", "POST"])
@needs(Capability.PREPARE_PAYOUTS)
def conversion_new(request: MemberRequest, partner_id: UUID, currency: str) -> HttpResponse:
    """Move what is payable to a partner into another currency, after a fresh second factor."""
    partner = get_object_or_404(Partner, id=partner_id)
    if currency not in known_currencies():
        raise Http404
    if not recently_authenticated(request):
        return ask_again(request)
    payable = payable_in(partner.id, currency)
    if payable.minor <= 0:
        messages.info(
            request,
            gettext("Nothing is payable in %(code)s that is not in a payout run")
            % {"code": currency},
        )
        return hx_redirect(request, "commissions:rate-list")
    rates = rates_on(currency, timezone.now().astimezone(tenant_zone()).date())
    form = ConversionForm(
        request.POST or None,
        payable=payable,
        currencies=[rate.to_currency for rate in rates],
        initial={"key": uuid4().hex},
    )
    if request.method == "POST" and form.is_valid():
        found = _converted(request, form, partner, currency)
        if found:
            words = gettext("%(amount)s is payable now")
            messages.success(
                request, words % {"amount": money_text(found.to_minor, found.to_currency)}
            )
            return hx_redirect(request, "commissions:rate-list")
    context = {
        "form": form,
        "partner": partner,
        "facts": [(f"{currency} → {rate.to_currency}", _offer(rate, payable)) for rate in rates],
    }
    return render(
        request,
        "commissions/adjustments/conversion_new.html",
        context,
        status=422 if form.errors else 200,
    )


def _offer(rate: ExchangeRate, payable: Money) -> str:
    """Return a rate with its day and source, and what all that is payable becomes at it."""
    into = converted(payable, rate.to_currency, rate.rate)
    words = gettext("%(rate)s of %(day)s, %(source)s: %(amount)s becomes %(into)s")
    return words % {
        "rate": rate_text(rate.rate),
        "day": day_text(rate.rated_on, "medium"),
        "source": rate.source,
        "amount": money_text(payable.minor, payable.currency),
        "into": money_text(into.minor, into.currency),
    }


def _converted(
    request: MemberRequest, form: ConversionForm, partner: Partner, currency: str
) -> Conversion | None:
    """Convert as the valid form says; None with the form's errors where that is refused."""
    data = form.cleaned_data
    try:
        return services.convert_payable(
            partner_id=partner.id,
            amount=data["amount"],
            to_currency=data["to_currency"],
            reason=data["reason"].strip(),
            key=data["key"],
            actor=request.member.actor,
            at=timezone.now(),
        )
    except NoRate:
        words = gettext("There is no rate of today or of the last seven days. Enter one first.")
        form.add_error("to_currency", words)
    except services.NotEnough as refused:
        words = gettext("Only %(amount)s is payable and not in a payout run")
        form.add_error("amount", words % {"amount": money_text(refused.payable_minor, currency)})
    except services.NotConvertible as refused:
        words = gettext(
            "At this rate it becomes %(amount)s: enter another amount, or check the rate"
        )
        into = money_text(refused.into.minor, refused.into.currency)
        form.add_error("amount", words % {"amount": into})
    except KeyReused:
        form.add_error(None, gettext("This was sent before with other figures. Start again."))
    return None
