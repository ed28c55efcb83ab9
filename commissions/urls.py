"""Pages of the commissions package."""

from django.urls import URLPattern, URLResolver, include, path

app_name = "commissions"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("commissions.plans.urls")),
    path("", include("commissions.overrides.urls")),
    path("", include("commissions.payouts.urls")),
    path("", include("commissions.statements.urls")),
    path("", include("commissions.earnings.urls")),
]
