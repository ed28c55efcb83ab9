"""Addresses of rewards that are not money."""

from django.urls import path

from commissions.gifts import catalogue_views, manage_views, views

_GIFT = "manage/rewards/catalogue/<uuid:gift_id>/"
_AWARD = "manage/rewards/<uuid:award_id>/"

urlpatterns = [
    path("rewards/", views.reward_list, name="rewards"),
    path("rewards/<uuid:award_id>/code/", views.reward_code, name="reward-code"),
    path("rewards/<uuid:award_id>/received/", views.reward_received, name="reward-received"),
    path("manage/rewards/", manage_views.award_list, name="gift-award-list"),
    path("manage/rewards/new/", manage_views.award_new, name="gift-award-new"),
    path("manage/rewards/export/", manage_views.award_export, name="gift-award-export"),
    path("manage/rewards/costs/", manage_views.gift_costs, name="gift-costs"),
    path("manage/rewards/catalogue/", catalogue_views.gift_list, name="gift-list"),
    path("manage/rewards/catalogue/new/", catalogue_views.gift_new, name="gift-new"),
    path(_GIFT, catalogue_views.gift_detail, name="gift-detail"),
    path(f"{_GIFT}edit/", catalogue_views.gift_edit, name="gift-edit"),
    path(f"{_GIFT}codes/", catalogue_views.gift_codes, name="gift-codes"),
    path(_AWARD, manage_views.award_detail, name="gift-award"),
    path(f"{_AWARD}move/", manage_views.award_move, name="gift-award-move"),
]
