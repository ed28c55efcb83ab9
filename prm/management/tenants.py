"""The tenants a command is about: all of them, or the one it names."""

from argparse import ArgumentParser

from django.core.management.base import CommandError
from django.db.models import QuerySet

from prm.tenancy.models import Tenant


def add_tenant_option(parser: ArgumentParser) -> None:
    """Let a command take --tenant."""
    parser.add_argument("--tenant", help="slug of one tenant; all of them without it")


def chosen_tenants(slug: str | None) -> QuerySet[Tenant]:
    """Return the tenant with that slug, or all of them by slug. Raises CommandError when there is none."""
    tenants = Tenant.objects.order_by("slug")
    if not slug:
        return tenants
    if not (chosen := tenants.filter(slug=slug)):
        raise CommandError(f"no tenant {slug}")
    return chosen
