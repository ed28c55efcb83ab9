"""Addresses of what waits for a budget, and of what partners allow their people."""

from django.urls import path

from commissions.accruals import views

urlpatterns = [
    path("manage/waiting-rewards/", views.waiting_list, name="waiting-list"),
    path("rewards-for-people/", views.rep_rewards, name="rep-rewards"),
    path("rewards-for-people/taxes/", views.rep_tax_mark, name="rep-tax-mark"),
]
