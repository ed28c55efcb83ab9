"""Pages of attribution: rules, credit, holds and cases."""

from django.urls import path

from referrals.attribution import case_views, manage_views, views

_CASE = "cases/<uuid:case_id>/"
_STAFF = "manage/cases/<uuid:case_id>/"
_REFERRAL = "manage/referrals/<uuid:referral_id>/"

urlpatterns = [
    path("cases/", views.case_list, name="case-list"),
    path("referrals/<uuid:referral_id>/object/", views.case_new, name="case-new"),
    path(_CASE, views.case_detail, name="case-detail"),
    path(f"{_CASE}entry/", views.case_entry, name="case-entry"),
    path(f"{_CASE}appeal/", views.case_appeal, name="case-appeal"),
    path(f"{_CASE}files/<int:entry_id>/", views.case_file, name="case-file"),
    path("manage/cases/", case_views.manage_case_list, name="manage-case-list"),
    path(_STAFF, case_views.manage_case_detail, name="manage-case-detail"),
    path(f"{_STAFF}entry/", case_views.manage_case_entry, name="manage-case-entry"),
    path(f"{_STAFF}take/", case_views.manage_case_take, name="manage-case-take"),
    path(f"{_STAFF}decide/", case_views.manage_case_decide, name="manage-case-decide"),
    path(
        f"{_STAFF}entries/<int:entry_id>/pass-on/",
        case_views.manage_case_pass_on,
        name="manage-case-pass-on",
    ),
    path(f"{_STAFF}files/<int:entry_id>/", case_views.manage_case_file, name="manage-case-file"),
    path("manage/held/", manage_views.manage_hold_list, name="manage-hold-list"),
    path(f"{_REFERRAL}hold/", manage_views.manage_hold, name="manage-hold"),
    path(f"{_REFERRAL}credit/", manage_views.manage_credit, name="manage-credit"),
    path(
        "manage/programs/<uuid:program_id>/attribution/",
        manage_views.attribution_rules,
        name="attribution-rules",
    ),
]
