"""The pages of keys, the vendor's and a partner's, and the page that explains the calls."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe

from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs, public
from prm.accounts.members import MemberRequest
from prm.accounts.stepup import freshly_authenticated
from prm.api import services
from prm.api.documentation import documented_calls, documented_problems
from prm.api.endpoints import api
from prm.api.forms import KeyForm
from prm.api.limits import CALLS_PER_MINUTE
from prm.api.listing import keys_of
from prm.api.models import ApiKey
from prm.tenancy.links import tenant_url
from prm.vendor.tabs import settings_tabs
from prm.web.confirm import Question, asked_first
from prm.web.formats import moment_text
from prm.web.htmx import redirect_to

UNPROCESSABLE = 422


@dataclass(frozen=True)
class Pages:
    """The URL names of one kind of keys: the vendor's, or a partner's."""

    prefix: str

    def partner_id(self, request: MemberRequest) -> UUID | None:
        """Return the partner whose keys they are, None for the vendor's; neither kind has pages of the other."""
        if (self.prefix == "api-key") != (request.member.partner_id is None):
            raise Http404
        return request.member.partner_id

    def context(self, **more: Any) -> dict[str, Any]:
        """Return what every page of the kind shows."""
        names = {name: f"{self.prefix}-{name}" for name in ("list", "new", "revoke")}
        is_vendor = self.prefix == "api-key"
        tabs = settings_tabs("keys") if is_vendor else []
        return {"names": names, "tabs": tabs, "is_vendor": is_vendor, **more}


VENDOR, TEAM = Pages("api-key"), Pages("team-key")


def _list(request: MemberRequest, pages: Pages) -> HttpResponse:
    keys = keys_of(pages.partner_id(request), at=timezone.now())
    return render(request, "prm/api/keys.html", pages.context(keys=keys))


def _new(request: MemberRequest, pages: Pages) -> HttpResponse:
    """Make a key and show its secret on the answer itself: it is stored nowhere, not even in the session."""
    partner_id = pages.partner_id(request)
    form = KeyForm(request.POST or None, for_partner=partner_id is not None)
    if request.method == "POST" and form.is_valid():
        now = timezone.now()
        try:
            key, secret = services.make_key(
                key_id=form.cleaned_data["key_id"],
                name=form.cleaned_data["name"],
                partner_id=partner_id,
                scopes=frozenset(form.cleaned_data["scopes"]),
                made_by_id=request.member.user_id,
                expires_at=form.expires_at(now),
                actor=request.member.actor,
                at=now,
            )
        except services.KeyMade:
            messages.error(
                request,
                gettext("This key was made before, and is shown once only. Make another one."),
            )
            return redirect(pages.context()["names"]["list"])
        context = pages.context(key=key, secret=secret, example=_example(request, secret))
        response = render(request, "prm/api/key_made.html", context)
        response.headers["Cache-Control"] = "no-store"
        return response
    status = UNPROCESSABLE if form.is_bound else 200
    return render(request, "prm/api/key_new.html", pages.context(form=form), status=status)


def _revoke(request: MemberRequest, pages: Pages, key_id: UUID) -> HttpResponse:
    key = get_object_or_404(ApiKey, id=key_id, partner_id=pages.partner_id(request))
    if key.revoked_at is None:
        if page := asked_first(request, _stop(key, pages)):
            return page
        services.revoke_key(key_id=key.id, actor=request.member.actor, at=timezone.now())
    messages.success(
        request, gettext("%(name)s is revoked and opens nothing any more") % {"name": key.name}
    )
    return redirect_to(request, reverse(pages.context()["names"]["list"]))


def _stop(key: ApiKey, pages: Pages) -> Question:
    back = reverse(pages.context()["names"]["list"])
    used = moment_text(key.last_used_at, "medium") if key.last_used_at else gettext("never")
    return Question(
        heading=gettext("Revoke the key %(name)s") % {"name": key.name},
        facts=[(gettext("Key"), f"{key.prefix}…"), (gettext("Last used"), used)],
        points=[
            gettext("Every call with this key is refused from then on."),
            gettext("What it sent stays."),
            gettext("This cannot be taken back; make another key instead."),
        ],
        submit=gettext("Revoke key"),
        back_url=back,
        crumbs=[(gettext("API keys"), back)],
    )


def _example(request: MemberRequest, secret: str) -> str:
    url = tenant_url(request.tenant, "api:referral-list")
    return f'curl "{url}" -H "Authorization: Bearer {secret}"'


@require_safe
@needs(Capability.EDIT_TENANT)
def api_key_list(request: MemberRequest) -> HttpResponse:
    """Show the keys of the vendor's own systems."""
    return _list(request, VENDOR)


@require_http_methods(["GET", "POST"])
@needs(Capability.EDIT_TENANT)
@freshly_authenticated
def api_key_new(request: MemberRequest) -> HttpResponse:
    """Make a key for one of the vendor's systems."""
    return _new(request, VENDOR)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.EDIT_TENANT)
def api_key_revoke(request: MemberRequest, key_id: UUID) -> HttpResponse:
    """Stop one of the vendor's keys."""
    return _revoke(request, VENDOR, key_id)


@require_safe
@needs(Capability.MANAGE_TEAM)
def team_key_list(request: MemberRequest) -> HttpResponse:
    """Show the keys of the partner's own systems."""
    return _list(request, TEAM)


@require_http_methods(["GET", "POST"])
@needs(Capability.MANAGE_TEAM)
@freshly_authenticated
def team_key_new(request: MemberRequest) -> HttpResponse:
    """Make a key for one of the partner's systems."""
    return _new(request, TEAM)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.MANAGE_TEAM)
def team_key_revoke(request: MemberRequest, key_id: UUID) -> HttpResponse:
    """Stop one of the partner's keys."""
    return _revoke(request, TEAM, key_id)


@public("what the API takes and answers is no secret; only a key opens it")
@require_safe
def api_docs(request: HttpRequest) -> HttpResponse:
    """Explain every call from the schema itself, without a script or a style from elsewhere."""
    context = {
        "calls": documented_calls(api.get_openapi_schema(path_prefix="")),
        "problems": documented_problems(),
        "start": tenant_url(request.tenant, "api:openapi-json").removesuffix("/openapi.json"),  # type: ignore[attr-defined]
        "schema_url": reverse("api:openapi-json"),
        "per_minute": CALLS_PER_MINUTE,
    }
    return render(request, "prm/api/docs.html", context)
