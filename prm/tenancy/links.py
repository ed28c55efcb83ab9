"""Addresses that name their tenant, for mails, tasks and files."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.urls import get_script_prefix, reverse, set_script_prefix

from prm.tenancy.models import Tenant


@contextmanager
def script_prefix(prefix: str) -> Iterator[None]:
    """Let reverse() put this prefix before every path inside the block."""
    before = get_script_prefix()
    set_script_prefix(prefix)
    try:
        yield
    finally:
        set_script_prefix(before)


def tenant_path(tenant: Tenant, name: str, **kwargs: Any) -> str:
    """Return the path of a tenant's page, with the slug unless the tenant has its own domain."""
    with script_prefix("/" if tenant.domain else f"/{tenant.slug}/"):
        return reverse(name, urlconf="prm.tenant_urls", kwargs=kwargs or None)


def tenant_url(tenant: Tenant, name: str, **kwargs: Any) -> str:
    """Return the absolute address of a tenant's page; the host is the stored one, never the request's."""
    scheme = "https" if settings.HTTPS else "http"
    origin = f"{scheme}://{tenant.domain}" if tenant.domain else settings.PUBLIC_ORIGIN
    return origin + tenant_path(tenant, name, **kwargs)
