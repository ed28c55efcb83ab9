"""Addresses of statements."""

from django.urls import path

from commissions.statements import dispute_views, views

urlpatterns = [
    path("statements/", views.statement_list, name="statement-list"),
    path("statements/<uuid:statement_id>/", views.statement_detail, name="statement-detail"),
    path("statements/<uuid:statement_id>/pdf/", views.statement_pdf, name="statement-pdf"),
    path("statements/<uuid:statement_id>/csv/", views.statement_csv, name="statement-csv"),
    path("statements/<uuid:statement_id>/xlsx/", views.statement_xlsx, name="statement-xlsx"),
    path(
        "statements/<uuid:statement_id>/lines/",
        dispute_views.statement_lines,
        name="statement-lines",
    ),
    path(
        "statements/lines/<int:line_id>/dispute/",
        dispute_views.line_dispute,
        name="line-dispute",
    ),
    path("disputes/<uuid:dispute_id>/", dispute_views.dispute_detail, name="dispute-detail"),
    path(
        "disputes/<uuid:dispute_id>/evidence/",
        dispute_views.dispute_evidence,
        name="dispute-evidence",
    ),
    path(
        "disputes/<uuid:dispute_id>/withdraw/",
        dispute_views.dispute_withdraw,
        name="dispute-withdraw",
    ),
    path("manage/disputes/", dispute_views.dispute_list, name="dispute-list"),
    path(
        "manage/disputes/<uuid:dispute_id>/answer/",
        dispute_views.dispute_answer,
        name="dispute-answer",
    ),
    path("manage/statements/", views.manage_statement_list, name="manage-statement-list"),
    path("manage/statements/issue/", views.manage_statement_issue, name="manage-statement-issue"),
]
