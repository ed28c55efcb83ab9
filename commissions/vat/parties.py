"""Both sides of a self-billing note, kept when its payment is taxed: a later name or address goes with the next one."""

from typing import Any

from commissions.tax.paper import vendor_facts
from commissions.vat.selectors import vat_settings
from partners.directory.models import Partner
from prm.tenancy.models import Tenant
from prm.tenancy.scope import current_scope


def vendor_side() -> dict[str, str]:
    """Return the open tenant as a note names and shows it."""
    tenant = Tenant.objects.get(id=current_scope().tenant_id)
    return vendor_facts(tenant, tax_number=vat_settings().vat_id)


def partner_side(partner: Partner) -> dict[str, Any]:
    """Return a partner as a note names it; without its number, which is kept sealed with what it said."""
    return {
        "name": partner.legal_name or partner.name,
        "address": partner.address,
        "country": partner.country,
    }
