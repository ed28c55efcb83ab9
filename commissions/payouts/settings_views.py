"""How a vendor pays: its settings, its limits, and the shapes of its own lists."""

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST

from commissions.payouts.models import FileTemplate
from commissions.payouts.rules import next_run_day
from commissions.payouts.selectors import paid_currencies
from commissions.payouts.settings import (
    payout_limits,
    payout_settings,
    save_payout_limits,
    save_payout_settings,
)
from commissions.payouts.settings_forms import PayoutLimitsForm, PayoutSettingsForm, TemplateForm
from commissions.payouts.templates import live_templates, retire_template, save_template
from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.accounts.stepup import freshly_authenticated
from prm.web.htmx import hx_redirect


@require_http_methods(["GET", "POST"])
@needs(Capability.PREPARE_PAYOUTS)
def payout_settings_page(request: MemberRequest) -> HttpResponse:
    """Show and take the methods on offer, the clock, and what US banks want."""
    settings = payout_settings()
    form = PayoutSettingsForm(request.POST or None, initial=PayoutSettingsForm.initial_of(settings))
    if request.method == "POST" and form.is_valid():
        save_payout_settings(
            methods=form.cleaned_data["methods"],
            clock=form.clock,
            head=form.head,
            actor=request.member.actor,
            at=timezone.now(),
        )
        messages.success(request, gettext("The payout settings are saved"))
        return hx_redirect(request, "commissions:payout-settings")
    context = {
        "form": form,
        "next_day": next_run_day(
            timezone.localdate(), cadence=settings.cadence, run_day=settings.run_day
        ),
        "shapes": live_templates(),
        "may_limit": request.member.may(Capability.EDIT_PROGRAMS),
    }
    return render(
        request, "commissions/payouts/settings.html", context, status=422 if form.errors else 200
    )


@require_http_methods(["GET", "POST"])
@needs(Capability.EDIT_PROGRAMS)
@freshly_authenticated
def payout_limits_page(request: MemberRequest) -> HttpResponse:
    """Take the limits, after a fresh sign-in; who moves money does not set them alone."""
    limits = payout_limits()
    form = PayoutLimitsForm(
        request.POST or None,
        currencies=paid_currencies(request.tenant.currency, limits),
        limits=limits,
    )
    if request.method == "POST" and form.is_valid():
        save_payout_limits(limits=form.limits, actor=request.member.actor, at=timezone.now())
        messages.success(request, gettext("The limits are saved"))
        return hx_redirect(request, "commissions:payout-settings")
    return render(
        request,
        "commissions/payouts/limits.html",
        {"form": form},
        status=422 if form.errors else 200,
    )


@require_http_methods(["GET", "POST"])
@needs(Capability.SETTLE_PAYOUTS)
def payout_template(request: MemberRequest, template_id: int | None = None) -> HttpResponse:
    """Show and take one template; without an id a new one."""
    shape = (
        get_object_or_404(FileTemplate, id=template_id, retired_at=None) if template_id else None
    )
    form = TemplateForm(
        request.POST or None, initial=TemplateForm.initial_of(shape) if shape else None
    )
    if request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic():
                save_template(
                    draft=form.draft, actor=request.member.actor, at=timezone.now(), template=shape
                )
        except IntegrityError:
            form.add_error("name", gettext("Another template has this name"))
        else:
            messages.success(request, gettext("The template is saved"))
            return hx_redirect(request, "commissions:payout-settings")
    return render(
        request,
        "commissions/payouts/template.html",
        {"form": form, "shape": shape},
        status=422 if form.errors else 200,
    )


@require_POST
@needs(Capability.SETTLE_PAYOUTS)
def payout_template_retire(request: MemberRequest, template_id: int) -> HttpResponse:
    """Make no more files with a template."""
    shape = get_object_or_404(FileTemplate, id=template_id)
    retire_template(template=shape, actor=request.member.actor, at=timezone.now())
    messages.success(
        request, gettext("No more files are made with %(name)s") % {"name": shape.name}
    )
    return hx_redirect(request, "commissions:payout-settings")
