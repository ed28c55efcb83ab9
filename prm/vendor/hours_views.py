"""The page of the vendor's working week."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.vendor.hours_forms import HoursForm
from prm.vendor.tabs import settings_tabs
from prm.web.htmx import hx_redirect
from prm.workhours.rules import NeverOpen, due_at
from prm.workhours.selectors import calendar_of_tenant, closed_days
from prm.workhours.services import set_calendar

# What the page shows as an example: a promise of so many business hours, made now.
EXAMPLE_HOURS = 8


@require_http_methods(["GET", "POST"])
@needs(Capability.EDIT_TENANT)
def tenant_hours(request: MemberRequest) -> HttpResponse:
    """Show and change when the vendor works, with an example of a promise."""
    now = timezone.now()
    calendar = calendar_of_tenant()
    form = HoursForm(
        request.POST if request.method == "POST" else None, now=calendar, days=closed_days()
    )
    if form.is_bound and form.is_valid():
        set_calendar(
            hours=form.hours,
            country=form.cleaned_data["country"],
            region=form.cleaned_data["region"],
            closed=form.cleaned_data["closed"],
            actor=request.member.actor,
            at=now,
        )
        messages.success(request, _("The working hours are saved"))
        return hx_redirect(request, "tenant-hours")
    try:
        example = due_at(now, 60 * EXAMPLE_HOURS, calendar)
    except NeverOpen:
        example = None
    context = {
        "form": form,
        "tabs": settings_tabs("hours"),
        "example": example,
        "example_hours": EXAMPLE_HOURS,
        "zone": calendar.zone.key,
    }
    return render(request, "prm/vendor/hours.html", context, status=422 if form.is_bound else 200)
