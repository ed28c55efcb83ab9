"""Note where people are signed in: when something changes, or every few minutes; a page alone writes nothing."""

import time
from collections.abc import Callable
from hashlib import sha256

from allauth.account.adapter import get_adapter
from allauth.usersessions.models import UserSession
from django.http import HttpRequest, HttpResponse

Handler = Callable[[HttpRequest], HttpResponse]
SEEN_EVERY_S = 300
_KEY = "seen"


class SessionActivityMiddleware:
    """Stand in for allauth's middleware, which reads and writes the session's row for every page."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.session.session_key and request.user.is_authenticated:
            now, mark = int(time.time()), _mark(request)
            seen_at, seen_mark = request.session.get(_KEY, (0, ""))
            if mark != seen_mark or now - seen_at >= SEEN_EVERY_S:
                UserSession.objects.create_from_request(request)
                request.session[_KEY] = (now, mark)
        return self.get_response(request)


def _mark(request: HttpRequest) -> str:
    """Return what changes when the key was renewed, or the person moved or took another browser."""
    parts = [
        request.session.session_key or "",
        str(get_adapter().get_client_ip(request)),
        request.headers.get("User-Agent", ""),
    ]
    return sha256("\n".join(parts).encode()).hexdigest()[:16]
