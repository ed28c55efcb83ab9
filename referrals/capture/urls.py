"""Pages of what stands around a referral's coming in."""

from django.urls import path

from referrals.capture import views_drafts, views_privacy

urlpatterns = [
    path("referrals/drafts/", views_drafts.draft_list, name="draft-list"),
    path("referrals/drafts/save/", views_drafts.draft_save, name="draft-save"),
    path(
        "referrals/drafts/<uuid:draft_id>/delete/", views_drafts.draft_delete, name="draft-delete"
    ),
    path(
        "referrals/<uuid:referral_id>/recall/",
        views_drafts.referral_recall,
        name="referral-recall",
    ),
    path("person/<str:token>/", views_privacy.person, name="person"),
    path("person/<str:token>/object/", views_privacy.person_object, name="person-object"),
    path("person/<str:token>/erase/", views_privacy.person_erase, name="person-erase"),
    path(
        "manage/programs/<uuid:program_id>/privacy/",
        views_privacy.privacy_edit,
        name="privacy-edit",
    ),
    path(
        "manage/referrals/<uuid:referral_id>/erase/",
        views_privacy.manage_person_erase,
        name="manage-person-erase",
    ),
]
