"""One log line for each request: method and path, never a query string, a token or a name."""

import re

from django.http import HttpRequest
from django_structlog.middlewares import RequestMiddleware

# Segments that open something by themselves: invitations, unsubscribe links, allauth's keys.
_SECRET = re.compile(r"(?<=/)(?![0-9a-f]{8}-[0-9a-f]{4}-)[A-Za-z0-9_:.\-]{24,}(?=/|$)")


class RequestLogMiddleware(RequestMiddleware):
    """Binds request_id and user_id to every line of a request."""

    @staticmethod
    def format_request(request: HttpRequest) -> str:
        """Return method and path without what could identify or let in."""
        return f"{request.method} {_SECRET.sub('…', request.path)}"
