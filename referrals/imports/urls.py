"""Pages of imports, all under manage/."""

from django.urls import path

from referrals.imports import views

_ONE = "manage/imports/<uuid:import_id>/"
urlpatterns = [
    path("manage/imports/", views.import_list, name="import-list"),
    path("manage/imports/new/", views.import_new, name="import-new"),
    path(_ONE, views.import_detail, name="import-detail"),
    path(f"{_ONE}columns/", views.import_map, name="import-map"),
    path(f"{_ONE}values/", views.import_values, name="import-values"),
    path(f"{_ONE}check/", views.import_check, name="import-check"),
    path(f"{_ONE}commit/", views.import_commit, name="import-commit"),
    path(f"{_ONE}queue/", views.import_queue, name="import-queue"),
    path(f"{_ONE}undo/", views.import_undo, name="import-undo"),
    path(f"{_ONE}rows/", views.import_problems, name="import-problems"),
    path(f"{_ONE}mapping.toml", views.import_preset, name="import-preset"),
]
