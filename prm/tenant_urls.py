"""Every page of a tenant; the tenant itself is not in the patterns (prm.tenancy.middleware)."""

from django.urls import include, path

from prm.signin import views as signin

urlpatterns = [
    path("start/", signin.start, name="start"),
    path("accounts/", include("allauth.urls")),
    path("", include("prm.signin.urls")),
    path("", include("prm.accounts.urls")),
    path("", include("prm.api.urls")),
    path("", include("prm.vendor.urls")),
    path("", include("prm.notices.urls")),
    path("", include("prm.jobs.urls")),
    path("", include("prm.audit.urls")),
    path("", include("prm.analytics.urls")),
    path("", include("prm.search.urls")),
    path("", include("partners.urls")),
    path("", include("referrals.urls")),
    path("", include("commissions.urls")),
]

handler429 = "prm.signin.views.too_many"
handler500 = "prm.signin.views.broken"
