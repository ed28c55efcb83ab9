"""What applicants are told by mail, in the language in which they applied."""

import hashlib
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.utils import translation
from django.utils.translation import gettext as _

from partners.applications.links import invited_ticket, link_token
from partners.applications.models import Application
from partners.programs.models import Program
from prm.notices.services import queue_mail
from prm.tenancy.links import tenant_url
from prm.tenancy.models import Tenant
from prm.tenancy.scope import current_scope


def mail_saved(application: Application, *, at: datetime) -> None:
    """Send the link under which a draft goes on; at most one an hour."""
    _queue(
        application,
        "saved",
        f"{at:%Y%m%d%H}",
        url=own_url(application),
    )


def mail_received(application: Application) -> None:
    """Say that the application arrived, what happens next and by when, once."""
    _queue(application, "received", "", url=own_url(application))


def mail_declined_by_answer(application: Application, *, words: str) -> None:
    """Explain that an answer does not fit, and from when applying again makes sense, once."""
    _queue(application, "knocked_out", "", words=words, url=own_url(application))


def mail_known(application: Application, *, why: str, at: datetime, **facts: Any) -> None:
    """Answer a second application by mail alone, so that the page tells a stranger nothing; once a day and address.

    why: "open" (own application), "colleague" (somebody of the same company applied), "partner" (the company is one),
    "early" (declined, may apply from facts["day"]).
    """
    _queue(application, "known", f"{why}:{at:%Y%m%d}", why=why, **facts)


def own_url(application: Application) -> str:
    """Return the absolute address of an applicant's own page."""
    return tenant_url(_tenant(), "partners:application-status", token=link_token(application))


def invited_url(*, prospect_id: UUID, slug: str) -> str:
    """Return the absolute address under which an invited prospect applies, good for 60 days."""
    path = tenant_url(_tenant(), "partners:apply", program=slug)
    return f"{path}?{urlencode({'invited': invited_ticket(prospect_id)})}"


def _queue(application: Application, name: str, once: str, **facts: Any) -> None:
    tenant = _tenant()
    language = application.language or tenant.language
    program = Program.objects.get(id=application.program_id)
    address = hashlib.sha256(f"{program.id}:{application.email}".encode()).hexdigest()[:32]
    about = address if name == "known" else str(application.id)
    with translation.override(language):
        context = {
            "application": application,
            "program": program,
            "reason": _("You get this mail because somebody applied with this address.")
            if name == "known"
            else _("You get this mail because you applied."),
            "url": "",
            **facts,
        }
    queue_mail(
        key=f"application.{name}:{about}:{once}",
        kind=f"application.{name}",
        to=application.email,
        template=f"emails/application/{name}",
        context=context,
        language=language,
    )


def _tenant() -> Tenant:
    return Tenant.objects.defer("logo").get(id=current_scope().tenant_id)
