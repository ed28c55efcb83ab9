"""The secrets in an applicant's addresses: what only the server's key can make, and what a row keeps of it."""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core import signing

from partners.applications.models import Application
from partners.applications.rules import DRAFT_DAYS
from prm.tenancy.scope import current_scope

_DRAFT = "partners.applications.draft"
_ANSWER = "partners.applications.answer"
_INVITED = "partners.applications.invited"
INVITED_DAYS = 60
DAY = 86_400


class BadLink(ValueError):
    """The address was not made here, for another vendor, or too long ago."""


def link_token(application: Application) -> str:
    """Return the secret of the applicant's own link: 160 bits that only the server's key can make.

    It is only ever mailed, so whoever opens it reads the mailbox that the application names. The row keeps a hash.
    """
    return _token(current_scope().tenant_id, application.id)


def link_hash(token: str) -> str:
    """Return what a row keeps of a link's secret."""
    return hashlib.sha256(token.encode()).hexdigest()


def fresh_link_hash(application_id: UUID) -> str:
    """Return what the row of a new application keeps of its link's secret."""
    return link_hash(_token(current_scope().tenant_id, application_id))


def _token(tenant_id: int, application_id: UUID) -> str:
    message = f"application:{tenant_id}:{application_id}"
    digest = hmac.new(settings.SECRET_KEY.encode(), message.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest[:20]).decode().rstrip("=")


def draft_ticket(application_id: UUID) -> str:
    """Return what carries a draft from screen to screen in the browser that began it; it opens nothing once sent."""
    return signing.dumps([current_scope().tenant_id, str(application_id)], salt=_DRAFT)


def drafted(ticket: str) -> UUID:
    """Return the draft of a ticket. Raises BadLink."""
    tenant_id, value = _opened(ticket, _DRAFT, DRAFT_DAYS * DAY)
    if tenant_id != current_scope().tenant_id:
        raise BadLink(ticket)
    return UUID(value)


@dataclass(frozen=True)
class Ending:
    """What the page after sending says of a decline: the question that ended it, and the day to apply again."""

    question: str
    reapply_on: str


def ending_ticket(question: str, reapply_on: str) -> str:
    """Return what carries an explained decline to the page after sending; no row is named in it."""
    return signing.dumps([current_scope().tenant_id, question, reapply_on], salt=_ANSWER)


def ended(ticket: str) -> Ending:
    """Return the decline that a page after sending explains. Raises BadLink."""
    tenant_id, question, reapply_on = _opened(ticket, _ANSWER, DAY)
    if tenant_id != current_scope().tenant_id:
        raise BadLink(ticket)
    return Ending(question, reapply_on)


def invited_ticket(prospect_id: UUID) -> str:
    """Return what opens a form that is closed to others, for somebody the vendor invited; good for 60 days."""
    return signing.dumps([current_scope().tenant_id, str(prospect_id)], salt=_INVITED)


def invited(ticket: str) -> UUID:
    """Return the prospect of an invitation to apply. Raises BadLink."""
    tenant_id, value = _opened(ticket, _INVITED, INVITED_DAYS * DAY)
    if tenant_id != current_scope().tenant_id:
        raise BadLink(ticket)
    return UUID(value)


def _opened(ticket: str, salt: str, seconds: int) -> list[Any]:
    try:
        found = signing.loads(ticket, salt=salt, max_age=seconds)
    except signing.BadSignature as error:
        raise BadLink(ticket) from error
    return list(found)
