"""The short way of a link: what this process knows is followed without session, tenant and member."""

import re
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.http.request import split_domain_port

from prm.tenancy.links import script_prefix
from prm.tenancy.middleware import own_hosts
from referrals.sharing.targets import kept_target, kept_tenant
from referrals.sharing.visits import follow

Handler = Callable[[HttpRequest], HttpResponse]
_LINK = re.compile(r"/([a-z0-9-]{1,40})/r/([a-z0-9-]{1,60})/")


class LinkMiddleware:
    """Answer a link that was followed here seconds ago, with one statement: the click.

    Everything else, also a link that has ended, takes the long way to the view, which says the same.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        found = _LINK.fullmatch(request.path_info) if request.method == "GET" else None
        if found is None or split_domain_port(request.get_host())[0].lower() not in own_hosts():
            return self.get_response(request)
        segment, slug = found.groups()
        tenant_id = kept_tenant(segment)
        target = kept_target(tenant_id, slug) if tenant_id is not None else None
        if tenant_id is None or target is None or target.is_retired:
            return self.get_response(request)
        with script_prefix(f"/{segment}/"):
            return follow(request, tenant_id=tenant_id, target=target)
