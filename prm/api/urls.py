"""Calls, the page that explains them, and the pages of keys."""

from django.urls import URLPattern, URLResolver, path

from prm.accounts.guards import public
from prm.api.endpoints import api

_patterns, _app, _namespace = api.urls
for _pattern in _patterns:
    # A key decides, not a session: tests/prm/api/test_isolation.py asks every operation with every kind of key.
    _pattern.callback = public("an API key decides, in prm.api.auth")(_pattern.callback)
    _pattern.callback.csrf_exempt = True

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", (_patterns, _app, _namespace)),
]
