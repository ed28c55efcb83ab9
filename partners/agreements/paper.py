"""The signed agreement on paper: text and evidence, made by the worker from what is stored."""

import base64
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone, translation

from partners.agreements.models import Acceptance
from partners.agreements.rules import readable_hash, text_hash
from partners.programs.texts import rendered
from prm.events.services import SYSTEM, emit
from prm.jobs.files import private_path, private_root, safe_name
from prm.tenancy.models import Tenant
from prm.tenancy.scope import current_scope
from prm.web.papers import keep_paper, paper_pdf


def copy_name(acceptance: Acceptance) -> str:
    """Return the name of the copy's file as people get it."""
    number, partner = acceptance.version.number, acceptance.partner.name.replace("/", " ")
    return safe_name(f"agreement-{acceptance.program.slug}-v{number}-{partner}.pdf")


def stored_copy(acceptance: Acceptance) -> Path | None:
    """Return the copy on disk, None while it is being made."""
    if not acceptance.pdf:
        return None
    path = private_path(acceptance.pdf)
    return path if path.is_file() else None


@transaction.atomic
def keep_copy(acceptance_id: UUID, *, at: datetime) -> Path:
    """Make the copy unless it is there, and return where it lies. Emits agreement.copy_made the first time."""
    acceptance = (
        Acceptance.objects.select_for_update(no_key=True, of=("self",))
        .select_related("version", "program", "partner", "user")
        .get(id=acceptance_id)
    )
    if found := stored_copy(acceptance):
        return found
    stored = f"{acceptance.tenant_id}/agreements/{acceptance.id}.pdf"
    path = keep_paper(private_root() / stored, copy_pdf(acceptance))
    if acceptance.pdf != stored:
        acceptance.pdf = stored
        acceptance.save(update_fields=["pdf"])
        emit(
            "agreement.copy_made",
            subject=f"partner:{acceptance.partner_id}",
            actor=SYSTEM,
            partner_id=acceptance.partner_id,
            payload={"acceptance_id": str(acceptance.id)},
            at=at,
        )
    return path


def copy_pdf(acceptance: Acceptance) -> bytes:
    """Return the signed agreement in the language it was signed in."""
    tenant = Tenant.objects.get(id=current_scope().tenant_id)
    logo = bytes(tenant.logo)
    with (
        translation.override(acceptance.language),
        timezone.override(ZoneInfo(tenant.time_zone)),
    ):
        html = render_to_string(
            "partners/agreements/copy_pdf.html",
            {
                "acceptance": acceptance,
                "tenant": tenant,
                "vendor": acceptance.terms.get("vendor") or tenant.legal_name or tenant.name,
                "partner": acceptance.terms.get("partner") or acceptance.partner.name,
                "text": rendered(acceptance.text),
                "digest": readable_hash(acceptance.text_hash),
                "is_whole": text_hash(acceptance.text) == acceptance.text_hash,
                "accepted_utc": f"{acceptance.accepted_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC",
                "logo": "data:image/png;base64," + base64.b64encode(logo).decode() if logo else "",
            },
        )
    return paper_pdf(
        html,
        sheet="agreement.css",
        accent=tenant.accent,
        accent_foreground=tenant.accent_foreground,
        identifier=str(acceptance.id),
        made_at=acceptance.accepted_at,
    )
