"""QR codes of links: a drawing for print and pages, a picture for slides."""

import io

import segno
from django.utils.safestring import SafeString

# The quiet zone and error correction that printed codes need.
_BORDER, _ERROR = 4, "q"


def qr_svg(address: str, *, inline: bool = False) -> SafeString:
    """Return the code as SVG. inline: to stand in a page, without declaration, sized by its box."""
    out = io.BytesIO()
    segno.make(address, error=_ERROR).save(
        out,
        kind="svg",
        border=_BORDER,
        scale=8,
        light="#fff",
        xmldecl=not inline,
        svgns=not inline,
        omitsize=inline,
        svgclass="qr" if inline else None,
        lineclass=None,
    )
    return SafeString(out.getvalue().decode())


def qr_png(address: str) -> bytes:
    """Return the code as PNG, some 1,000 pixels wide."""
    code = segno.make(address, error=_ERROR)
    out = io.BytesIO()
    code.save(
        out, kind="png", border=_BORDER, scale=max(4, 1000 // code.symbol_size(1, _BORDER)[0])
    )
    return out.getvalue()
