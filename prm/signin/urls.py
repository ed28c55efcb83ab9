"""Pages on the way in: places to choose among, invitations, the language. No namespace: both url files hold them."""

from django.urls import URLPattern, URLResolver, path

from prm.signin import views

# Without a tenant too: a person may belong to several, or to none.
global_patterns: list[URLPattern | URLResolver] = [
    path("memberships/", views.membership_list, name="membership-list"),
    path("memberships/choose/", views.membership_choose, name="membership-choose"),
    path("language/", views.set_language, name="set_language"),
]
urlpatterns: list[URLPattern | URLResolver] = [
    *global_patterns,
    path("invitations/<str:token>/", views.invitation_open, name="invitation-open"),
    path("invitation/", views.invitation_accept, name="invitation-accept"),
]
