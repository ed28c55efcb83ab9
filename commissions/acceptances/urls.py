"""Addresses of terms and of what partners accepted."""

from django.urls import path

from commissions.acceptances import manage_views, views

urlpatterns = [
    path("terms/<uuid:program_id>/effect/", views.terms_effect, name="terms-effect"),
    path("terms/", views.terms_list, name="terms-list"),
    path("terms/<uuid:program_id>/", views.terms, name="terms"),
    path("terms/accepted/<uuid:acceptance_id>/", views.terms_accepted, name="terms-accepted"),
    path(
        "manage/plans/<uuid:version_id>/acceptances/",
        manage_views.plan_acceptances,
        name="plan-acceptances",
    ),
    path(
        "manage/plans/<uuid:version_id>/acceptances/remind/",
        manage_views.plan_remind,
        name="plan-remind",
    ),
]
