"""Addresses of tax forms."""

from django.urls import path

from commissions.tax import certificate_views, views, withholding_views, year_views

urlpatterns = [
    path(
        "tax/certificates/<uuid:certificate_id>/",
        certificate_views.certificate_detail,
        name="year-certificate",
    ),
    path(
        "tax/certificates/<uuid:certificate_id>/pdf/",
        certificate_views.certificate_pdf,
        name="year-certificate-pdf",
    ),
    path(
        "tax/certificates/<uuid:certificate_id>/csv/",
        certificate_views.certificate_csv,
        name="year-certificate-csv",
    ),
    path("tax/<slug:kind>/", views.own_form, name="tax-send"),
    path("manage/tax/", views.form_list, name="tax-form-list"),
    path("manage/tax/missing/", views.missing_list, name="tax-missing"),
    path("manage/tax/missing/remind/", views.remind_all, name="tax-remind"),
    path("manage/tax/wanted/", views.requirement_list, name="tax-requirements"),
    path(
        "manage/tax/wanted/<int:requirement_id>/end/",
        views.requirement_end,
        name="tax-requirement-end",
    ),
    path("manage/tax/years/<int:year>/", year_views.year_totals, name="tax-year"),
    path("manage/tax/years/<int:year>/csv/", year_views.year_csv, name="tax-year-csv"),
    path("manage/tax/years/<int:year>/threshold/", year_views.threshold, name="tax-threshold"),
    path(
        "manage/tax/years/<int:year>/certificates/",
        certificate_views.certificates_issue,
        name="year-certificates-issue",
    ),
    path("manage/tax/withholding/", withholding_views.rule_list, name="withholding-rules"),
    path(
        "manage/tax/withholding/<int:rule_id>/end/",
        withholding_views.rule_end,
        name="withholding-rule-end",
    ),
    path("manage/tax/<uuid:form_id>/", views.form_detail, name="tax-form"),
    path("manage/tax/<uuid:form_id>/file/", views.form_file, name="tax-form-file"),
]
