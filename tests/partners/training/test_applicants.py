"""Applicants take the admitting course under their link, without a login; what they learned follows them."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client

from partners.applications.links import link_hash
from partners.applications.models import Admission, AdmissionMode, Application, ApplicationState
from partners.directory.services import enroll
from partners.training.models import Attempt, Certificate, Course, Taking
from partners.training.selectors import live_lessons
from prm.accounts.capabilities import Role
from prm.accounts.services import add_membership
from prm.events.models import Event
from prm.events.services import SYSTEM
from prm.tenancy.scope import tenant_scope
from tests.builders.partners import a_partner, a_program
from tests.builders.people import a_person
from tests.builders.training import a_course, a_film, right_answers
from tests.builders.uploads import MP4
from tests.conftest import NOON, World

TOKEN = "a-token-that-only-the-applicant-has"


@dataclass
class Candidate:
    course: Course
    application: Application
    path: str


@pytest.fixture
def candidate(world: World) -> Candidate:
    """An applicant of a program that admits by a course with a text, a film and three questions."""
    with tenant_scope(world.acme.id):
        program = a_program()
        course = a_course(lessons=1, questions=3, open_to_applicants=True, program_id=program.id)
        a_film(course)
        Admission.objects.create(
            program=program, mode=AdmissionMode.COURSE, course_id=course.id, published_at=NOON
        )
        application = Application.objects.create(
            program=program,
            number="A-2026-0001",
            state=ApplicationState.COURSE,
            name="Ann Applicant",
            email="ann@new.example",
            company="New Partner",
            link_hash=link_hash(TOKEN),
            submitted_at=NOON,
        )
    return Candidate(course, application, f"/acme/application/{TOKEN}/course/")


def text(response: Any) -> str:
    return str(response.content.decode())


def test_the_whole_course_without_a_login(world: World, candidate: Candidate) -> None:
    client, path = Client(), candidate.path
    with tenant_scope(world.acme.id):
        lessons = [lesson.id for lesson in live_lessons(candidate.course.id)]

    assert "Selling Acme" in text(client.get(path))
    for lesson in lessons:
        client.post(f"{path}lessons/{lesson}/", {"do": "done"})
    client.post(f"{path}quiz/", {"do": "start"})
    with tenant_scope(world.acme.id):
        attempt = Attempt.objects.get()
        answers = right_answers(attempt)
    form: dict[str, Any] = {"attempt": 1, "do": "submit"}
    for one in attempt.drawn:
        form[f"q{one['question']}"] = [
            one["choices"].index(key) for key in answers[one["question"]]
        ]
    client.post(f"{path}quiz/", form)

    result = text(client.get(f"{path}quiz/1/"))
    assert "You passed" in result
    assert client.get(f"{path}certificate/").status_code == 202
    with tenant_scope(world.acme.id):
        certificate = Certificate.objects.get()
        assert (certificate.holder, certificate.partner_id) == ("Ann Applicant", None)
        told = Event.objects.get(name="course.passed").payload
        assert told["application_id"] == str(candidate.application.id)
        assert told["user_id"] is None


def test_the_film_plays_for_the_applicant_and_nobody_else(
    world: World, candidate: Candidate
) -> None:
    with tenant_scope(world.acme.id):
        film = live_lessons(candidate.course.id).get(kind="video")
    path = f"{candidate.path}lessons/{film.id}/file/"

    piece = Client().get(path, headers={"Range": "bytes=0-3"})

    assert b"".join(piece.streaming_content) == MP4[:4]  # type: ignore[attr-defined]
    assert Client().get(path.replace(TOKEN, TOKEN + "x")).status_code == 404
    assert Client().get(path.replace("/acme/", "/globex/")).status_code == 404


def test_the_applicants_quiz_hides_its_answers_too(world: World, candidate: Candidate) -> None:
    client = Client()
    with tenant_scope(world.acme.id):
        lessons = [lesson.id for lesson in live_lessons(candidate.course.id)]
    for lesson in lessons:
        client.post(f"{candidate.path}lessons/{lesson}/", {"do": "done"})
    client.post(f"{candidate.path}quiz/", {"do": "start"})

    page = text(client.get(f"{candidate.path}quiz/"))

    assert set(re.findall(r'name="q\d+" value="([^"]*)"', page)) == {"0", "1", "2"}
    assert "Because of" not in page


def test_what_was_learned_follows_when_the_person_joins(
    world: World, candidate: Candidate, deliver: Callable[[], int]
) -> None:
    with tenant_scope(world.acme.id):
        lessons = [lesson.id for lesson in live_lessons(candidate.course.id)]
    Client().post(f"{candidate.path}lessons/{lessons[0]}/", {"do": "done"})
    with tenant_scope(world.acme.id):
        partner = a_partner("New Partner")
        Application.objects.update(partner=partner, state=ApplicationState.APPROVED)
        user = a_person("ann@new.example")
        add_membership(
            tenant_id=world.acme.id,
            user=user,
            roles=[Role.PARTNER_ADMIN],
            partner_id=partner.id,
            partner_name=partner.name,
            actor=SYSTEM,
            at=NOON,
        )

    deliver()

    with tenant_scope(world.acme.id, partner.id):
        taking = Taking.objects.get()
        assert (taking.user_id, taking.partner_id) == (user.id, partner.id)
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    with tenant_scope(world.acme.id):
        enroll(
            partner_id=partner.id,
            program_id=candidate.application.program_id,
            actor=SYSTEM,
            at=NOON,
        )
    assert "1 of 2 lessons done" in text(client.get(f"/acme/courses/{candidate.course.id}/"))


def test_the_vendor_sees_applicants_by_name_among_the_people(
    world: World, candidate: Candidate
) -> None:
    with tenant_scope(world.acme.id):
        lessons = [lesson.id for lesson in live_lessons(candidate.course.id)]
    Client().post(f"{candidate.path}lessons/{lessons[0]}/", {"do": "done"})
    manager = Client()
    manager.force_login(
        world.manager, backend="allauth.account.auth_backends.AuthenticationBackend"
    )

    page = text(manager.get(f"/acme/manage/courses/{candidate.course.id}/people/"))

    assert "Ann Applicant (New Partner)" in page
