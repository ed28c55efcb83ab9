"""Pages about programs."""

from django.urls import path

from partners.programs import copy_views, views

urlpatterns = [
    path("manage/programs/", views.program_list, name="program-list"),
    path("manage/programs/new/", views.program_new, name="program-new"),
    path("manage/programs/import/", copy_views.program_import, name="program-import"),
    path("manage/programs/<uuid:program_id>/copy/", copy_views.program_copy, name="program-copy"),
    path(
        "manage/programs/<uuid:program_id>/export/",
        copy_views.program_export,
        name="program-export",
    ),
    path("manage/programs/<uuid:program_id>/", views.program_detail, name="program-detail"),
    path("manage/programs/<uuid:program_id>/edit/", views.program_edit, name="program-edit"),
    path("manage/programs/<uuid:program_id>/close/", views.program_close, name="program-close"),
    path("manage/programs/<uuid:program_id>/fields/", views.program_fields, name="program-fields"),
    path(
        "manage/programs/<uuid:program_id>/fields/<slug:key>/",
        views.program_field,
        name="program-field",
    ),
]
