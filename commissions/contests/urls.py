"""Addresses of contests."""

from django.urls import path

from commissions.contests import manage_views, views

urlpatterns = [
    path("contests/", views.contest_list, name="contests"),
    path("contests/<uuid:contest_id>/", views.contest_detail, name="contest"),
    path("manage/contests/", manage_views.contest_list, name="contest-list"),
    path("manage/contests/new/", manage_views.contest_new, name="contest-new"),
    path("manage/contests/<uuid:contest_id>/", manage_views.contest_detail, name="contest-detail"),
    path("manage/contests/<uuid:contest_id>/edit/", manage_views.contest_edit, name="contest-edit"),
    path(
        "manage/contests/<uuid:contest_id>/publish/",
        manage_views.contest_publish,
        name="contest-publish",
    ),
    path(
        "manage/contests/<uuid:contest_id>/cancel/",
        manage_views.contest_cancel,
        name="contest-cancel",
    ),
    path(
        "manage/contests/<uuid:contest_id>/discard/",
        manage_views.contest_discard,
        name="contest-discard",
    ),
    path(
        "manage/contests/<uuid:contest_id>/settle/",
        manage_views.contest_settle,
        name="contest-settle",
    ),
]
