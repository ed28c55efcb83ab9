"""Addresses of holds that end early."""

from django.urls import path

from commissions.holds import views

urlpatterns = [
    path("manage/holds/", views.hold_list, name="hold-list"),
    path("manage/holds/ask/", views.hold_ask, name="hold-ask"),
    path("manage/holds/decide/", views.hold_decide, name="hold-decide"),
]
