"""Pages of the referrals package."""

from django.urls import URLPattern, URLResolver, include, path

app_name = "referrals"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("referrals.pipeline.urls")),
    path("", include("referrals.attribution.urls")),
    path("", include("referrals.claims.urls")),
    path("", include("referrals.stages.urls")),
    path("", include("referrals.intake.urls")),
    path("", include("referrals.revenue.urls")),
    path("", include("referrals.sharing.urls")),
    path("", include("referrals.imports.urls")),
    path("", include("referrals.capture.urls")),
]
