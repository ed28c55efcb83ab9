"""The vendor's pages about applications."""

from django.urls import path

from partners.applications import views_manage, views_recruit

urlpatterns = [
    path("manage/applications/", views_manage.application_list, name="application-list"),
    path("manage/applications/decide/", views_manage.application_decide, name="application-decide"),
    path(
        "manage/applications/<uuid:application_id>/",
        views_manage.application_detail,
        name="application-detail",
    ),
    path(
        "manage/applications/<uuid:application_id>/approve/",
        views_manage.application_approve,
        name="application-approve",
    ),
    path(
        "manage/applications/<uuid:application_id>/ask/",
        views_manage.application_ask,
        name="application-ask",
    ),
    path(
        "manage/applications/<uuid:application_id>/decline/",
        views_manage.application_decline,
        name="application-decline",
    ),
    path(
        "manage/applications/<uuid:application_id>/reopen/",
        views_manage.application_reopen,
        name="application-reopen",
    ),
    path("manage/prospects/", views_recruit.prospect_list, name="prospect-list"),
    path("manage/prospects/new/", views_recruit.prospect_new, name="prospect-new"),
    path("manage/prospects/import/", views_recruit.prospect_import, name="prospect-import"),
    path("manage/prospects/template/", views_recruit.prospect_template, name="prospect-template"),
    path(
        "manage/prospects/<uuid:prospect_id>/",
        views_recruit.prospect_detail,
        name="prospect-detail",
    ),
    path(
        "manage/prospects/<uuid:prospect_id>/edit/",
        views_recruit.prospect_edit,
        name="prospect-edit",
    ),
    path(
        "manage/prospects/<uuid:prospect_id>/state/",
        views_recruit.prospect_move,
        name="prospect-move",
    ),
    path(
        "manage/prospects/<uuid:prospect_id>/invite/",
        views_recruit.prospect_invite,
        name="prospect-invite",
    ),
    path("manage/invitations/", views_recruit.invitation_list, name="invitation-list"),
    path("manage/invitations/send/", views_recruit.invitations_send, name="invitations-send"),
    path(
        "manage/invitations/template/",
        views_recruit.invitations_template,
        name="invitations-template",
    ),
    path(
        "manage/invitations/<uuid:invitation_id>/resend/",
        views_recruit.invitation_resend,
        name="invitation-resend",
    ),
    path(
        "manage/invitations/<uuid:invitation_id>/revoke/",
        views_recruit.invitation_revoke,
        name="invitation-revoke",
    ),
]
