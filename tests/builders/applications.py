"""Builders of admissions, applications and prospects; a scope must be open."""

from datetime import datetime
from typing import Any
from uuid import UUID

from partners.applications.models import Application, Prospect
from partners.applications.prospects import add_prospect
from partners.applications.services import (
    Answer,
    Contact,
    Origin,
    edit_admission,
    publish_page,
    save_draft,
    submit_application,
)
from partners.programs.models import Program
from prm.events.services import SYSTEM
from tests.builders.objects import Cast, builds
from tests.builders.partners import LONG_AGO, a_program

CLIENTS = {
    "key": "clients",
    "type": "one",
    "required": True,
    "label": {"en": "How many clients do you advise?", "it": "Quanti clienti seguite?"},
    "choices": [
        {"key": "few", "label": {"en": "Fewer than 20"}, "points": 5},
        {"key": "many", "label": {"en": "20 or more"}, "points": 30},
    ],
}


def an_admission(program: Program, mode: str = "manual", **settings: Any) -> None:
    """Open a program's page, with one question that scores 5 or 30."""
    edit_admission(
        program_id=program.id,
        actor=SYSTEM,
        at=LONG_AGO,
        **{"mode": mode, "questions": [CLIENTS], **settings},
    )
    publish_page(program_id=program.id, actor=SYSTEM, at=LONG_AGO)


def an_application(
    program: Program,
    company: str = "Larkfield Accounting",
    *,
    email: str = "",
    website: str = "",
    country: str = "IE",
    clients: str = "many",
    at: datetime = LONG_AGO,
    language: str = "en",
    source: str = "",
    campaign: str = "",
    prospect_id: UUID | None = None,
    **contact: Any,
) -> Application:
    """Send an application, as the public form does."""
    word = company.split(maxsplit=1)[0].lower()
    draft = save_draft(
        program_id=program.id,
        contact=Contact(
            name=contact.pop("name", f"Noor {company.split(maxsplit=1)[0]}"),
            email=email or f"noor@{word}.example",
            company=company,
            website=website or f"https://{word}.example",
            country=country,
            **contact,
        ),
        language=language,
        origin=Origin(source=source, campaign=campaign),
        prospect_id=prospect_id,
        at=at,
    )
    answer = Answer("clients", "How many clients do you advise?", "one", clients, clients)
    sent = submit_application(application_id=draft.id, answers=[answer], at=at)
    assert sent.application is not None
    return sent.application


@builds("application")
def the_application(cast: Cast) -> object:
    """An application that waits for a decision."""
    program = Program.objects.filter(slug="admits").first()
    if program is None:
        program = a_program("Admits", slug="admits")
        an_admission(program)
    found = Application.objects.filter(program=program).first()
    return (found or an_application(program, f"Applicant{cast.tenant.id} Ltd")).id


def a_prospect(company: str = "Larkfield Accounting", **facts: Any) -> Prospect:
    """Write a prospect down."""
    word = company.split(maxsplit=1)[0].lower()
    return add_prospect(
        actor=SYSTEM,
        at=LONG_AGO,
        **{"company": company, "email": f"noor@{word}.example", "country": "IE", **facts},
    )


@builds("prospect")
def the_prospect(cast: Cast) -> object:
    """A prospect with an address."""
    name = f"Prospect{cast.tenant.id} Ltd"
    found = Prospect.objects.filter(company=name).first()
    return (found or a_prospect(name)).id
