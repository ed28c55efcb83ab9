"""Find the tenant of a request, and open its scope around the whole request."""

from collections.abc import Callable
from uuid import UUID

import structlog
from django.conf import settings
from django.contrib.messages.storage import default_storage
from django.db import OperationalError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.request import split_domain_port
from django.shortcuts import render
from django.urls import set_script_prefix
from django.utils.translation import gettext

from prm.tenancy.models import RESERVED_SLUGS, Tenant
from prm.tenancy.scope import tenant_scope

Handler = Callable[[HttpRequest], HttpResponse]
# How often a request is done before somebody is asked to send it again.
TRIES = 3
# PostgreSQL's words for two transactions of which only one could go on: deadlock, serialization failure.
CONFLICTS = {"40P01", "40001"}
log = structlog.get_logger(__name__)
# Pages where nobody acts for the partner they belong to: an invitation may lead from one partner to another, and an
# application belongs to no partner yet.
# The public directory shows everybody the same.
OUTSIDE_PARTNERS = (
    "/invitation",
    "/join/",
    "/application/",
    "/directory/",
    "/sitemap.xml",
    "/r/",
    "/p/",
    "/contact/",
)


class TenantAddressMiddleware:
    """Take the tenant from the host name or the first path segment, and take the segment off the path.

    Patterns and reverse() then know nothing of tenants: the slug is the script prefix.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.tenant = None  # type: ignore[attr-defined]
        # One rule decides: an own host reads the path, any other host is one tenant's domain or nobody's.
        host = split_domain_port(request.get_host())[0].lower()
        if host in own_hosts():
            return self._by_path(request)
        tenant = Tenant.objects.defer("logo").filter(domain=host).first()
        if tenant is None:
            return HttpResponse(
                "No portal lives at this address.\n", status=421, content_type="text/plain"
            )
        return self._inside(request, tenant, prefix="")

    def _by_path(self, request: HttpRequest) -> HttpResponse:
        slug, slash, rest = request.path_info.lstrip("/").partition("/")
        if not slug or slug in RESERVED_SLUGS or "\x00" in slug:
            return self.get_response(request)
        tenant = Tenant.objects.defer("logo").filter(slug=slug).first()
        if tenant is None:
            return self.get_response(request)
        if not slash:
            query = request.META.get("QUERY_STRING", "")
            return HttpResponseRedirect(f"/{slug}/" + (f"?{query}" if query else ""))
        request.path_info = f"/{rest}"
        return self._inside(request, tenant, prefix=f"/{slug}")

    def _inside(self, request: HttpRequest, tenant: Tenant, *, prefix: str) -> HttpResponse:
        request.tenant = tenant  # type: ignore[attr-defined]
        request.urlconf = "prm.tenant_urls"
        structlog.contextvars.bind_contextvars(tenant_id=tenant.id)
        set_script_prefix(f"{prefix}/")
        try:
            return self.get_response(request)
        finally:
            set_script_prefix("/")


def own_hosts() -> set[str]:
    """Return the host names under which tenants are told apart by path."""
    return {
        split_domain_port(settings.PUBLIC_ORIGIN.partition("://")[2])[0].lower(),
        *settings.OWN_HOSTS,
    }


class _Undone(HttpResponse):
    """Stands for an answer whose transaction the database ended for another's sake; nobody reads it."""

    status_code = 503


class TenantScopeMiddleware:
    """Hold one transaction of one tenant around view and rendering.

    ATOMIC_REQUESTS would end before a lazy template is rendered. Inner handlers turn exceptions
    into responses, so a marked exception or a status of 500 and above rolls back.
    What the database ended because two waited for each other has left no trace, so it is done again; who meets
    others each time reads that nothing was saved.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        tenant = request.tenant  # type: ignore[attr-defined]
        if tenant is None:
            return self.get_response(request)
        # Who works here: a person, or a program with a key.
        member = request.member or getattr(request, "caller", None)  # type: ignore[attr-defined]
        joining = request.path_info.startswith(OUTSIDE_PARTNERS)
        partner_id = member.partner_id if member and not joining else None
        for _ in range(TRIES):
            response = self._tried(request, tenant.id, partner_id)
            if not request.met_another or not _begun_again(request):  # type: ignore[attr-defined]
                break
        if not isinstance(response, _Undone):
            return response
        with tenant_scope(tenant.id, partner_id):
            return _nothing_saved(request)

    def _tried(self, request: HttpRequest, tenant_id: int, partner_id: UUID | None) -> HttpResponse:
        request.scope_failed = request.met_another = False  # type: ignore[attr-defined]
        try:
            with tenant_scope(tenant_id, partner_id):
                response = self.get_response(request)
                if response.status_code >= 500 or request.scope_failed:  # type: ignore[attr-defined]
                    transaction.set_rollback(True)
        except OperationalError as error:
            # What is checked at the commit only.
            if not ended_for_another(error):
                raise
            request.met_another = True  # type: ignore[attr-defined]
            return _Undone()
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        note_failure(request, exception)
        return _Undone() if request.met_another else None  # type: ignore[attr-defined]


def note_failure(request: HttpRequest, error: Exception) -> None:
    """Roll the request's transaction back; where another's came first, it is tried again."""
    request.scope_failed = True  # type: ignore[attr-defined]
    request.met_another = ended_for_another(error)  # type: ignore[attr-defined]


def ended_for_another(error: Exception) -> bool:
    """Tell whether the database ended a transaction because it and another waited for each other."""
    return getattr(error.__cause__, "sqlstate", None) in CONFLICTS


def _begun_again(request: HttpRequest) -> bool:
    """Set a request back to where it came in; False where that cannot be: a file is gone, or somebody signs in."""
    if request.path_info.startswith("/accounts/"):
        return False
    files = [file for _, found in request.FILES.lists() for file in found]
    if any(file.closed for file in files):
        return False
    for file in files:
        file.seek(0)
    if hasattr(request, "_messages"):
        request._messages = default_storage(request)  # noqa: SLF001  as its middleware does
    log.warning("request_done_again")
    return True


def _nothing_saved(request: HttpRequest) -> HttpResponse:
    words = gettext(
        "Several people worked on this at the same moment, and nothing of yours was saved. Send it again."
    )
    # What was typed goes with the page, as it does with an error beside a field; a file has to be chosen anew.
    again = (
        None
        if request.FILES or request.method != "POST"
        else [
            (name, value)
            for name, values in request.POST.lists()
            for value in values
            if name != "csrfmiddlewaretoken"
        ]
    )
    context = {
        "message": words,
        "back_url": request.path,
        "again": again,
        "again_url": request.get_full_path(),
    }
    page = render(request, "409.html", context, status=409)
    if request.headers.get("HX-Request"):
        # A page of its own, wherever its part would have gone.
        page.headers["HX-Retarget"] = "body"
    return page
