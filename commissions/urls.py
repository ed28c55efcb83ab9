"""Pages of the commissions package."""

from django.urls import URLPattern, URLResolver, include, path

app_name = "commissions"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("commissions.plans.urls")),
    path("", include("commissions.overrides.urls")),
    path("", include("commissions.acceptances.urls")),
    path("", include("commissions.tiers.urls")),
    path("", include("commissions.contests.urls")),
    path("", include("commissions.choices.urls")),
    path("", include("commissions.gifts.urls")),
    path("", include("commissions.simulation.urls")),
    path("", include("commissions.adjustments.urls")),
    path("", include("commissions.closing.urls")),
    path("", include("commissions.accruals.urls")),
    path("", include("commissions.teams.urls")),
    path("", include("commissions.payouts.urls")),
    path("", include("commissions.results.urls")),
    path("", include("commissions.holds.urls")),
    path("", include("commissions.calendar.urls")),
    path("", include("commissions.vat.urls")),
    path("", include("commissions.tax.urls")),
    path("", include("commissions.statements.urls")),
    path("", include("commissions.earnings.urls")),
]
