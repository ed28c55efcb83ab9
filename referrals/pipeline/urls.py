"""Pages of referrals: the partner's and, under manage/, the vendor's."""

from django.urls import path

from referrals.pipeline import manage_views, views

_ONE = "manage/referrals/<uuid:referral_id>/"
urlpatterns = [
    path("referrals/", views.referral_list, name="referral-list"),
    path("referrals/export/", views.referral_export, name="referral-export"),
    path("referrals/<uuid:referral_id>/", views.referral_detail, name="referral-detail"),
    path("referrals/<uuid:referral_id>/note/", views.referral_note, name="referral-note"),
    path("referrals/<uuid:referral_id>/follow/", views.referral_follow, name="referral-follow"),
    path("manage/referrals/", manage_views.manage_referral_list, name="manage-referral-list"),
    path(
        "manage/referrals/export/",
        manage_views.manage_referral_export,
        name="manage-referral-export",
    ),
    path(_ONE, manage_views.manage_referral_detail, name="manage-referral-detail"),
    path(f"{_ONE}accept/", manage_views.manage_referral_accept, name="manage-referral-accept"),
    path(f"{_ONE}reject/", manage_views.manage_referral_reject, name="manage-referral-reject"),
    path(f"{_ONE}move/", manage_views.manage_referral_move, name="manage-referral-move"),
    path(f"{_ONE}follow/", manage_views.manage_referral_follow, name="manage-referral-follow"),
    path(f"{_ONE}note/", manage_views.manage_referral_note, name="manage-referral-note"),
    path(
        f"{_ONE}next-step/",
        manage_views.manage_referral_next_step,
        name="manage-referral-next-step",
    ),
]
