"""Pages about programs."""

from django.urls import path

from partners.programs import views

urlpatterns = [
    path("manage/programs/", views.program_list, name="program-list"),
    path("manage/programs/new/", views.program_new, name="program-new"),
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
