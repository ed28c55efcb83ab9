"""What a browser carries between a click and a lead: signed, ours alone, no longer than the program's window."""

from datetime import UTC, datetime
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

from referrals.sharing.rules import Remembered, remember

_SALT = "referrals.sharing.click"
DAY = 86_400


def cookie_name(tenant_id: int) -> str:
    """Return the cookie's name; each vendor has its own, since several live on one host."""
    return f"ref-{tenant_id}"


def choice_name(tenant_id: int) -> str:
    """Return the name of the cookie that keeps a visitor's "no" until the browser is closed."""
    return f"ref-no-{tenant_id}"


def clicks_of(request: HttpRequest, tenant_id: int) -> list[Remembered]:
    """Return the clicks that the browser carries for this vendor; none of a broken or foreign cookie."""
    text = request.COOKIES.get(cookie_name(tenant_id), "")
    if not text:
        return []
    try:
        tenant, rows = signing.loads(text, salt=_SALT)
        found = [
            Remembered(UUID(link), UUID(program), datetime.fromtimestamp(seconds, UTC))
            for link, program, seconds in rows
        ]
    except (signing.BadSignature, ValueError, TypeError, OverflowError):
        return []
    return found if tenant == tenant_id else []


def remember_click(
    request: HttpRequest, response: HttpResponse, *, tenant_id: int, click: Remembered, days: int
) -> None:
    """Let the browser carry one more click for `days` days from now."""
    clicks = remember(clicks_of(request, tenant_id), click)
    rows = [[str(row.link_id), str(row.program_id), int(row.at.timestamp())] for row in clicks]
    response.set_cookie(
        cookie_name(tenant_id),
        signing.dumps([tenant_id, rows], salt=_SALT, compress=True),
        max_age=days * DAY,
        httponly=True,
        secure=settings.HTTPS,
        samesite="Lax",
    )


def remember_no(response: HttpResponse, *, tenant_id: int) -> None:
    """Do not ask this visitor again until the browser is closed, and forget what was carried."""
    response.delete_cookie(cookie_name(tenant_id), samesite="Lax")
    response.set_cookie(
        choice_name(tenant_id), "1", httponly=True, secure=settings.HTTPS, samesite="Lax"
    )
