"""Pages of the partners package."""

from django.urls import URLPattern, URLResolver, include, path

app_name = "partners"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("partners.agreements.urls")),
    path("", include("partners.directory.urls")),
    path("", include("partners.directory.profile_urls")),
    path("", include("partners.programs.urls")),
    path("", include("partners.applications.urls")),
    path("", include("partners.applications.manage_urls")),
    path("", include("partners.applications.publishing_urls")),
    path("", include("partners.onboarding.urls")),
    path("", include("partners.training.urls")),
]
