"""Logos as they were when papers were issued, so that a paper comes out the same in any later year."""

import base64
from collections.abc import Mapping
from typing import Any

from django.db import connection

from commissions.tax.models import StatementLogo
from prm.tenancy.models import Tenant
from prm.tenancy.scope import current_scope

_KEEP = """
insert into commissions_statement_logo (sha256, content)
select encode(sha256(t.logo), 'hex'), t.logo from prm_tenant t where t.id = %s and length(t.logo) > 0
on conflict do nothing
"""


def keep_logo(tenant: Tenant) -> str:
    """Keep the tenant's logo of now and return its SHA-256, empty when there is none. A repeat writes nothing.

    tenant: the open one; its logo need not be loaded.
    """
    if not tenant.logo_digest:
        return ""
    kept = StatementLogo.objects.filter(sha256__startswith=tenant.logo_digest)
    if found := kept.values_list("sha256", flat=True).first():
        return found
    with connection.cursor() as cursor:
        cursor.execute(_KEEP, [tenant.id])
    return kept.values_list("sha256", flat=True).first() or ""


def logo_address(vendor: Mapping[str, Any]) -> str:
    """Return the logo that a paper is printed with as a data address, empty when it has none.

    vendor: what the paper keeps of its vendor; "logo" in it is a SHA-256. Papers from before logos were kept have
    today's.
    """
    if vendor.get("logo") == "":
        return ""
    if "logo" in vendor:
        kept = StatementLogo.objects.filter(sha256=vendor["logo"])
        logo = kept.values_list("content", flat=True).first()
    else:
        logo = Tenant.objects.values_list("logo", flat=True).get(id=current_scope().tenant_id)
    return "data:image/png;base64," + base64.b64encode(bytes(logo)).decode() if logo else ""
