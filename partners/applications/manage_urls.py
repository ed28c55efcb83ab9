"""The vendor's pages about applications."""

from django.urls import path

from partners.applications import views_manage

urlpatterns = [
    path("manage/applications/", views_manage.application_list, name="application-list"),
    path("manage/applications/decide/", views_manage.application_decide, name="application-decide"),
    path(
        "manage/applications/<uuid:application_id>/",
        views_manage.application_detail,
        name="application-detail",
    ),
    path(
        "manage/applications/<uuid:application_id>/approve/",
        views_manage.application_approve,
        name="application-approve",
    ),
    path(
        "manage/applications/<uuid:application_id>/ask/",
        views_manage.application_ask,
        name="application-ask",
    ),
    path(
        "manage/applications/<uuid:application_id>/decline/",
        views_manage.application_decline,
        name="application-decline",
    ),
    path(
        "manage/applications/<uuid:application_id>/reopen/",
        views_manage.application_reopen,
        name="application-reopen",
    ),
]
