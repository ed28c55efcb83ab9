"""Papers about tax: one sheet for the screen and the PDF, in a language of choice, the same bytes when made again."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext
from django_countries import countries

from commissions.tax.keeping import Kept, keep_first, kept_first
from commissions.tax.letterheads import keep_logo, logo_address
from commissions.tax.models import TaxPaper
from prm.jobs.files import private_path
from prm.tenancy.models import Tenant
from prm.tenancy.scope import current_scope
from prm.web.papers import paper_pdf


@dataclass(frozen=True)
class Sheet:
    """A paper to be made: a template of layouts/statement.html with what it says, in one language.

    folder, paper_id: where the PDF lies, and what tells it apart. look: what the paper keeps of its vendor: colours
    (accent and accent_foreground) and the logo's SHA-256.
    """

    folder: str
    paper_id: UUID
    number: str
    template: str
    context: dict[str, Any]
    language: str
    time_zone: str
    made_at: datetime
    look: dict[str, str]


def stored_name(sheet: Sheet) -> str:
    """Return where the PDF lies in private storage."""
    return f"{current_scope().tenant_id}/{sheet.folder}/{sheet.paper_id}-{sheet.language}.pdf"


def kept_sheet(sheet: Sheet) -> Path | None:
    """Return the PDF on disk as it was first made, None while it is being made, or must be again."""
    return kept_first(_file(sheet))


def keep_sheet(sheet: Sheet) -> Path:
    """Make the PDF unless it is there, and return where it lies. Needs pango: for the worker.

    A lost or touched file is made again, and kept only when it is the first to the byte. Raises keeping.FileDiffers.
    """
    return keep_first(_file(sheet), make=partial(sheet_pdf, sheet))


def sheet_pdf(sheet: Sheet) -> bytes:
    """Return the paper as PDF/UA-1."""
    with translation.override(sheet.language), timezone.override(ZoneInfo(sheet.time_zone)):
        html = render_to_string(
            sheet.template, {**sheet.context, "as_pdf": True, "logo": logo_address(sheet.look)}
        )
    return paper_pdf(
        html,
        sheet="statement.css",
        accent=sheet.look.get("accent", ""),
        accent_foreground=sheet.look.get("accent_foreground", ""),
        identifier=f"{sheet.number}-{sheet.language}",
        made_at=sheet.made_at,
    )


def _file(sheet: Sheet) -> Kept:
    return Kept(
        private_path(stored_name(sheet)),
        name=f"{sheet.number} in {sheet.language}",
        model=TaxPaper,
        key={"folder": sheet.folder, "paper_id": sheet.paper_id, "language": sheet.language},
    )


def vendor_facts(tenant: Tenant, *, tax_number: str = "") -> dict[str, str]:
    """Return the vendor as papers name and show it, to be kept with them; its logo is kept now."""
    return {
        "name": tenant.legal_name or tenant.name,
        "brand": tenant.name,
        "address": tenant.legal_address,
        "country": tenant.country,
        "tax_number": tax_number or tenant.tax_number,
        "support_email": tenant.support_email,
        "accent": tenant.accent,
        "accent_foreground": tenant.accent_foreground,
        "logo": keep_logo(tenant),
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
