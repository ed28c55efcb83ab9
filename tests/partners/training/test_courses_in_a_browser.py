"""Courses in a browser: the film plays under the strict policy, answers are kept as chosen, no page has a fault."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured
from playwright.sync_api import Browser

from partners.training.models import Attempt, Certificate
from partners.training.selectors import live_lessons, live_questions
from partners.training.taking import start_attempt
from prm.accounts.capabilities import Role
from prm.tenancy.scope import tenant_scope
from tests.browser import HAS_CHROMIUM, chromium, serving, visitor
from tests.builders.partners import a_partner
from tests.builders.people import PASSWORD, a_member, a_person
from tests.builders.training import (
    a_certificate,
    a_course,
    a_film,
    a_learner,
    an_attempt,
    lessons_done,
)
from tests.conftest import NOON, World, make_world

pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(not HAS_CHROMIUM, reason="Chromium is not installed"),
]
FILM = Path(configured.BASE_DIR) / "prm" / "demo" / "films" / "referring.webm"


@dataclass(frozen=True)
class Place:
    """A portal with a course in it, served."""

    origin: str
    world: World
    course: str
    film: int
    question: int
    taking: int
    code: str
    certificate: str


@pytest.fixture
def place(real_database: str) -> Iterator[Place]:
    world = make_world()
    with tenant_scope(world.acme.id):
        partner = a_partner("Brightwater Advisory")
        course = a_course(
            "Selling Acme to firms that still close their month on paper",
            lessons=2,
            questions=4,
            minutes=95,
        )
        film = a_film(course, FILM.read_bytes())
        inside: dict[str, Any] = {"partner_id": partner.id, "partner_name": partner.name}
        rep = a_member(
            world.acme, Role.PARTNER_REP, "rep@brightwater.example", name="Rhea Rep", **inside
        )
        learner = a_learner(rep, partner)
        lessons_done(course, learner)
        an_attempt(course, learner, wrong=2)
        start_attempt(course=course, learner=learner, at=NOON)
        other = a_learner(a_person("other@brightwater.example", name="Oda Other"), partner)
        certificate = a_certificate(course, other, at=NOON)
        lessons = list(live_lessons(course.id))
        question = live_questions(course.id)[0]
        taking = Attempt.objects.filter(taking__user=rep)[0].taking_id
    with serving() as origin:
        yield Place(
            origin,
            world,
            str(course.id),
            next(row.id for row in lessons if row.id == film.id),
            question.id,
            taking,
            certificate.code,
            str(certificate.id),
        )


@pytest.fixture
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


def test_the_film_plays_from_any_place_and_answers_are_kept_as_chosen(
    place: Place, browser: Browser
) -> None:
    with visitor(browser, place.origin) as rep:
        rep.log_in("rep@brightwater.example", PASSWORD, at="/acme/accounts/login/")
        page = rep.open(f"/acme/courses/{place.course}/lessons/{place.film}/")
        page.wait_for_function("document.querySelector('video').readyState >= 2")
        page.evaluate("document.querySelector('video').currentTime = 5")
        page.wait_for_function("document.querySelector('video').currentTime >= 5")
        assert page.evaluate("document.querySelector('video').error") is None
        quiz = rep.open(f"/acme/courses/{place.course}/quiz/")
        with quiz.expect_response(lambda answer: answer.request.method == "POST") as kept:
            quiz.locator("fieldset.field label.choice").first.click()
        again = rep.open(f"/acme/courses/{place.course}/quiz/")
        checked = again.locator("input:checked").count()
        faults = list(rep.faults)

    assert kept.value.status == 204
    assert checked == 1
    assert faults == []
    with tenant_scope(place.world.acme.id):
        assert Certificate.objects.count() == 1


@pytest.mark.parametrize("size", ["1440", "390-dark"])
def test_every_page_of_courses_is_free_of_faults(place: Place, browser: Browser, size: str) -> None:
    phone = dark = size == "390-dark"
    course, manage = f"/acme/courses/{place.course}", f"/acme/manage/courses/{place.course}"
    found: dict[str, list[str]] = {}
    with visitor(browser, place.origin, phone=phone, dark=dark) as rep:
        rep.log_in("rep@brightwater.example", PASSWORD, at="/acme/accounts/login/")
        for path in (
            "/acme/courses/",
            f"{course}/",
            f"{course}/lessons/{place.film}/",
            f"{course}/quiz/",
            f"{course}/quiz/1/",
            "/acme/certificates/",
            f"/acme/certificates/{place.code}/",
        ):
            rep.open(path)
            found[path] = rep.problems()
            rep.faults.clear()
    with visitor(browser, place.origin, phone=phone, dark=dark) as admin:
        admin.log_in("admin@acme.example", PASSWORD, at="/acme/accounts/login/")
        for path in (
            "/acme/manage/courses/",
            "/acme/manage/courses/new/",
            f"{manage}/",
            f"{manage}/edit/",
            f"{manage}/lessons/new/",
            f"{manage}/lessons/{place.film}/",
            f"{manage}/questions/{place.question}/",
            f"{manage}/people/",
            f"{manage}/people/{place.taking}/",
            f"{manage}/analytics/",
            f"/acme/manage/certificates/{place.certificate}/revoke/",
        ):
            admin.open(path)
            found[path] = admin.problems()
            admin.faults.clear()

    assert {path: faults for path, faults in found.items() if faults} == {}
