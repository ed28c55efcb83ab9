"""The mailbox of an installation that sends no real mail; it belongs to no tenant."""

from django.urls import path

from prm.notices import views

urlpatterns = [
    path("", views.mailbox, name="mailbox"),
    path("<slug:name>/", views.mailbox_mail, name="mailbox-mail"),
    path("<slug:name>/html/", views.mailbox_html, name="mailbox-html"),
]
