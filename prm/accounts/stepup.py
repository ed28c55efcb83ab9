"""Ask for the password or second factor again before something delicate: bank and tax data, approvals, domains."""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.internal.flows.login import get_authentication_records
from allauth.core.internal.httpkit import add_query_params
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

View = Callable[..., HttpResponse]


def recently_authenticated(request: HttpRequest) -> bool:
    """Tell whether the person proved who they are within the last five minutes, by signing in or being asked again.

    Who has a second factor must have used it: a password alone may be what the thief of a session knows.
    """
    if not request.user.is_authenticated:
        return False
    wanted = {"mfa"} if is_mfa_enabled(request.user) else None
    moments = [
        row["at"]
        for row in get_authentication_records(request, request.user)
        if "at" in row and (wanted is None or row.get("method") in wanted)
    ]
    return (
        bool(moments)
        # By the clock that wrote them.
        and time.time() - max(moments) < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT
    )


def ask_again(request: HttpRequest, *, back: str = "") -> HttpResponse:
    """Send the person to prove who they are, and back to the page; what a form held is not kept, it may be secret."""
    if is_mfa_enabled(request.user, [Authenticator.Type.TOTP]):
        page = "mfa_reauthenticate"
    elif is_mfa_enabled(request.user, [Authenticator.Type.WEBAUTHN]):
        page = "mfa_reauthenticate_webauthn"
    else:
        page = "account_reauthenticate"
    return redirect(add_query_params(reverse(page), {"next": back or request.get_full_path()}))


def fresh_unless_viewing(view: View) -> View:
    """Do as freshly_authenticated, but show the page to who looks as a partner and can save nothing; below @needs.

    For pages that show no secret to who looks.
    """
    asking = freshly_authenticated(view)

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        chosen = view if request.member.viewing else asking  # type: ignore[attr-defined]
        return chosen(request, *args, **kwargs)

    return guarded


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
