"""Pages about agreements."""

from django.urls import path

from partners.agreements import manage_views, views

urlpatterns = [
    path("agreement/", views.agreement, name="agreement"),
    path("agreement/<uuid:program_id>/", views.agreement_sign, name="agreement-sign"),
    path("agreement/signed/<uuid:acceptance_id>/", views.agreement_signed, name="agreement-signed"),
    path("agreement/signed/<uuid:acceptance_id>/pdf/", views.agreement_pdf, name="agreement-pdf"),
    path(
        "manage/programs/<uuid:program_id>/agreement/",
        manage_views.agreement_versions,
        name="agreement-versions",
    ),
    path(
        "manage/programs/<uuid:program_id>/agreement/draft/",
        manage_views.agreement_draft,
        name="agreement-draft",
    ),
    path(
        "manage/programs/<uuid:program_id>/agreement/draft/discard/",
        manage_views.agreement_discard,
        name="agreement-discard",
    ),
    path(
        "manage/programs/<uuid:program_id>/agreement/signatures/",
        manage_views.agreement_signatures,
        name="agreement-signatures",
    ),
    path(
        "manage/programs/<uuid:program_id>/agreement/remind/",
        manage_views.agreement_remind,
        name="agreement-remind",
    ),
    path(
        "manage/agreements/<uuid:version_id>/",
        manage_views.agreement_version,
        name="agreement-version",
    ),
    path(
        "manage/agreements/<uuid:version_id>/publish/",
        manage_views.agreement_publish,
        name="agreement-publish",
    ),
]
