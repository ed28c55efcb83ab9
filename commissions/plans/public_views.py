"""What a program would earn a visitor: its terms, a worked example and a calculator."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from commissions.plans.calculator import CalculatorForm, calculated
from commissions.plans.pages import example_deal, example_of
from commissions.plans.selectors import terms_in_force
from commissions.plans.wording import term_lines
from partners.applications.selectors import public_program
from prm.accounts.guards import public


@require_safe
@public("anybody may work out what a program pays before applying")
def join_earnings(request: HttpRequest, program: str) -> HttpResponse:
    """Show what the plan in force pays, with an example and a calculator."""
    found, now = public_program(program), timezone.now()
    if found is None:
        raise Http404
    context: dict[str, Any] = {"program": found.program}
    if version := terms_in_force(found.program.id, now):
        asked = CalculatorForm.of(request.GET, version.currency)
        deal = example_deal(version.currency)
        context |= {
            "lines": term_lines(version),
            "example": example_of(version, deal),
            "deal": deal,
            "calculator": asked,
            "result": calculated(version, **asked.given, start=timezone.localdate(now)),
        }
    return render(request, "commissions/plans/public.html", context)
