"""Calls, the page that explains them, and the pages of keys."""

from django.urls import URLPattern, URLResolver, path
from django.views.decorators.csrf import csrf_exempt

from prm.accounts.guards import public
from prm.api import views
from prm.api.endpoints import api

_patterns, _app, _namespace = api.urls
for _pattern in _patterns:
    # A key decides, not a session; so no page can make a call for somebody, and there is nothing to forge.
    if isinstance(_pattern, URLPattern):
        _guarded = public("an API key decides, in prm.api.auth")(_pattern.callback)
        _pattern.callback = csrf_exempt(_guarded)

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", (_patterns, _app, _namespace)),
    path("api/docs/", views.api_docs, name="api-docs"),
    path("manage/settings/api-keys/", views.api_key_list, name="api-key-list"),
    path("manage/settings/api-keys/new/", views.api_key_new, name="api-key-new"),
    path(
        "manage/settings/api-keys/<uuid:key_id>/revoke/",
        views.api_key_revoke,
        name="api-key-revoke",
    ),
    path("team/api-keys/", views.team_key_list, name="team-key-list"),
    path("team/api-keys/new/", views.team_key_new, name="team-key-new"),
    path("team/api-keys/<uuid:key_id>/revoke/", views.team_key_revoke, name="team-key-revoke"),
]
