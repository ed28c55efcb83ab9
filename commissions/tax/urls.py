"""Addresses of tax forms."""

from django.urls import path

from commissions.tax import views, withholding_views, year_views

urlpatterns = [
    path("tax/", views.own_forms, name="tax"),
    path("tax/<slug:kind>/", views.own_form, name="tax-send"),
    path("manage/tax/", views.form_list, name="tax-form-list"),
    path("manage/tax/wanted/", views.requirement_list, name="tax-requirements"),
    path(
        "manage/tax/wanted/<int:requirement_id>/end/",
        views.requirement_end,
        name="tax-requirement-end",
    ),
    path("manage/tax/years/<int:year>/", year_views.year_totals, name="tax-year"),
    path("manage/tax/years/<int:year>/csv/", year_views.year_csv, name="tax-year-csv"),
    path("manage/tax/years/<int:year>/threshold/", year_views.threshold, name="tax-threshold"),
    path("manage/tax/withholding/", withholding_views.rule_list, name="withholding-rules"),
    path(
        "manage/tax/withholding/<int:rule_id>/end/",
        withholding_views.rule_end,
        name="withholding-rule-end",
    ),
    path("manage/tax/<uuid:form_id>/", views.form_detail, name="tax-form"),
    path("manage/tax/<uuid:form_id>/file/", views.form_file, name="tax-form-file"),
]
