"""Addresses of exceptions."""

from django.urls import path

from commissions.overrides import fairness_views, views

urlpatterns = [
    path("manage/exceptions/", views.override_list, name="override-list"),
    path("manage/exceptions/compared/", fairness_views.override_fairness, name="override-fairness"),
    path("manage/exceptions/new/", views.override_new, name="override-new"),
    path("manage/exceptions/<uuid:override_id>/", views.override_detail, name="override-detail"),
    path(
        "manage/exceptions/<uuid:override_id>/decide/",
        views.override_decide,
        name="override-decide",
    ),
    path("manage/exceptions/<uuid:override_id>/end/", views.override_end, name="override-end"),
]
