"""Where a person goes after signing in, choosing among places, and accepting an invitation."""

from typing import Any

import structlog
from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from allauth.core import ratelimit
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import rotate_token
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import get_script_prefix, reverse
from django.utils import timezone, translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import check_for_language, get_language_from_request
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from prm.accounts.capabilities import Capability, Role
from prm.accounts.guards import public, signed_in
from prm.accounts.invitations import (
    InvitationUnusable,
    WrongAddress,
    accept_invitation,
    usable_invitation,
)
from prm.accounts.members import SESSION_KEY, memberships_of, places_ended_with_partner
from prm.accounts.middleware import LANGUAGE_COOKIE
from prm.accounts.models import Invitation, Membership, User
from prm.accounts.selectors import owns_address, person_with
from prm.signin.forms import JoinForm
from prm.signin.services import LoginExists, join
from prm.tenancy.links import tenant_path, tenant_url
from prm.web.htmx import redirect_to

INVITATION_KEY = "invitation"
YEAR = 365 * 86_400


@signed_in
@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """Send the person to their place; without one it explains, with several it lets them choose and remembers."""
    member = getattr(request, "member", None)
    if member is not None:
        return redirect(
            "manage-dashboard" if member.may(Capability.SEE_DASHBOARD) else "partner-home"
        )
    if request.tenant is not None:  # type: ignore[attr-defined]
        return redirect("membership-list")
    places = memberships_of(request.user)  # type: ignore[arg-type]
    chosen = request.session.get("last_membership")
    last = next((place for place in places if place.id == chosen), None)
    if last or len(places) == 1:
        return redirect(_home_of(request, last or places[0]))
    return _chooser(request, places)


@signed_in
@require_safe
def membership_list(request: HttpRequest) -> HttpResponse:
    """Show every place of the person, to pick one to work in."""
    return _chooser(request, memberships_of(request.user))  # type: ignore[arg-type]


@signed_in
@require_POST
def membership_choose(request: HttpRequest) -> HttpResponse:
    """Work in another place from now on.

    Forms that other tabs show belong to the place before: their token is void from here on (THREATS.md, S10).
    """
    wanted = request.POST.get("membership", "")
    if not wanted:
        return redirect_to(request, reverse("membership-list"))
    place = get_object_or_404(
        Membership.objects.select_related("tenant"),
        id=int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) < 19 else 0,
        user=request.user,
        ended_at=None,
    )
    request.session[SESSION_KEY] = {
        **request.session.get(SESSION_KEY, {}),
        str(place.tenant_id): place.id,
    }
    request.session["last_membership"] = place.id
    rotate_token(request)
    return redirect_to(request, _home_of(request, place))


@public(
    "the link of an invitation; it is only kept in the session, so that no later page has it in its address"
)
@never_cache
@require_safe
def invitation_open(request: HttpRequest, token: str) -> HttpResponse:
    """Keep the link's secret in the session and show the invitation; nothing is used up."""
    request.session[INVITATION_KEY] = token
    return redirect("invitation-accept")


@public("people accept an invitation before they have a login")
@never_cache
def invitation_accept(request: HttpRequest) -> HttpResponse:
    """Show the invitation of the session; accepting it is a POST, by its owner or by somebody who signs up."""
    token = request.session.get(INVITATION_KEY, "")
    try:
        invitation = usable_invitation(token, at=timezone.now())
        if request.method == "POST":
            return _accept(request, invitation, token)
        return _invitation_page(request, invitation)
    except InvitationUnusable as problem:
        return _unusable(request, problem.reason)


