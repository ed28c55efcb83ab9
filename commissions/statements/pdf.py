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
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext

from commissions.statements.keeping import keep_csv, keep_file, language_of
from commissions.statements.models import Statement
from commissions.statements.papers import Paper, paper_of
from commissions.tax.letterheads import logo_address

_STATIC = Path(settings.BASE_DIR) / "static"
# WeasyPrint declares one conformance a file; PDF/A wants every further one explained.
_ALSO_UA = b"""
<rdf:Description xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/" rdf:about=""><pdfuaid:part>1</pdfuaid:part>
</rdf:Description>
<rdf:Description xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"
 xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#"
 rdf:about=""><pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">
<pdfaSchema:schema>PDF/UA identification schema</pdfaSchema:schema>
<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>
<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix><pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource">
<pdfaProperty:name>part</pdfaProperty:name><pdfaProperty:valueType>Integer</pdfaProperty:valueType>
<pdfaProperty:category>internal</pdfaProperty:category>
<pdfaProperty:description>Part of PDF/UA, ISO 14289</pdfaProperty:description>
</rdf:li></rdf:Seq></pdfaSchema:property></rdf:li></rdf:Bag></pdfaExtension:schemas></rdf:Description>
"""
_FONT_ADDRESS = re.compile(r'url\("\.\./fonts/([a-z0-9-]+\.ttf)"\)')


def keep_pdf(statement: Statement, language: str = "") -> Path:
    """Make the PDF unless it is there, and return where it lies.

    language: of a copy; the statement's own when empty. Raises FileDiffers.
    """
    return keep_file(
        statement, "pdf", lambda: statement_pdf(statement, language), language=language
    )


def statement_pdf(statement: Statement, language: str = "") -> bytes:
    """Return the PDF, in the statement's own language unless another is named: tagged, its data file within.

    Both conformances are declared: PDF/A-3a (kept for years, the attachment told of) and PDF/UA-1 (read aloud).
    """
    zone = ZoneInfo(statement.parties.get("time_zone", "UTC"))
    attached = (keep_csv(statement).read_bytes(), f"{statement.number}.csv")
    with translation.override(language or language_of(statement)), timezone.override(zone):
        paper = paper_of(statement)
        html = render_to_string(
            "commissions/statements/pdf.html",
            {
                "paper": paper,
                "footer": paper.footer,
                "as_pdf": True,
                "logo": logo_address(statement.parties["by"]),
            },
        )
        described = gettext("All lines of statement %(number)s as CSV") % {
            "number": statement.number
        }
    return _rendered(statement, html, paper, attached=attached, described=described)


def _rendered(
    statement: Statement, html: str, paper: Paper, *, attached: tuple[bytes, str], described: str
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
    options: dict[str, Any] = {
        "stylesheets": [style, *([brand] if brand else [])],
        "pdf_variant": "pdf/a-3a",
        "pdf_identifier": statement.number.encode(),
        "attachments": [
            Attachment(
                string=attached[0],
                name=attached[1],
                description=described,
                relationship="Data",
                created=issued,
                modified=issued,
            )
        ],
    }
    with warnings.catch_warnings():
        # WeasyPrint leaves the colour profile of PDF/A open until it is collected.
        warnings.simplefilter("ignore", ResourceWarning)
        document = HTML(string=stamped, url_fetcher=fetcher).render(font_config=fonts, **options)
        described_as = document.metadata.generate_rdf_metadata
        document.metadata.generate_rdf_metadata = lambda *args: described_as(*args).replace(
            b"</rdf:RDF>", _ALSO_UA + b"</rdf:RDF>"
        )
        return bytes(document.write_pdf(**options))


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
