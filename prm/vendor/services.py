"""How a tenant's own settings and look change."""

import hashlib
from datetime import datetime
from typing import Any

from django.db import transaction

from prm.events.services import Actor, emit
from prm.tenancy.models import Tenant
from prm.vendor.rules import foreground_on

# What the page of settings may change; everything else of a tenant has a use case of its own.
EDITABLE = [
    "name",
    "legal_name",
    "legal_address",
    "tax_number",
    "country",
    "language",
    "time_zone",
    "currency",
    "mail_sender",
    "reply_to",
    "support_email",
    "privacy_url",
    "require_second_factor",
    "directory_open",
    "domain",
]


class DomainTaken(ValueError):
    """Another tenant has the host name."""


@transaction.atomic
def edit_settings(
    *, tenant_id: int, settings: dict[str, Any], actor: Actor, at: datetime
) -> Tenant:
    """Change settings of the open tenant; equal values and unknown names are left alone.

    Raises DomainTaken. Emits tenant.settings_changed with what was before, when something changed.
    """
    tenant = Tenant.objects.select_for_update().defer("logo").get(id=tenant_id)
    wanted = {name: settings[name] for name in EDITABLE if name in settings}
    if "domain" in wanted:
        wanted["domain"] = wanted["domain"] or None
        if (
            wanted["domain"]
            and Tenant.objects.filter(domain=wanted["domain"]).exclude(id=tenant_id).exists()
        ):
            raise DomainTaken(wanted["domain"])
    changes = {
        name: [getattr(tenant, name), value]
        for name, value in wanted.items()
        if getattr(tenant, name) != value
    }
    if changes:
        for name, (_before, after) in changes.items():
            setattr(tenant, name, after)
        tenant.save(update_fields=list(changes))
        emit(
            "tenant.settings_changed",
            subject=f"tenant:{tenant.id}",
            actor=actor,
            at=at,
            changes=changes,
        )
    return tenant


@transaction.atomic
def edit_look(
    *,
    tenant_id: int,
    accent: str,
    actor: Actor,
    at: datetime,
    logo: bytes | None = None,
) -> Tenant:
    """Change colour and logo of the open tenant.

    accent: "#rrggbb"; the colour of text on it is computed. logo: cleaned PNG; None keeps the old one, b"" removes it.
    Emits tenant.look_changed, when something changed.
    """
    tenant = Tenant.objects.select_for_update().get(id=tenant_id)
    before = {
        name: getattr(tenant, name) for name in ("accent", "accent_foreground", "logo_digest")
    }
    tenant.accent, tenant.accent_foreground = accent, foreground_on(accent).foreground
    if logo is not None:
        tenant.logo = logo
        tenant.logo_digest = hashlib.sha256(logo).hexdigest()[:16] if logo else ""
    changes = {
        name: [value, getattr(tenant, name)]
        for name, value in before.items()
        if getattr(tenant, name) != value
    }
    if changes:
        tenant.save(update_fields=[*changes, "logo"])
        emit(
            "tenant.look_changed",
            subject=f"tenant:{tenant.id}",
            actor=actor,
            at=at,
            changes=changes,
        )
    return tenant
