"""Addresses of banks' answers."""

from django.urls import path

from commissions.results import views

urlpatterns = [
    path("manage/payouts/results/", views.result_list, name="result-list"),
    path("manage/payouts/results/<uuid:file_id>/", views.result_detail, name="result-detail"),
    path("manage/payouts/results/<uuid:file_id>/book/", views.result_apply, name="result-apply"),
]
