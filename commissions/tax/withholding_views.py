"""Which tax is kept back from payments, from whom and from when on."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST

from commissions.ledger.selectors import tenant_zone
from commissions.tax.forms import WithholdingForm
from commissions.tax.models import WithholdingRule
from commissions.tax.pages import rate_words, requirement_words, rule_span
from commissions.tax.withholding import add_rule, end_rule
from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.web.htmx import hx_redirect


@require_http_methods(["GET", "POST"])
@needs(Capability.KEEP_BOOKS)
def rule_list(request: MemberRequest) -> HttpResponse:
    """List the rules, newest first, and add another."""
    now = timezone.now()
    today = now.astimezone(tenant_zone()).date()
    form = WithholdingForm(request.POST or None, initial={"starts_on": today})
    if request.method == "POST" and form.is_valid():
        add_rule(**form.cleaned_data, actor=request.member.actor, at=now)
        messages.success(request, gettext("Payout runs from that day on keep the tax back"))
        return hx_redirect(request, "commissions:withholding-rules")
    rows = [
        (
            row,
            requirement_words(row),
            rate_words(row.rate, row.share),
            rule_span(row),
            row.ends_on is None or row.ends_on > today,
        )
        for row in WithholdingRule.objects.order_by("-starts_on", "-id")
    ]
    return render(
        request,
        "commissions/tax/withholding.html",
        {"form": form, "rows": rows},
        status=422 if form.errors else 200,
    )


@require_POST
@needs(Capability.KEEP_BOOKS)
def rule_end(request: MemberRequest, rule_id: int) -> HttpResponse:
    """Keep nothing back after today."""
    row = get_object_or_404(WithholdingRule, id=rule_id)
    end_rule(rule_id=row.id, actor=request.member.actor, at=timezone.now())
    messages.success(request, gettext("Today is the last day of this rule"))
    return hx_redirect(request, "commissions:withholding-rules")
