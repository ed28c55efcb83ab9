"""Papers about tax: one sheet for the screen and the PDF, in a language of choice, the same bytes when made again."""

import base64
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext
from django_countries import countries

from prm.jobs.files import private_path, private_root
from prm.tenancy.models import Tenant
from prm.tenancy.scope import current_scope
from prm.web.papers import keep_paper, paper_pdf


@dataclass(frozen=True)
class Sheet:
    """A paper to be made: a template of layouts/statement.html with what it says, in one language.

    folder, key: where the PDF lies, and what tells it apart. look: colours of the vendor, accent and accent_foreground.
    """

    folder: str
    key: str
    number: str
    template: str
    context: dict[str, Any]
    language: str
    time_zone: str
    made_at: datetime
    look: dict[str, str]


def stored_name(sheet: Sheet) -> str:
    """Return where the PDF lies in private storage."""
    return f"{current_scope().tenant_id}/{sheet.folder}/{sheet.key}-{sheet.language}.pdf"


def kept_sheet(sheet: Sheet) -> Path | None:
    """Return the PDF on disk, None while it is being made."""
    path = private_path(stored_name(sheet))
    return path if path.is_file() else None


def keep_sheet(sheet: Sheet) -> Path:
    """Make the PDF unless it is there, and return where it lies. Needs pango: for the worker."""
    found = kept_sheet(sheet)
    return found or keep_paper(private_root() / stored_name(sheet), sheet_pdf(sheet))


def sheet_pdf(sheet: Sheet) -> bytes:
    """Return the paper as PDF/UA-1."""
    logo = bytes(Tenant.objects.values_list("logo", flat=True).get(id=current_scope().tenant_id))
    with translation.override(sheet.language), timezone.override(ZoneInfo(sheet.time_zone)):
        address = "data:image/png;base64," + base64.b64encode(logo).decode() if logo else ""
        html = render_to_string(sheet.template, {**sheet.context, "as_pdf": True, "logo": address})
    return paper_pdf(
        html,
        sheet="statement.css",
        accent=sheet.look.get("accent", ""),
        accent_foreground=sheet.look.get("accent_foreground", ""),
        identifier=f"{sheet.number}-{sheet.language}",
        made_at=sheet.made_at,
    )


def vendor_facts(tenant: Tenant, *, tax_number: str = "") -> dict[str, str]:
    """Return the vendor as papers name it, to be kept with them."""
    return {
        "name": tenant.legal_name or tenant.name,
        "brand": tenant.name,
        "address": tenant.legal_address,
        "country": tenant.country,
        "tax_number": tax_number or tenant.tax_number,
        "support_email": tenant.support_email,
        "accent": tenant.accent,
        "accent_foreground": tenant.accent_foreground,
        "language": tenant.language,
        "time_zone": tenant.time_zone,
    }


def party_lines(party: dict[str, str], *, number: str = "") -> list[str]:
    """Return name, address, country and number of one side, a line each."""
    found = [party["name"], *party.get("address", "").splitlines()]
    found.append(str(countries.name(party.get("country", "")) or ""))
    if number:
        found.append(gettext("VAT %(number)s") % {"number": number})
    return [line for line in found if line.strip()]
