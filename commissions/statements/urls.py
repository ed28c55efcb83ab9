"""Addresses of statements."""

from django.urls import path

from commissions.statements import views

urlpatterns = [
    path("statements/", views.statement_list, name="statement-list"),
    path("statements/<uuid:statement_id>/", views.statement_detail, name="statement-detail"),
    path("statements/<uuid:statement_id>/pdf/", views.statement_pdf, name="statement-pdf"),
    path("statements/<uuid:statement_id>/csv/", views.statement_csv, name="statement-csv"),
    path("statements/<uuid:statement_id>/xlsx/", views.statement_xlsx, name="statement-xlsx"),
    path("manage/statements/", views.manage_statement_list, name="manage-statement-list"),
    path("manage/statements/issue/", views.manage_statement_issue, name="manage-statement-issue"),
]
