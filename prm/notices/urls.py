"""Pages of notices."""

from django.urls import path

from prm.notices import views

urlpatterns = [
    path("updates/", views.notice_list, name="notice-list"),
    path("updates/read/", views.notice_read, name="notice-read"),
    path("updates/<int:notice_id>/", views.notice_open, name="notice-open"),
    path("updates/preferences/", views.notice_preferences, name="notice-preferences"),
    path("updates/stop/<str:token>/", views.notice_unsubscribe, name="notice-unsubscribe"),
]
