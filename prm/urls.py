"""Pages without a tenant: signing in, and the way to one's tenants."""

from django.urls import include, path

from prm.signin import urls as signin_urls
from prm.signin import views as signin
from prm.vendor import robots

urlpatterns = [
    path("", signin.start, name="start"),
    path("accounts/", include("allauth.urls")),
    path("mail/", include("prm.notices.mailbox_urls")),
    path("", include(signin_urls.global_patterns)),
    path("robots.txt", robots.robots_txt, name="robots"),
]

handler429 = "prm.signin.views.too_many"
handler500 = "prm.signin.views.broken"
