"""Addresses of what finance books by decision."""

from django.urls import path

from commissions.adjustments import views

urlpatterns = [
    path("manage/books/debts/", views.debt_list, name="debt-list"),
    path(
        "manage/books/debts/<uuid:partner_id>/<slug:currency>/",
        views.write_off_new,
        name="write-off-new",
    ),
    path(
        "manage/books/write-offs/<int:write_off_id>/approve/",
        views.write_off_approve,
        name="write-off-approve",
    ),
    path(
        "manage/books/write-offs/<int:write_off_id>/refuse/",
        views.write_off_refuse,
        name="write-off-refuse",
    ),
    path("manage/books/caps/<uuid:program_id>/", views.deduction_cap, name="deduction-cap"),
    path("manage/books/rates/", views.rate_list, name="rate-list"),
    path(
        "manage/books/rates/convert/<uuid:partner_id>/<slug:currency>/",
        views.conversion_new,
        name="conversion-new",
    ),
]
