"""Decorators that say who may open a view; a view without one fails a test."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse

from prm.accounts.capabilities import Capability

View = Callable[..., HttpResponse]


def _to_login(request: HttpRequest) -> HttpResponse:
    """Send to sign in, and back from there; after a post, to the page that holds the form."""
    back = request.get_full_path()
    if request.method not in ("GET", "HEAD"):
        page = urlsplit(request.headers.get("Referer", ""))
        if page.netloc == request.get_host():
            back = f"{page.path}?{page.query}" if page.query else page.path
    return redirect_to_login(back)


def needs(*capabilities: Capability) -> Callable[[View], View]:
    """Let in members who hold at least one of the rights.

    Anonymous people are sent to sign in, strangers to the tenant get 404, others 403.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return _to_login(request)
            member = getattr(request, "member", None)
            if member is None:
                raise Http404
            if not any(member.may(capability) for capability in capabilities):
                raise PermissionDenied
            response = view(request, *args, **kwargs)
            response.headers.setdefault("Cache-Control", "private, no-store")
            return response

        guarded.guard = capabilities  # type: ignore[attr-defined]
        return guarded

    return decorate


def signed_in(view: View) -> View:
    """Let in every signed-in person, also without a membership; for pages about the person alone."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return _to_login(request)
        response = view(request, *args, **kwargs)
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response

    guarded.guard = "signed_in"  # type: ignore[attr-defined]
    return guarded


def public(reason: str) -> Callable[[View], View]:
    """Let in everybody; the reason is for the reader and the test of guards."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            return view(request, *args, **kwargs)

        guarded.guard = f"public: {reason}"  # type: ignore[attr-defined]
        return guarded

    return decorate
