"""The vendor's report of what partners' sharing brought, by channel."""

from uuid import UUID

from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from partners.directory.models import Partner
from partners.programs.models import Program
from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.web.charts import funnel_chart
from prm.web.filters import FilterBar, select_from
from prm.web.formats import number_text, percent_text
from prm.web.parts import Stat
from referrals.sharing.channels import ChannelLine, ChannelReport, channel_report
from referrals.sharing.selectors import Period, period_of
from referrals.stages.loss_views import asked_days, report_tabs


@require_safe
@needs(Capability.SEE_DASHBOARD)
def report_channels(request: MemberRequest) -> HttpResponse:
    """Show clicks, leads, wins and the time to a win by channel, in a period of days."""
    period = _asked_period(request.GET)
    programs = [(str(row.id), row.name) for row in Program.objects.order_by("name", "id")]
    selects = [select_from(request.GET, "program", _("Program"), programs)]
    partner = _partner(request.GET.get("partner", ""))
    chosen = selects[0].value
    report = channel_report(
        period=period,
        program_id=UUID(chosen) if chosen else None,
        partner_id=partner.id if partner else None,
    )
    context = {
        "bar": FilterBar(
            reverse("referrals:report-channels"),
            _("Filter the report"),
            request.GET,
            selects=selects,
            keep=("first", "last", "partner"),
        ),
        "period": period,
        "partner": partner,
        "lines": report.lines,
        "total": report.total,
        "stats": _stats(report.total),
        "chart": _funnel(report),
        "tabs": report_tabs("channels"),
    }
    return render(request, "referrals/sharing/report.html", context)


def days_text(days: float) -> str:
    """Return days with one decimal in the reader's form."""
    return number_text(round(days, 1))


def _stats(total: ChannelLine) -> list[Stat]:
    low, middle, high = total.days or (0.0, 0.0, 0.0)
    cycle = _("%(days)s days") % {"days": days_text(middle)} if total.days else "–"
    half = (
        _("half of them took %(low)s to %(high)s days")
        % {"low": days_text(low), "high": days_text(high)}
        if total.days
        else ""
    )
    share = percent_text(total.conversion, digits=1) if total.conversion is not None else "–"
    return [
        Stat(_("Clicks"), number_text(total.clicks)),
        Stat(_("Leads"), number_text(total.leads)),
        Stat(_("Won"), number_text(total.won), note=_("%(share)s of leads") % {"share": share}),
        Stat(_("From lead to win, median"), cycle, note=half),
    ]


def _funnel(report: ChannelReport) -> object:
    total = report.total
    steps = [
        (_("Clicks"), total.clicks),
        (_("Leads"), total.leads),
        (_("Accepted"), total.accepted),
        (_("Won"), total.won),
    ]
    if not total.clicks:
        steps = steps[1:]
    return funnel_chart(
        steps,
        heading=_("From click to customer"),
        finding=_("%(won)s of %(leads)s leads became customers")
        % {"won": number_text(total.won), "leads": number_text(total.leads)},
        head=[_("Step"), _("Count"), _("Of the step before")],
    )


def _asked_period(params: QueryDict) -> Period:
    """Return the days of the address; without them, or the wrong way round, the last 12 months."""
    return period_of(*asked_days(params))


def _partner(text: str) -> Partner | None:
    try:
        return Partner.objects.filter(id=UUID(text)).first()
    except ValueError:
        return None
