"""Addresses of plan versions."""

from django.urls import path

from commissions.plans import views

urlpatterns = [
    path("manage/programs/<uuid:program_id>/plans/", views.plan_list, name="plan-list"),
    path("manage/programs/<uuid:program_id>/plans/draft/", views.plan_draft, name="plan-draft"),
    path(
        "manage/programs/<uuid:program_id>/plans/draft/publish/",
        views.plan_publish,
        name="plan-publish",
    ),
    path(
        "manage/programs/<uuid:program_id>/plans/draft/discard/",
        views.plan_discard,
        name="plan-discard",
    ),
    path("manage/plans/<uuid:version_id>/", views.plan_version, name="plan-version"),
]
