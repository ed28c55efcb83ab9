"""Builders of programs that take applications, and of applicants' links; a scope must be open."""

from typing import Any

from partners.agreements.models import AgreementVersion
from partners.applications.links import link_token
from partners.applications.models import Application
from partners.applications.services import (
    Answer,
    Contact,
    edit_admission,
    publish_page,
    save_draft,
    submit_application,
)
from partners.programs.models import Program
from partners.training.models import Course, Lesson
from partners.training.paper import stored_name
from prm.events.services import SYSTEM
from prm.jobs.files import private_root
from prm.web.papers import keep_paper
from tests.builders.objects import Cast, builds
from tests.builders.partners import LONG_AGO, a_program
from tests.builders.training import a_certificate, a_course, a_film, a_learner

CLIENTS = {
    "key": "clients",
    "type": "number",
    "required": True,
    "least": 3,
    "points": 10,
    "label": {"en": "How many clients?", "it": "Quanti clienti?"},
    "decline": {"en": "Come back with three clients.", "it": "Tornate con tre clienti."},
}
WORK = {
    "key": "work",
    "type": "one",
    "required": True,
    "label": {"en": "What do you do?"},
    "choices": [
        {"key": "books", "label": {"en": "Books"}, "points": 20},
        {"key": "other", "label": {"en": "Other"}},
    ],
}
STORY: dict[str, Any] = {"key": "story", "type": "long", "label": {"en": "Tell us more"}}
QUESTIONS: list[dict[str, Any]] = [CLIENTS, WORK, STORY]


def an_open_program(name: str = "Advisors", **settings: Any) -> Program:
    """Make a program whose page is published and whose form asks three questions."""
    program = a_program(name, summary="For advisors.")
    AgreementVersion.objects.create(
        program=program,
        number=1,
        texts={"en": "# Terms\n\nFor {{ program }}."},
        published_at=LONG_AGO,
        binding_from=LONG_AGO,
    )
    edit_admission(
        program_id=program.id,
        actor=SYSTEM,
        at=LONG_AGO,
        **{"questions": QUESTIONS, **settings},
    )
    publish_page(program_id=program.id, actor=SYSTEM, at=LONG_AGO)
    return program


def a_contact(email: str = "olga@oak.example", **facts: Any) -> Contact:
    """Make somebody who applies."""
    given = {"name": "Olga Oak", "company": "Oak & Sons", "country": "IT"}
    return Contact(email=email, **{**given, **facts})


def answers(clients: str = "12") -> list[Answer]:
    """Give valid answers."""
    return [
        Answer("clients", "How many clients?", "number", clients, clients),
        Answer("work", "What do you do?", "one", "books", "Books"),
        Answer("story", "Tell us more", "long", "", ""),
    ]


def _draft(program: Program, email: str) -> Application:
    return save_draft(program_id=program.id, contact=a_contact(email), language="en", at=LONG_AGO)


def _sent(program: Program, email: str) -> Application:
    found = Application.objects.filter(program=program, email=email).first()
    if found is None:
        sent = submit_application(
            application_id=_draft(program, email).id, answers=answers(), at=LONG_AGO
        )
        assert sent.application is not None
        found = sent.application
    return found


def _program(name: str, **settings: Any) -> Program:
    return Program.objects.filter(name=name).first() or an_open_program(name, **settings)


@builds("published_program")
def the_published_program(cast: Cast) -> object:
    """The address of a program that takes applications."""
    return _program("Open to all").slug


@builds("asking_program")
def the_asking_program(cast: Cast) -> object:
    """A program whose form asks for "clients"."""
    return _program("Open to all").id


@builds("application_token")
def the_token(cast: Cast) -> object:
    """The secret in the link of somebody who waits for a person."""
    return link_token(_sent(_program("Open to all"), "ann@elm.example"))


def _on_course() -> tuple[Course, Application]:
    course = Course.objects.filter(title__en="Admits").first()
    if course is None:
        course = a_course("Admits", lessons=1, questions=1, open_to_applicants=True)
        a_film(course)
    program = _program("By course", mode="course", course_id=course.id)
    application = _sent(program, "ann@ash.example")
    learner = a_learner(application_id=application.id)
    if not Application.objects.filter(id=application.id, answered="passed").exists():
        certificate = a_certificate(course, learner)
        keep_paper(private_root() / stored_name(certificate), b"%PDF-1.7 made before")
        Application.objects.filter(id=application.id).update(answered="passed")
    return course, application


@builds("course_application_token")
def the_course_token(cast: Cast) -> object:
    """The secret in the link of an applicant who took the course, still waiting for the event's handler."""
    return link_token(_on_course()[1])


@builds("admitting_lesson")
def the_admitting_lesson(cast: Cast) -> object:
    """The film of the course that admits."""
    return Lesson.objects.get(course=_on_course()[0], kind="video").id
