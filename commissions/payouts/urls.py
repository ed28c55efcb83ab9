"""Addresses of payouts."""

from django.urls import path

from commissions.payouts import details_views as details
from commissions.payouts import payout_views, settings_views, settle_views, views

urlpatterns = [
    path("payout-details/", details.payout_details, name="payout-details"),
    path("payout-details/change/", details.payout_details_change, name="payout-details-change"),
    path("payout-details/check/", details.payout_details_check, name="payout-details-check"),
    path(
        "manage/partners/<uuid:partner_id>/payout-details/",
        details.partner_payout_details,
        name="partner-payout-details",
    ),
    path(
        "manage/partners/<uuid:partner_id>/payout-details/confirm/",
        details.payout_account_confirm,
        name="payout-account-confirm",
    ),
    path("manage/payouts/source/", details.payout_source, name="payout-source"),
    path("manage/payouts/settings/", settings_views.payout_settings_page, name="payout-settings"),
    path("manage/payouts/limits/", settings_views.payout_limits_page, name="payout-limits"),
    path(
        "manage/payouts/templates/new/", settings_views.payout_template, name="payout-template-new"
    ),
    path(
        "manage/payouts/templates/<int:template_id>/",
        settings_views.payout_template,
        name="payout-template",
    ),
    path(
        "manage/payouts/templates/<int:template_id>/retire/",
        settings_views.payout_template_retire,
        name="payout-template-retire",
    ),
    path("payouts/<uuid:payout_id>/", payout_views.payout_detail, name="payout-detail"),
    path("manage/payouts/", views.run_list, name="run-list"),
    path("manage/payouts/new/", views.run_new, name="run-new"),
    path("manage/payouts/submit/", views.run_submit, name="run-submit"),
    path("manage/payouts/<uuid:run_id>/", views.run_detail, name="run-detail"),
    path("manage/payouts/<uuid:run_id>/approve/", views.run_approve, name="run-approve"),
    path("manage/payouts/<uuid:run_id>/send-back/", views.run_cancel, name="run-cancel"),
    path("manage/payouts/<uuid:run_id>/export/", views.run_export, name="run-export"),
    path("manage/payouts/<uuid:run_id>/files/<slug:kind>/", views.run_file, name="run-file"),
    path("manage/payouts/<uuid:run_id>/settle/", settle_views.run_settle, name="run-settle"),
    path("manage/payouts/<uuid:run_id>/statements/", views.run_statements, name="run-statements"),
    path(
        "manage/payouts/payments/<uuid:payout_id>/settle/",
        payout_views.payout_settle,
        name="payout-settle",
    ),
    path(
        "manage/payouts/payments/<uuid:payout_id>/return/",
        payout_views.payout_return,
        name="payout-return",
    ),
    path(
        "manage/payouts/payments/<uuid:payout_id>/cause/",
        payout_views.payout_cause,
        name="payout-cause",
    ),
]