@require_POST
@public("anybody may choose a language")
def set_language(request: HttpRequest) -> HttpResponse:
    """Speak another language: kept with the person, and in a cookie for before they sign in."""
    language, back = request.POST.get("language", ""), request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(
        back, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    response = redirect_to(request, back if safe else reverse("start"))
    if language in dict(settings.LANGUAGES) and check_for_language(language):
        response.set_cookie(
            LANGUAGE_COOKIE,
            language,
            max_age=YEAR,
            secure=settings.HTTPS,
            httponly=True,
            samesite="Lax",
        )
        if request.user.is_authenticated:
            User.objects.filter(id=request.user.id).update(language=language)
    return response


def stale_page(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form whose token does not fit: an old tab, another place, or a browser without cookies."""
    return render(request, "prm/signin/stale.html", status=403)


def too_many(request: HttpRequest) -> HttpResponse:
    """Answer somebody who tried too often."""
    response = render(request, "429.html", status=429)
    response.headers["Retry-After"] = "60"
    return response


def broken(request: HttpRequest) -> HttpResponse:
    """Answer when the portal failed, in the person's language, with the number under which the log knows the request.

    Reads nothing but the request: the database may be what failed.
    """
    language = getattr(request, "LANGUAGE_CODE", "") or get_language_from_request(request)
    with translation.override(language):
        page = render_to_string(
            "500.html",
            {
                "request_id": structlog.contextvars.get_contextvars().get("request_id", ""),
                "home_url": get_script_prefix(),
            },
        )
    response = HttpResponse(page, status=500)
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _home_of(request: HttpRequest, place: Membership) -> str:
    """Return the address of the place's start page: on this host when it can be reached from it."""
    if place.tenant.domain:
        here = request.get_host().partition(":")[0] == place.tenant.domain
        return tenant_path(place.tenant, "start") if here else tenant_url(place.tenant, "start")
    tenant = request.tenant  # type: ignore[attr-defined]
    on_a_domain = tenant is not None and request.get_host().partition(":")[0] == tenant.domain
    return tenant_url(place.tenant, "start") if on_a_domain else tenant_path(place.tenant, "start")


def _chooser(request: HttpRequest, places: list[Membership]) -> HttpResponse:
    member = getattr(request, "member", None)
    last_used = max(
        (place for place in places if place.last_seen_at),
        key=lambda place: place.last_seen_at or place.created_at,
        default=None,
    )
    rows = [
        {
            "id": place.id,
            "tenant": place.tenant.name,
            "partner": place.partner_name,
            "roles": ", ".join(str(Role(role).label) for role in place.roles),
            "current": member is not None and member.membership_id == place.id,
            "last_used": place is last_used and member is None,
        }
        for place in sorted(
            places,
            key=lambda place: (place is not last_used, place.tenant.name, place.partner_name),
        )
    ]
    return render(
        request,
        "prm/signin/places.html",
        {
            "places": rows,
            "ended": places_ended_with_partner(request.user),  # type: ignore[arg-type]
            "layout": "layouts/app.html" if member else "layouts/bare.html",
        },
    )


def _invitation_page(
    request: HttpRequest, invitation: Invitation, *, form: JoinForm | None = None
) -> HttpResponse:
    user = request.user
    owner = user.is_authenticated and owns_address(user, invitation.email)
    person = person_with(invitation.email)
    if not user.is_authenticated and person is None and form is None:
        form = JoinForm(email=invitation.email, initial={"name": invitation.name})
    context = {
        "invitation": invitation,
        "roles": ", ".join(str(Role(role).label) for role in invitation.roles),
        "inviter": invitation.invited_by.get_full_name() if invitation.invited_by else "",
        "owner": owner,
        "somebody_else": user.is_authenticated and not owner,
        "has_login": person is not None,
        "form": form if not user.is_authenticated else None,
        "login_url": f"{reverse('account_login')}?next={reverse('invitation-accept')}",
    }
    return render(
        request,
        "prm/signin/invitation.html",
        context,
        status=422 if form is not None and form.is_bound else 200,
    )


def _accept(request: HttpRequest, invitation: Invitation, token: str) -> HttpResponse:
    """Accept as the signed-in owner of the address, or sign up and accept."""
    at = timezone.now()
    if request.user.is_authenticated:
        try:
            place = accept_invitation(token=token, user=request.user, at=at)
        except WrongAddress:
            return render(
                request, "prm/signin/invitation.html", _wrong(request, invitation), status=403
            )
        _work_in(request, place)
        messages.success(
            request,
            _("You now belong to %(place)s") % {"place": place.partner_name or place.tenant.name},
        )
        return redirect("start")
    if person_with(invitation.email) is not None:
        return _sign_in_first(request)
    if not ratelimit.consume(request, action="signup"):
        return too_many(request)
    form = JoinForm(request.POST, email=invitation.email)
    if not form.is_valid():
        return _invitation_page(request, invitation, form=form)
    try:
        person, place = join(
            token=token,
            name=form.cleaned_data["name"],
            password=form.cleaned_data["password"],
            language=request.LANGUAGE_CODE,
            at=at,
        )
    except LoginExists:
        return _sign_in_first(request)
    record_authentication(request, person, method="password")
    response: HttpResponse = perform_login(
        request, Login(user=person, email=person.email, redirect_url=reverse("start"))
    )
    _work_in(request, place)
    return response


def _sign_in_first(request: HttpRequest) -> HttpResponse:
    messages.info(request, _("This address has a login already. Log in to accept the invitation"))
    return redirect(f"{reverse('account_login')}?next={reverse('invitation-accept')}")


def _work_in(request: HttpRequest, place: Membership) -> None:
    request.session.pop(INVITATION_KEY, None)
    request.session[SESSION_KEY] = {
        **request.session.get(SESSION_KEY, {}),
        str(place.tenant_id): place.id,
    }
    request.session["last_membership"] = place.id


def _wrong(request: HttpRequest, invitation: Invitation) -> dict[str, Any]:
    return {"invitation": invitation, "somebody_else": True, "roles": "", "inviter": ""}


def _unusable(request: HttpRequest, reason: str) -> HttpResponse:
    if INVITATION_KEY not in request.session:
        return redirect("start")
    return render(request, "prm/signin/invitation_unusable.html", {"reason": reason}, status=410)
