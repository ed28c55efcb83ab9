"""What happens to one payment later: money is given back on it, or comes in on it."""

from uuid import UUID, uuid4

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.money import Money
from prm.tenancy.keys import KeyReused
from prm.web.formats import money_text
from prm.web.htmx import hx_redirect
from referrals.pipeline.panels import panel
from referrals.revenue.forms import ReceiptForm, RefundForm
from referrals.revenue.models import PAYMENT_KINDS, CashReceipt, RevenueEvent, RevenueKind
from referrals.revenue.services import (
    ReceiptTooLarge,
    RefundTooLarge,
    noon_of,
    record_receipt,
    record_refund,
)


@require_http_methods(["GET", "POST"])
@needs(Capability.RECORD_REVENUE)
def revenue_refund(request: MemberRequest, revenue_event_id: UUID) -> HttpResponse:
    """Record money given back on one payment."""
    payment = _payment(revenue_event_id)
    left = Money(payment.amount_minor - payment.refunded_minor, payment.currency)
    if not left.minor:
        messages.info(request, gettext("This payment was given back in full"))
        return hx_redirect(request, "referrals:revenue-list")
    today = timezone.localdate()
    initial = {"key": uuid4(), "booked_on": today, "kind": RevenueKind.REFUND, "amount": left}
    form = RefundForm(
        request.POST or None,
        left=left,
        earliest=min(payment.booked_on, today),
        today=today,
        initial=initial,
    )
    if request.method == "POST" and form.is_valid() and _refund(request, form, payment):
        return hx_redirect(request, "referrals:revenue-list")
    context = {
        "form": form,
        "payment": payment,
        "left": left,
        "commission": panel("revenue.refund", payment, request.member),
    }
    return render(
        request, "referrals/revenue/refund.html", context, status=422 if form.errors else 200
    )


def _refund(request: MemberRequest, form: RefundForm, payment: RevenueEvent) -> bool:
    """Record it, or say on the form why not."""
    try:
        event = record_refund(
            external_id=form.reference,
            kind=form.cleaned_data["kind"],
            refunds_id=payment.id,
            amount=form.cleaned_data["amount"],
            booked_at=noon_of(form.cleaned_data["booked_on"], request.tenant.time_zone),
            source="form",
            actor=request.member.actor,
            at=timezone.now(),
            note=form.cleaned_data["note"],
        )
    except RefundTooLarge as refused:
        problem = (
            gettext("Enter at most %(left)s; the rest was given back before")
            if refused.left.minor < payment.amount_minor
            else gettext("Enter at most %(left)s, what the customer paid")
        )
        left = money_text(refused.left.minor, refused.left.currency)
        form.add_error("amount", problem % {"left": left})
    except KeyReused:
        form.add_error(
            "external_id", gettext("This reference is booked already with other facts. Check it.")
        )
    else:
        words = {
            "amount": money_text(event.amount_minor, event.currency),
            "customer": payment.customer.name,
        }
        messages.success(request, gettext("Recorded %(amount)s given back to %(customer)s") % words)
        return True
    return False


@require_http_methods(["GET", "POST"])
@needs(Capability.RECORD_REVENUE)
def revenue_receive(request: MemberRequest, revenue_event_id: UUID) -> HttpResponse:
    """Record money that came in on an invoice."""
    invoice = _payment(revenue_event_id)
    if not invoice.outstanding_minor:
        # Also the second click of a double one.
        messages.info(request, gettext("This payment was received in full"))
        return hx_redirect(request, "referrals:revenue-list")
    left = Money(invoice.outstanding_minor, invoice.currency)
    today = timezone.localdate()
    form = ReceiptForm(
        request.POST or None,
        left=left,
        earliest=min(invoice.booked_on, today),
        today=today,
        initial={"key": uuid4(), "received_on": today, "amount": left},
    )
    if request.method == "POST" and form.is_valid() and _receive(request, form, invoice):
        return hx_redirect(request, "referrals:revenue-list")
    context = {
        "form": form,
        "payment": invoice,
        "left": left,
        "receipts": CashReceipt.objects.filter(revenue_event_id=invoice.id).order_by(
            "-received_at", "-id"
        ),
    }
    return render(
        request, "referrals/revenue/receive.html", context, status=422 if form.errors else 200
    )


def _receive(request: MemberRequest, form: ReceiptForm, invoice: RevenueEvent) -> bool:
    """Record it, or say on the form why not."""
    try:
        receipt = record_receipt(
            external_id=form.reference,
            revenue_event_id=invoice.id,
            amount=form.cleaned_data["amount"],
            received_at=noon_of(form.cleaned_data["received_on"], request.tenant.time_zone),
            actor=request.member.actor,
            at=timezone.now(),
        )
    except ReceiptTooLarge as refused:
        left = money_text(refused.left.minor, refused.left.currency)
        problem = gettext("Enter at most %(left)s, what is still to come in")
        form.add_error("amount", problem % {"left": left})
    except KeyReused:
        form.add_error(
            "external_id", gettext("This reference is booked already with other facts. Check it.")
        )
    else:
        words = {
            "amount": money_text(receipt.amount_minor, invoice.currency),
            "customer": invoice.customer.name,
        }
        messages.success(request, gettext("Recorded %(amount)s received from %(customer)s") % words)
        return True
    return False


def _payment(payment_id: UUID) -> RevenueEvent:
    payments = RevenueEvent.objects.filter(kind__in=PAYMENT_KINDS).select_related(
        "customer", "customer__partner", "referral"
    )
    return get_object_or_404(payments, id=payment_id)
