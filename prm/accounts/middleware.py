"""Who makes a request, in which language, and whether a second factor is due."""

from collections.abc import Callable

import structlog
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _

from prm.accounts.members import SESSION_KEY, member_for, seen
from prm.accounts.viewing import SESSION_KEY as VIEW_KEY
from prm.accounts.viewing import STOP_PATH, as_partner

Handler = Callable[[HttpRequest], HttpResponse]
LANGUAGE_COOKIE = "language"
# What somebody needs to set a second factor up, or to work in another place instead.
OPEN_WITHOUT_FACTOR = (
    "/accounts/",
    "/brand.css",
    "/logo.png",
    "/memberships/",
    "/language/",
    "/invitation",
)


class MemberMiddleware:
    """Set request.member: the person's place in the request's tenant, or None."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.member = None  # type: ignore[attr-defined]
        tenant = request.tenant  # type: ignore[attr-defined]
        if tenant is not None and request.user.is_authenticated:
            structlog.contextvars.bind_contextvars(user_id=request.user.pk)
            chosen = request.session.get(SESSION_KEY, {}).get(str(tenant.id))
            request.member = member_for(request.user, tenant, chosen)  # type: ignore[attr-defined]
            if request.member is not None:  # type: ignore[attr-defined]
                seen(request.member, at=timezone.now())  # type: ignore[attr-defined]
                if request.path_info != STOP_PATH:
                    kept = request.session.get(VIEW_KEY, {}).get(str(tenant.id))
                    request.member = as_partner(  # type: ignore[attr-defined]
                        request.member,  # type: ignore[attr-defined]
                        kept,
                        at=timezone.now(),
                    )
        response = self.get_response(request)
        if request.user.is_authenticated:
            # allauth's pages too: nobody's page lies in a cache for the next person at the browser.
            response.headers.setdefault("Cache-Control", "private, no-store")
        return response


class LanguageMiddleware:
    """Speak the person's language, else the cookie's; then the tenant's to members, the browser's to visitors."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        language, zone = self.language(request), self.time_zone(request)
        request.LANGUAGE_CODE = language
        with translation.override(language), timezone.override(zone):
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        patch_vary_headers(response, ["Accept-Language", "Cookie"])
        return response

    @staticmethod
    def language(request: HttpRequest) -> str:
        known = {code for code, _ in settings.LANGUAGES}
        if request.user.is_authenticated and request.user.language in known:
            return str(request.user.language)
        if (cookie := request.COOKIES.get(LANGUAGE_COOKIE)) in known:
            return str(cookie)
        tenant = request.tenant  # type: ignore[attr-defined]
        if tenant is not None and request.member is not None:  # type: ignore[attr-defined]
            # As their mails are written; the browser decides for visitors only.
            return str(tenant.language)
        if request.headers.get("Accept-Language"):
            return translation.get_language_from_request(request)
        return tenant.language if tenant else settings.LANGUAGE_CODE

    @staticmethod
    def time_zone(request: HttpRequest) -> str:
        if request.user.is_authenticated and request.user.time_zone:
            return str(request.user.time_zone)
        tenant = request.tenant  # type: ignore[attr-defined]
        return tenant.time_zone if tenant else settings.TIME_ZONE


class SecondFactorMiddleware:
    """Send staff of a tenant that requires a second factor to set one up before anything else."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        member = request.member  # type: ignore[attr-defined]
        if (
            member is not None
            and member.is_staff
            and request.tenant.require_second_factor  # type: ignore[attr-defined]
            and not request.path_info.startswith(OPEN_WITHOUT_FACTOR)
            and not is_mfa_enabled(request.user)
        ):
            if not len(messages.get_messages(request)):  # not said already
                words = _(
                    "%(name)s asks its staff for a two-step login. Set up one of these to go on"
                )
                messages.warning(request, words % {"name": request.tenant.name})  # type: ignore[attr-defined]
            return redirect("mfa_index")
        return self.get_response(request)
