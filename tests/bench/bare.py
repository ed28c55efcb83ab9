"""A web program with one view and nothing around it: the floor of W8."""

import os

from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path


def bare(_request: HttpRequest) -> HttpResponse:
    """Redirect to a fixed page: the least that a link can cost in this framework."""
    return HttpResponseRedirect("/elsewhere/")


urlpatterns = [path("bare/", bare)]


def program() -> WSGIHandler:
    """Return it, for a server: `gunicorn "tests.bench.bare:program()"`."""
    import django
    from django.conf import settings

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prm.settings")
    django.setup()
    settings.ROOT_URLCONF, settings.MIDDLEWARE = __name__, []
    return WSGIHandler()
