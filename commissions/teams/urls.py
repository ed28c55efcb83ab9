"""Addresses of how a partner shares out what it earns."""

from django.urls import path

from commissions.teams import views

urlpatterns = [
    path("team-shares/", views.team_split_list, name="team-split-list"),
    path("team-shares/<uuid:program_id>/", views.team_split, name="team-split"),
]
