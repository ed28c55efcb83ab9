"""Pages of claims, duplicates, availability and accounts."""

from django.urls import path

from referrals.claims import manage_views, views

urlpatterns = [
    path("referrals/availability/", views.availability, name="availability"),
    path("referrals/availability/hold/", views.availability_hold, name="availability-hold"),
    path("referrals/<uuid:referral_id>/more-time/", views.claim_extend, name="claim-extend"),
    path("referrals/<uuid:referral_id>/give-up/", views.claim_give_up, name="claim-give-up"),
    path("referrals/extensions/<uuid:extension_id>/file/", views.claim_file, name="claim-file"),
    path("still-working/<str:token>/", views.still_working, name="still-working"),
    path("manage/duplicates/", manage_views.duplicate_list, name="duplicate-list"),
    path(
        "manage/duplicates/<uuid:pair_id>/", manage_views.duplicate_detail, name="duplicate-detail"
    ),
    path("manage/extensions/", manage_views.extension_list, name="extension-list"),
    path(
        "manage/extensions/<uuid:extension_id>/",
        manage_views.extension_detail,
        name="extension-detail",
    ),
    path("manage/programs/<uuid:program_id>/claims/", manage_views.claim_rules, name="claim-rules"),
    path("manage/imports/accounts/", manage_views.account_list, name="account-list"),
    path("manage/imports/accounts/new/", manage_views.account_upload, name="account-upload"),
    path(
        "manage/imports/accounts/template/",
        manage_views.account_template,
        name="account-template",
    ),
]
