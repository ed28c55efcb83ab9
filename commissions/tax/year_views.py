"""A year of payments for the tax office: totals, the file, the sums from which partners are reported."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods
from django_countries import countries

from commissions.ledger.models import Account
from commissions.tax.certificates import newest_certificates
from commissions.tax.forms import ThresholdForm
from commissions.tax.tables import YearTable
from commissions.tax.tabs import tax_tabs
from commissions.tax.years import set_threshold, year_totals_of
from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.money import Money
from prm.web.exports import csv_lines
from prm.web.htmx import hx_redirect
from prm.web.parts import Tab

# Most rows on the page; the file has all.
SHOWN = 200
FIRST, LAST = 1990, 2200


def _known(year: int) -> int:
    if not FIRST <= year <= LAST:
        raise Http404
    return year


@require_GET
@needs(Capability.SEE_MONEY)
def year_totals(request: MemberRequest, year: int) -> HttpResponse:
    """Show the year's totals, largest first."""
    totals = year_totals_of(_known(year))
    now = timezone.now().year
    years = sorted({year, *range(now - 2, now + 1)}, reverse=True)
    context = {
        "year": year,
        "tabs": tax_tabs("years"),
        "years": [
            Tab(
                str(one), reverse("commissions:tax-year", kwargs={"year": one}), current=one == year
            )
            for one in years
        ],
        "count": len(totals),
        "shown": SHOWN,
        "table": YearTable(
            totals[:SHOWN],
            certificates=newest_certificates(year, {row.partner_id for row in totals[:SHOWN]}),
        ),
        "may_certify": year <= now and request.member.may(Capability.SETTLE_PAYOUTS),
        "has_rows": bool(totals),
        "may_set": request.member.may(Capability.KEEP_BOOKS),
    }
    return render(request, "commissions/tax/year.html", context)


@require_GET
@needs(Capability.SEE_MONEY)
def year_csv(request: MemberRequest, year: int) -> HttpResponse:
    """Give out all totals of a year as a file."""
    header = [
        gettext("Year"),
        gettext("Partner"),
        gettext("Country"),
        gettext("Tax number"),
        gettext("Currency"),
        gettext("Before tax"),
        gettext("Tax withheld"),
        gettext("VAT"),
        gettext("Paid"),
        gettext("Converted"),
        gettext("Reported from"),
        gettext("To be reported"),
    ]
    rows = (
        [
            year,
            row.name,
            str(countries.name(row.country) or ""),
            row.tax_number,
            row.currency,
            Money(row.gross_minor, row.currency),
            Money(row.withheld_minor, row.currency),
            Money(row.vat_minor, row.currency),
            Money(row.paid_minor, row.currency),
            Money(row.exchanged_minor, row.currency),
            None if row.threshold_minor is None else Money(row.threshold_minor, row.currency),
            gettext("yes") if row.is_reported else gettext("no"),
        ]
        for row in year_totals_of(_known(year))
    )
    response = HttpResponse(
        "".join(csv_lines(header, rows)), content_type="text/csv; charset=utf-8"
    )
    response.headers["Content-Disposition"] = f'attachment; filename="tax-{year}.csv"'
    return response


@require_http_methods(["GET", "POST"])
@needs(Capability.KEEP_BOOKS)
def threshold(request: MemberRequest, year: int) -> HttpResponse:
    """Set from which sum partners of a country are reported, from this year on."""
    used = set(Account.objects.values_list("currency", flat=True).distinct())
    form = ThresholdForm(request.POST or None, currencies=sorted(used | {"USD", "EUR"}))
    if request.method == "POST" and form.is_valid():
        set_threshold(
            from_year=_known(year),
            country=form.cleaned_data["country"],
            amount=form.cleaned_data["amount"],
            actor=request.member.actor,
            at=timezone.now(),
        )
        messages.success(request, gettext("Saved. It counts until a later year has its own."))
        return hx_redirect(request, "commissions:tax-year", year=year)
    status = 422 if form.errors else 200
    context = {"form": form, "year": _known(year)}
    return render(request, "commissions/tax/threshold.html", context, status=status)
