"""Pages about applications: public ones, and the vendor's."""

from django.urls import path

from partners.applications import views_public

urlpatterns = [
    path("join/", views_public.join_list, name="join-list"),
    path("join/<slug:program>/", views_public.join, name="join"),
    path("join/<slug:program>/agreement/", views_public.join_agreement, name="join-agreement"),
    path("join/<slug:program>/apply/", views_public.apply, name="apply"),
    path(
        "join/<slug:program>/apply/questions/",
        views_public.apply_questions,
        name="apply-questions",
    ),
    path("join/<slug:program>/apply/saved/", views_public.apply_saved, name="apply-saved"),
    path("join/<slug:program>/apply/sent/", views_public.apply_sent, name="apply-sent"),
    path("application/<str:token>/", views_public.application_status, name="application-status"),
    path(
        "application/<str:token>/withdraw/",
        views_public.application_withdraw,
        name="application-withdraw",
    ),
]
