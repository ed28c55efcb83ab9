"""Answers to the questions of load balancers, before any other work."""

from collections.abc import Callable
from typing import cast

from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse

from prm.web.cache import SteadyCache

Handler = Callable[[HttpRequest], HttpResponse]


class HealthMiddleware:
    """/healthz: this process answers. /readyz: database and cache answer too. No host check, no session."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path == "/healthz":
            return JsonResponse({"ok": True})
        if request.path == "/readyz":
            checks = {"database": _database_answers(), "cache": _cache_answers()}
            return JsonResponse(
                {"ok": all(checks.values()), **checks}, status=200 if all(checks.values()) else 503
            )
        return self.get_response(request)


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("select count(*) from prm_tenant where false")
    except Exception:  # noqa: BLE001  whatever is wrong, the answer is no
        return False
    return True


def _cache_answers() -> bool:
    return cast("SteadyCache", cache).answers()
