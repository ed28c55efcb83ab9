"""Addresses of simulations."""

from django.urls import path

from commissions.simulation import views

urlpatterns = [
    path(
        "manage/programs/<uuid:program_id>/simulations/",
        views.simulation_list,
        name="simulation-list",
    ),
    path(
        "manage/programs/<uuid:program_id>/cost-targets/", views.cost_targets, name="cost-targets"
    ),
    path(
        "manage/simulations/<uuid:simulation_id>/",
        views.simulation_detail,
        name="simulation-detail",
    ),
]
