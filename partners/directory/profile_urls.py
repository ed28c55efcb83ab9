"""Pages of profiles, goals, and the public directory."""

from django.urls import path

from partners.directory import profile_views as views
from partners.directory import public_views

urlpatterns = [
    path("company/", views.profile, name="profile"),
    path("company/edit/", views.profile_edit, name="profile-edit"),
    path("company/listing/", views.profile_listing, name="profile-listing"),
    path("company/logo/<uuid:partner_id>/", views.profile_logo, name="profile-logo"),
    path(
        "manage/partners/<uuid:partner_id>/profile/", views.partner_profile, name="partner-profile"
    ),
    path(
        "manage/partners/<uuid:partner_id>/listing/", views.partner_listing, name="partner-listing"
    ),
    path("manage/partners/<uuid:partner_id>/plan/", views.partner_plan, name="partner-plan"),
    path("manage/partners/<uuid:partner_id>/goals/new/", views.goal_new, name="goal-new"),
    path(
        "manage/partners/<uuid:partner_id>/goals/<int:goal_id>/end/",
        views.goal_end,
        name="goal-end",
    ),
    path("manage/directory/", views.listing_queue, name="listing-queue"),
    path("directory/", public_views.directory, name="directory"),
    path("directory/<slug:slug>/", public_views.directory_entry, name="directory-entry"),
    path("directory/<slug:slug>/logo/", public_views.directory_logo, name="directory-logo"),
    path("sitemap.xml", public_views.sitemap, name="sitemap"),
]
