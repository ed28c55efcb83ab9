"""A statement as PDF: tagged, byte-identical when made again, without a single request to anywhere.

WeasyPrint needs pango, which a web process may lack: it is imported where it is used, in the worker.
"""

import atexit
import base64
import re
import warnings
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from secrets import token_hex
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone, translation

from commissions.statements.models import Statement
from commissions.statements.papers import Paper, export_header, export_rows, paper_of
from prm.jobs.files import private_path, private_root
from prm.tenancy.models import Tenant
from prm.tenancy.scope import current_scope
from prm.web.exports import csv_lines

_STATIC = Path(settings.BASE_DIR) / "static"
_FONT_ADDRESS = re.compile(r'url\("\.\./fonts/([a-z0-9-]+\.ttf)"\)')


def stored_name(statement: Statement) -> str:
    """Return where the PDF lies in private storage."""
    return f"{statement.tenant_id}/statements/{statement.id}.pdf"


def stored_pdf(statement: Statement) -> Path | None:
    """Return the PDF on disk, None while it is being made."""
    path = private_path(stored_name(statement))
    return path if path.is_file() else None


def keep_pdf(statement: Statement) -> Path:
    """Make the PDF unless it is there, and return where it lies; written beside its place and renamed when whole."""
    if found := stored_pdf(statement):
        return found
    target = private_root() / stored_name(statement)
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = target.with_name(f".{target.name}.{token_hex(4)}.part")
    partial.write_bytes(statement_pdf(statement))
    partial.chmod(0o600)
    partial.rename(target)
    return target


def statement_pdf(statement: Statement) -> bytes:
    """Return the PDF in the statement's own language: PDF/UA-1, or PDF/A-3a with the lines attached when it is long."""
    language, zone = (
        statement.parties.get("language", "en"),
        ZoneInfo(statement.parties.get("time_zone", "UTC")),
    )
    with translation.override(language), timezone.override(zone):
        paper = paper_of(statement)
        html = render_to_string(
            "commissions/statements/pdf.html",
            {"paper": paper, "footer": paper.footer, "as_pdf": True, "logo": _logo()},
        )
        attachments = (
            [
                (
                    "".join(csv_lines(export_header(), export_rows(statement))),
                    f"{statement.number}.csv",
                )
            ]
            if paper.is_summary
            else []
        )
    return _rendered(statement, html, attachments, paper)


def _rendered(
    statement: Statement, html: str, attachments: list[tuple[str, str]], paper: Paper
) -> bytes:
    from weasyprint import CSS, HTML, Attachment  # noqa: PLC0415  needs pango
    from weasyprint.urls import URLFetcher  # noqa: PLC0415

    fetcher = URLFetcher(allowed_protocols={"data"}, allow_redirects=False)
    issued = statement.issued_at.astimezone(ZoneInfo("UTC")).replace(tzinfo=None, microsecond=0)
    stamped = html.replace("</title>", f"</title>{_metadata(paper, issued)}", 1)
    by = statement.parties["by"]
    accent = str(by.get("accent") or "#0b6b75")
    written = str(by.get("accent_foreground") or "#ffffff")
    brand = (
        CSS(string=f":root {{ --accent: {accent}; --accent-fg: {written} }}", url_fetcher=fetcher)
        if re.fullmatch(r"(#[0-9a-f]{6}){2}", accent + written)
        else None
    )
    style, fonts = _style()
    with warnings.catch_warnings():
        # WeasyPrint leaves the colour profile of PDF/A open until it is collected.
        warnings.simplefilter("ignore", ResourceWarning)
        return bytes(
            HTML(string=stamped, url_fetcher=fetcher).write_pdf(
                stylesheets=[style, *([brand] if brand else [])],
                font_config=fonts,
                pdf_variant="pdf/a-3a" if attachments else "pdf/ua-1",
                pdf_identifier=statement.number.encode(),
                attachments=[
                    Attachment(
                        string=text, name=name, relationship="Data", created=issued, modified=issued
                    )
                    for text, name in attachments
                ],
            ),
        )


def _metadata(paper: Paper, issued: datetime) -> str:
    """Return fixed metadata: nothing in the file depends on when it is made."""
    stamp = f"{issued:%Y-%m-%dT%H:%M:%SZ}"
    return f'<meta name="dcterms.created" content="{stamp}"><meta name="dcterms.modified" content="{stamp}">'


@lru_cache(maxsize=1)
def _style() -> tuple[Any, Any]:
    """Return the style sheet with its fonts inside it, read once a process."""
    from weasyprint import CSS  # noqa: PLC0415  needs pango
    from weasyprint.text.fonts import FontConfiguration  # noqa: PLC0415
    from weasyprint.urls import URLFetcher  # noqa: PLC0415

    def inlined(match: re.Match[str]) -> str:
        font = base64.b64encode((_STATIC / "fonts" / match[1]).read_bytes()).decode()
        return f'url("data:font/ttf;base64,{font}")'

    fonts = FontConfiguration()
    text = _FONT_ADDRESS.sub(inlined, (_STATIC / "css" / "statement.css").read_text())
    return CSS(
        string=text, font_config=fonts, url_fetcher=URLFetcher(allowed_protocols={"data"})
    ), fonts


# The fonts' own clean-up fails once the interpreter has let go of their library.
atexit.register(_style.cache_clear)


def _logo() -> str:
    """Return the tenant's logo as a data address, empty when it has none."""
    logo = Tenant.objects.values_list("logo", flat=True).get(id=current_scope().tenant_id)
    return "data:image/png;base64," + base64.b64encode(bytes(logo)).decode() if logo else ""
