"""Addresses of the books."""

from django.urls import path

from commissions.closing import views

urlpatterns = [
    path("manage/books/", views.month_list, name="month-list"),
    path("manage/books/<int:period>/", views.month_detail, name="month-detail"),
    path("manage/books/<int:period>/close/", views.month_close, name="month-close"),
    path(
        "manage/books/<int:period>/reports/<slug:report>/",
        views.month_report,
        name="month-report",
    ),
    path("manage/books/liability/", views.liability_page, name="liability"),
    path("manage/books/liability/export/", views.liability_export, name="liability-export"),
    path("manage/books/accounts/", views.account_codes_page, name="account-codes"),
]
