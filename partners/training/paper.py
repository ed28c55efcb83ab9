"""A certificate on paper: made by the worker, kept, the same bytes when made again."""

import base64
from pathlib import Path
from zoneinfo import ZoneInfo

from django.template.loader import render_to_string
from django.utils import timezone, translation

from partners.training.models import Certificate
from partners.training.rules import printed_code
from partners.training.words import learning_time
from prm.jobs.files import private_path, private_root
from prm.tenancy.links import tenant_url
from prm.tenancy.models import Tenant
from prm.tenancy.scope import current_scope
from prm.web.papers import keep_paper, paper_pdf


def stored_name(certificate: Certificate) -> str:
    """Return where the PDF lies in private storage."""
    return f"{certificate.tenant_id}/certificates/{certificate.id}.pdf"


def stored_pdf(certificate: Certificate) -> Path | None:
    """Return the PDF on disk, None while it is being made."""
    path = private_path(stored_name(certificate))
    return path if path.is_file() else None


def keep_pdf(certificate: Certificate) -> Path:
    """Make the PDF unless it is there, and return where it lies."""
    if found := stored_pdf(certificate):
        return found
    return keep_paper(private_root() / stored_name(certificate), certificate_pdf(certificate))


def certificate_pdf(certificate: Certificate) -> bytes:
    """Return the certificate in its language, with the tenant's name, logo and colour."""
    tenant = Tenant.objects.get(id=current_scope().tenant_id)
    logo = bytes(tenant.logo)
    with (
        translation.override(certificate.language),
        timezone.override(ZoneInfo(tenant.time_zone)),
    ):
        html = render_to_string(
            "partners/training/certificate_pdf.html",
            {
                "certificate": certificate,
                "tenant": tenant,
                "learning_time": learning_time(certificate.minutes),
                "logo": "data:image/png;base64," + base64.b64encode(logo).decode() if logo else "",
                "code": printed_code(certificate.code),
                "url": tenant_url(tenant, "partners:certificate-verify", code=certificate.code),
            },
        )
    return paper_pdf(
        html,
        sheet="certificate.css",
        accent=tenant.accent,
        accent_foreground=tenant.accent_foreground,
        identifier=certificate.number,
        made_at=certificate.issued_at,
    )
