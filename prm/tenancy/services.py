"""Numbers without gaps, and the tenants of an installation."""

from typing import Any

from django.db import connection

from prm.tenancy.models import RESERVED_SLUGS, Tenant
from prm.tenancy.scope import current_scope

_NEXT = """
insert into prm_counter (tenant_id, series, last) values (%s, %s, %s)
on conflict (tenant_id, series) do update set last = prm_counter.last + excluded.last
returning last
"""


def next_number(series: str, *, count: int = 1) -> int:
    """Take the next `count` numbers of a series of the open tenant and return the last of them.

    The row stays locked until the transaction ends, so numbers have no gaps.
    """
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, [current_scope().tenant_id, series, count])
        return int(cursor.fetchone()[0])


def padded(number: str) -> str:
    """Return SQL for a whole number as the end of a printed number: four digits at least, never cut off.

    number: an expression of the code, never input. Plain lpad() cuts 10000 down to 1000.
    """
    return f"lpad(({number})::text, greatest(4, length(({number})::text)), '0')"


def create_tenant(*, slug: str, name: str, **settings: Any) -> Tenant:
    """Make a vendor's space. Raises SlugTaken or SlugReserved. A repeat is refused, not merged."""
    if slug in RESERVED_SLUGS:
        raise SlugReserved(slug)
    if Tenant.objects.filter(slug=slug).exists():
        raise SlugTaken(slug)
    tenant = Tenant(slug=slug, name=name, **settings)
    tenant.full_clean(exclude=["logo"])
    tenant.save()
    return tenant


class SlugTaken(ValueError):
    """Another tenant has this address."""


class SlugReserved(ValueError):
    """The address belongs to the portal's own pages."""
