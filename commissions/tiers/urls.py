"""Addresses of tiers."""

from django.urls import path

from commissions.tiers import views

urlpatterns = [
    path("tiers/", views.own_tiers, name="tiers"),
    path("manage/programs/<uuid:program_id>/tiers/", views.tier_list, name="tier-list"),
    path("manage/programs/<uuid:program_id>/tiers/new/", views.tier_new, name="tier-new"),
    path("manage/programs/<uuid:program_id>/tiers/rules/", views.tier_rules, name="tier-rules"),
    path("manage/programs/<uuid:program_id>/tiers/moves/", views.tier_moves, name="tier-moves"),
    path(
        "manage/programs/<uuid:program_id>/tiers/benefits/new/",
        views.benefit_new,
        name="benefit-new",
    ),
    path("manage/tiers/<uuid:tier_id>/", views.tier_edit, name="tier-edit"),
    path("manage/tiers/<uuid:tier_id>/remove/", views.tier_remove, name="tier-remove"),
    path("manage/benefits/<uuid:benefit_id>/", views.benefit_edit, name="benefit-edit"),
]
