"""Who clicks: people, told from machines by the maintained list of crawlers, and from themselves a minute ago."""

import hashlib
import hmac
from datetime import UTC, datetime
from functools import lru_cache

from allauth.account.adapter import get_adapter
from crawleruseragents import is_crawler
from django.conf import settings
from django.http import HttpRequest

AGENT_LENGTH = 400


def is_person(request: HttpRequest) -> bool:
    """Tell whether a browser follows the link for somebody: no crawler, no preview, no fetching ahead."""
    agent = request.headers.get("User-Agent", "")[:AGENT_LENGTH]
    ahead = " ".join(
        request.headers.get(name, "") for name in ("Sec-Purpose", "Purpose", "X-Moz", "X-Purpose")
    ).lower()
    return (
        request.method == "GET"
        and bool(agent)
        and not ("prefetch" in ahead or "prerender" in ahead or "preview" in ahead)
        and not _is_machine(agent)
    )


@lru_cache(maxsize=8192)
def _is_machine(agent: str) -> bool:
    return not agent.startswith("Mozilla/") or bool(is_crawler(agent))


def visitor_key(request: HttpRequest, *, tenant_id: int, at: datetime) -> bytes:
    """Return 16 bytes that are the same for one browser at one address on one day (UTC), and tell nothing else.

    Keyed by the server's secret and the day, so that nobody can try addresses, nor join two days.
    """
    address = str(get_adapter().get_client_ip(request))
    agent = request.headers.get("User-Agent", "")[:AGENT_LENGTH]
    message = f"{tenant_id}\n{at.astimezone(UTC).date()}\n{address}\n{agent}"
    key = b"referrals.sharing.visitor" + settings.SECRET_KEY.encode()
    return hmac.new(key, message.encode(), hashlib.sha256).digest()[:16]
