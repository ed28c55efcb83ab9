"""Names and web addresses as they are compared."""

import re
import unicodedata
from urllib.parse import urlsplit

_SPACES = re.compile(r"\s+")
_HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")


def folded_name(name: str) -> str:
    """Return a name as it is compared: compatible forms, case folded, spaces joined."""
    return _SPACES.sub(" ", unicodedata.normalize("NFKC", name)).strip().casefold()[:160]


def site_domain(website: str) -> str:
    """Return the host of a web address in its ASCII form without "www.", empty when there is none.

    "https://www.Bücher.example/about" is "xn--bcher-kva.example".
    """
    text = website.strip()
    if not text:
        return ""
    try:
        host = urlsplit(text if "//" in text else f"//{text}").hostname or ""
        host = host.encode("idna").decode().lower().removeprefix("www.")
    except (ValueError, UnicodeError):
        return ""
    return host if _HOST.fullmatch(host) else ""
