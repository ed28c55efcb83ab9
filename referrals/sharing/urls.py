"""Pages of sharing: public ones, the partner's, the vendor's."""

from django.urls import path

from referrals.sharing import public_views

urlpatterns = [
    path("r/<slug:slug>/", public_views.link_follow, name="link-follow"),
    path("r/<slug:slug>/remember/", public_views.link_remember, name="link-remember"),
    path("p/<slug:slug>/", public_views.landing, name="landing"),
    path("p/<slug:slug>/picture/", public_views.landing_picture, name="landing-picture"),
    path("p/<slug:slug>/thanks/", public_views.landing_thanks, name="landing-thanks"),
    path("contact/<slug:program>/", public_views.contact, name="contact"),
    path("contact/<slug:program>/thanks/", public_views.contact_thanks, name="contact-thanks"),
]
