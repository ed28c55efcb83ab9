"""Papers as PDF: tagged, the same bytes when made again, without a single request to anywhere.

WeasyPrint needs pango, which a web process may lack: it is imported where it is used, in the worker.
"""

import atexit
import base64
import re
import warnings
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from secrets import token_hex
from typing import Any

from django.conf import settings

_STATIC = Path(settings.BASE_DIR) / "static"
_FONT_ADDRESS = re.compile(r'url\("\.\./fonts/([a-z0-9-]+\.ttf)"\)')
_COLOURS = re.compile(r"(#[0-9a-f]{6}){2}")


def paper_pdf(
    html: str,
    *,
    sheet: str,
    accent: str,
    accent_foreground: str,
    identifier: str,
    made_at: datetime,
) -> bytes:
    """Return a page as PDF/UA-1.

    html: a whole document with a <title>; pictures only as data addresses. sheet: file of static/css, its fonts are put
    inside it. accent, accent_foreground: "#rrggbb", arrive as --accent and --accent-fg. identifier, made_at: the
    file's metadata; nothing in it depends on when it is made.
    """
    from weasyprint import CSS, HTML  # noqa: PLC0415  needs pango
    from weasyprint.urls import URLFetcher  # noqa: PLC0415

    fetcher = URLFetcher(allowed_protocols={"data"}, allow_redirects=False)
    stamp = f"{made_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    stamps = (
        f'<meta name="dcterms.created" content="{stamp}">'
        f'<meta name="dcterms.modified" content="{stamp}">'
    )
    style, fonts = _style(sheet)
    styles = [style]
    if _COLOURS.fullmatch(accent + accent_foreground):
        brand = f":root {{ --accent: {accent}; --accent-fg: {accent_foreground} }}"
        styles.append(CSS(string=brand, url_fetcher=fetcher))
    document = HTML(string=html.replace("</title>", f"</title>{stamps}", 1), url_fetcher=fetcher)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        return bytes(
            document.write_pdf(
                stylesheets=styles,
                font_config=fonts,
                pdf_variant="pdf/ua-1",
                pdf_identifier=identifier.encode(),
            )
        )


def keep_paper(target: Path, content: bytes) -> Path:
    """Write a paper beside its place and rename it when whole; only this process's user may read it."""
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = target.with_name(f".{target.name}.{token_hex(4)}.part")
    partial.write_bytes(content)
    partial.chmod(0o600)
    partial.rename(target)
    return target


@lru_cache(maxsize=4)
def _style(sheet: str) -> tuple[Any, Any]:
    """Return a style sheet with its fonts inside it, read once a process."""
    from weasyprint import CSS  # noqa: PLC0415  needs pango
    from weasyprint.text.fonts import FontConfiguration  # noqa: PLC0415
    from weasyprint.urls import URLFetcher  # noqa: PLC0415

    def inlined(match: re.Match[str]) -> str:
        font = base64.b64encode((_STATIC / "fonts" / match[1]).read_bytes()).decode()
        return f'url("data:font/ttf;base64,{font}")'

    fonts = FontConfiguration()
    text = _FONT_ADDRESS.sub(inlined, (_STATIC / "css" / sheet).read_text())
    fetcher = URLFetcher(allowed_protocols={"data"})
    return CSS(string=text, font_config=fonts, url_fetcher=fetcher), fonts


# The fonts' own clean-up fails once the interpreter has let go of their library.
atexit.register(_style.cache_clear)
