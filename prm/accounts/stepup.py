"""Ask for the password or second factor again before something delicate: bank and tax data, approvals, domains."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.core.internal.httpkit import add_query_params
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

View = Callable[..., HttpResponse]


def recently_authenticated(request: HttpRequest) -> bool:
    """Tell whether the person proved who they are within the last five minutes, by signing in or being asked again."""
    if not request.user.is_authenticated:
        return False
    moments = [
        row["at"] for row in get_authentication_records(request, request.user) if "at" in row
    ]
    return (
        bool(moments)
        and timezone.now().timestamp() - max(moments) < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT
    )


def ask_again(request: HttpRequest, *, back: str = "") -> HttpResponse:
    """Send the person to prove who they are, and back to the page; what a form held is not kept, it may be secret."""
    methods = get_adapter().get_reauthentication_methods(request.user)
    url = methods[0]["url"] if methods else settings.LOGIN_URL
    return redirect(add_query_params(url, {"next": back or request.get_full_path()}))


def freshly_authenticated(view: View) -> View:
    """Let only people in who proved who they are within five minutes; stands below @needs."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return (
            view(request, *args, **kwargs)
            if recently_authenticated(request)
            else ask_again(request)
        )

    return guarded
