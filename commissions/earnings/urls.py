"""Addresses of earnings: the partner's own, and finance's view of all."""

from django.urls import path

from commissions.earnings import own_views, views

urlpatterns = [
    path("earnings/", views.earnings, name="earnings"),
    path("earnings/export/", views.earnings_export, name="earnings-export"),
    path("earnings/<int:accrual_id>/", views.earning_detail, name="earning-detail"),
    path("your-rewards/", own_views.own_rewards, name="own-rewards"),
    path("manage/commissions/", views.accrual_list, name="accrual-list"),
    path("manage/commissions/export/", views.accrual_export, name="accrual-export"),
    path("manage/commissions/<int:accrual_id>/", views.accrual_detail, name="accrual-detail"),
]
