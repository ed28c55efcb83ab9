"""Addresses of statements."""

from django.urls import path

from commissions.statements import batch_views, dispute_views, file_views, views

urlpatterns = [
    path("statements/", views.statement_list, name="statement-list"),
    path("statements/<uuid:statement_id>/", views.statement_detail, name="statement-detail"),
    path("statements/<uuid:statement_id>/pdf/", file_views.statement_pdf, name="statement-pdf"),
    path("statements/<uuid:statement_id>/csv/", file_views.statement_csv, name="statement-csv"),
    path("statements/<uuid:statement_id>/xlsx/", file_views.statement_xlsx, name="statement-xlsx"),
    path("statements/<uuid:statement_id>/read/", views.statement_confirm, name="statement-confirm"),
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
    path(
        "manage/statements/issue/",
        batch_views.manage_statement_issue,
        name="manage-statement-issue",
    ),
    path(
        "manage/statements/batches/<uuid:job_id>/",
        batch_views.statement_batch,
        name="statement-batch",
    ),
    path("manage/statements/archive/", batch_views.statement_archive, name="statement-archive"),
]
