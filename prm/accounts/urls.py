"""Pages of accounts."""

from django.urls import URLPattern, URLResolver, path

from prm.accounts import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("profile/", views.account_profile, name="account-profile"),
    path("team/", views.team_list, name="team-list"),
    path("team/sharing/", views.team_sharing, name="team-sharing"),
    path("team/invite/", views.team_invite, name="team-invite"),
    path("team/<int:membership_id>/", views.team_edit, name="team-edit"),
    path("team/<int:membership_id>/remove/", views.team_remove, name="team-remove"),
    path(
        "team/invitations/<uuid:invitation_id>/resend/",
        views.team_invitation_resend,
        name="team-invitation-resend",
    ),
    path(
        "team/invitations/<uuid:invitation_id>/revoke/",
        views.team_invitation_revoke,
        name="team-invitation-revoke",
    ),
    path("partner-view/stop/", views.partner_view_stop, name="partner-view-stop"),
    path("manage/staff/", views.staff_list, name="staff-list"),
    path("manage/staff/invite/", views.staff_invite, name="staff-invite"),
    path("manage/staff/<int:membership_id>/", views.staff_edit, name="staff-edit"),
    path("manage/staff/<int:membership_id>/remove/", views.staff_remove, name="staff-remove"),
    path(
        "manage/staff/invitations/<uuid:invitation_id>/resend/",
        views.staff_invitation_resend,
        name="staff-invitation-resend",
    ),
    path(
        "manage/staff/invitations/<uuid:invitation_id>/revoke/",
        views.staff_invitation_revoke,
        name="staff-invitation-revoke",
    ),
]
