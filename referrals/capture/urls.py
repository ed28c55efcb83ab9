"""Pages of what stands around a referral's coming in."""

from django.urls import path

from referrals.capture import views_privacy

urlpatterns = [
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
