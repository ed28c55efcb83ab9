"""Addresses of the money calendar."""

from django.urls import path

from commissions.calendar import views

urlpatterns = [
    path("earnings/calendar/", views.money_calendar, name="money-calendar"),
    path(
        "manage/partners/<uuid:partner_id>/money/", views.partner_calendar, name="partner-calendar"
    ),
    path("earnings/calendar/address/", views.calendar_open, name="calendar-open"),
    path("earnings/calendar/revoke/", views.calendar_close, name="calendar-close"),
    path("calendar/<str:secret>.ics", views.calendar_feed, name="calendar-feed"),
]
