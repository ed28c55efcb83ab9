"""Dashboards and the rows behind their numbers."""

from django.urls import path

from prm.analytics import views

urlpatterns = [
    path("", views.partner_home, name="partner-home"),
    path("manage/", views.manage_dashboard, name="manage-dashboard"),
    path("manage/figures/<slug:figure>/", views.manage_figure, name="manage-figure"),
    path("manage/finance/", views.manage_finance, name="manage-finance"),
]
