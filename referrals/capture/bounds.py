"""How often one address of the net may open the pages of capture that need no login."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from prm.web.limits import is_within

View = Callable[..., HttpResponse]
HOUR, RETRY_SECONDS = 3600, "600"


def limited(what: str, *, most: int) -> Callable[[View], View]:
    """Answer 429 with Retry-After to an address that asks for `what` more than so many times an hour."""

    def decorate(view: View) -> View:
        @wraps(view)
        def bounded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if is_within(request, what=what, most=most, seconds=HOUR):
                return view(request, *args, **kwargs)
            response = render(request, "429.html", status=429)
            response.headers["Retry-After"] = RETRY_SECONDS
            return response

        return bounded

    return decorate
