"""Pages of the audit trail."""

from django.urls import path

from prm.audit import views

urlpatterns = [
    path("manage/audit/", views.audit_list, name="audit-list"),
    path("manage/audit/export/", views.audit_export, name="audit-export"),
]
