"""Find the tenant of a request, and open its scope around the whole request."""

from collections.abc import Callable

import structlog
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.request import split_domain_port
from django.urls import set_script_prefix

from prm.tenancy.models import RESERVED_SLUGS, Tenant
from prm.tenancy.scope import tenant_scope

Handler = Callable[[HttpRequest], HttpResponse]
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


class TenantScopeMiddleware:
    """Hold one transaction of one tenant around view and rendering.

    ATOMIC_REQUESTS would end before a lazy template is rendered. Inner handlers turn exceptions
    into responses, so a marked exception or a status of 500 and above rolls back.
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
        with tenant_scope(tenant.id, member.partner_id if member and not joining else None):
            response = self.get_response(request)
            if response.status_code >= 500 or getattr(request, "scope_failed", False):
                transaction.set_rollback(True)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> None:
        request.scope_failed = True  # type: ignore[attr-defined]
