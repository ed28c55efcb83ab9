"""Addresses of plan versions."""

from django.urls import path

from commissions.plans import public_views, template_views, views

urlpatterns = [
    path("join/<slug:program>/earnings/", public_views.join_earnings, name="join-earnings"),
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
    path(
        "manage/programs/<uuid:program_id>/plans/templates/",
        template_views.plan_templates,
        name="plan-templates",
    ),
    path(
        "manage/programs/<uuid:program_id>/plans/templates/<slug:key>/",
        template_views.plan_from_template,
        name="plan-from-template",
    ),
    path("manage/plans/<uuid:version_id>/", views.plan_version, name="plan-version"),
]
