"""Admins build a course on screen; managers see who takes it, help, revoke, and read where it fails."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from partners.directory.models import Partner
from partners.training.analytics import course_figures
from partners.training.models import Certificate, Course, Lesson, Question, Taking
from partners.training.selectors import live_lessons, live_questions
from partners.training.taking import (
    finish_lesson,
    open_lesson,
    start_attempt,
    submit_attempt,
)
from prm.accounts.models import User
from prm.tenancy.scope import tenant_scope
from prm.uploads.models import Upload
from tests.builders.partners import a_partner, a_program
from tests.builders.people import a_person
from tests.builders.training import (
    a_certificate,
    a_course,
    a_learner,
    a_question,
    an_attempt,
    lessons_done,
)
from tests.builders.uploads import MP4, PDF
from tests.conftest import NOON, World

FACTS = {
    "title_en": "Selling Acme",
    "title_it": "Vendere Acme",
    "pass_percent": "80",
    "draw_count": "0",
    "max_attempts": "3",
    "retry_hours": "0",
    "minutes": "30",
    "gives_certificate": "on",
    "certificate_months": "24",
}
QUESTION = {
    "kind": "single",
    "text_en": "Which one?",
    "text_it": "Quale?",
    "answer_a_en": "This",
    "answer_a_it": "Questo",
    "answer_b_en": "That",
    "right_b": "on",
    "explanation_en": "Because.",
}


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


@pytest.fixture
def admin(world: World) -> Client:
    """The browser of the first tenant's program admin."""
    return signed_in(world.admin)


def text(response: Any) -> str:
    return str(response.content.decode())


def test_a_course_is_built_and_published_on_screen(world: World, admin: Client) -> None:
    with tenant_scope(world.acme.id):
        program = a_program()
    made = admin.post("/acme/manage/courses/new/", {**FACTS, "program": str(program.id)})
    path = made.headers["Location"]

    assert "The course has no lesson" in text(admin.get(path))
    refused = admin.post(f"{path}state/", {"do": "publish"}, follow=True)
    assert "The course is not complete" in text(refused)
    film = SimpleUploadedFile("film.mp4", MP4, "video/mp4")
    lesson = {
        "kind": "video",
        "title_en": "Watch",
        "minutes": "3",
        "body_en": "Words",
        "file": film,
    }
    assert admin.post(f"{path}lessons/new/", lesson).headers["Location"] == path
    assert admin.post(f"{path}questions/new/", QUESTION).headers["Location"] == path
    admin.post(f"{path}state/", {"do": "publish"})

    with tenant_scope(world.acme.id):
        course = Course.objects.get()
        assert (course.state, course.program_id) == ("published", program.id)
        assert course.title == {"en": "Selling Acme", "it": "Vendere Acme"}
        assert (course.pass_percent, course.certificate_months) == (80, 24)
        upload = Upload.objects.get()
        assert live_lessons(course.id).get().file_id == upload.id
        assert (upload.purpose, upload.partner_id) == ("training.lesson", None)
        question = live_questions(course.id).get()
        assert question.choices == [
            {"key": "a", "text": {"en": "This", "it": "Questo"}, "right": False},
            {"key": "b", "text": {"en": "That"}, "right": True},
        ]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param({"title_en": ""}, "Title in English", id="no title"),
        pytest.param({"pass_percent": "0"}, "Pass mark", id="a mark of nothing"),
        pytest.param({"pass_percent": "101"}, "Pass mark", id="more than all"),
        pytest.param({"max_attempts": "-1"}, "Attempts", id="negative"),
        pytest.param({"certificate_months": "1e9"}, "Certificate valid", id="no number"),
    ],
)
def test_a_course_that_makes_no_sense_is_asked_again(
    world: World, admin: Client, changes: dict[str, str], words: str
) -> None:
    page = admin.post("/acme/manage/courses/new/", {**FACTS, **changes})

    assert page.status_code == 422
    assert "error-summary" in text(page)
    assert words in text(page)
    with tenant_scope(world.acme.id):
        assert not Course.objects.exists()


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        pytest.param("film.mp4", b"<script>alert(1)</script>", "video", id="html as a film"),
        pytest.param("film.mp4", PDF, "video", id="a pdf as a film"),
        pytest.param("page.svg", b"<svg onload='x'/>", "document", id="svg"),
        pytest.param("guide.pdf", MP4, "document", id="a film as a document"),
    ],
)
def test_a_lessons_file_is_judged_by_its_content(
    world: World, admin: Client, name: str, content: bytes, kind: str
) -> None:
    with tenant_scope(world.acme.id):
        course = a_course(lessons=0, publish=False)

    page = admin.post(
        f"/acme/manage/courses/{course.id}/lessons/new/",
        {
            "kind": kind,
            "title_en": "Watch",
            "minutes": "3",
            "file": SimpleUploadedFile(name, content),
        },
    )

    assert page.status_code == 422
    assert "This kind of file is not taken here" in text(page)
    with tenant_scope(world.acme.id):
        assert not Upload.objects.exists()
        assert not Lesson.objects.exists()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param({"right_b": ""}, "Mark the right answer", id="none right"),
        pytest.param({"right_a": "on"}, "Several answers are right", id="two of one"),
        pytest.param({"answer_a_en": "", "answer_a_it": ""}, "at least two", id="one answer"),
        pytest.param({"right_c": "on"}, "Write the answer that is right", id="right but empty"),
        pytest.param({"text_en": ""}, "Question in English", id="no question"),
    ],
)
def test_a_question_that_cannot_be_asked_is_asked_again(
    world: World, admin: Client, changes: dict[str, str], words: str
) -> None:
    with tenant_scope(world.acme.id):
        course = a_course(questions=0)

    page = admin.post(f"/acme/manage/courses/{course.id}/questions/new/", {**QUESTION, **changes})

    assert page.status_code == 422
    assert words in text(page)
    with tenant_scope(world.acme.id):
        assert not Question.objects.exists()


def test_a_statement_is_right_or_wrong_in_both_languages(world: World, admin: Client) -> None:
    with tenant_scope(world.acme.id):
        course = a_course(questions=0)

    admin.post(
        f"/acme/manage/courses/{course.id}/questions/new/",
        {"kind": "yes_no", "text_en": "Water is dry.", "statement": "no"},
    )

    with tenant_scope(world.acme.id):
        choices = Question.objects.get().choices
        assert [(choice["key"], choice["right"]) for choice in choices] == [
            ("yes", False),
            ("no", True),
        ]
        assert all(set(choice["text"]) == {"en", "it"} for choice in choices)


def test_changing_a_question_shows_it_filled_in_and_retires_the_old(
    world: World, admin: Client
) -> None:
    with tenant_scope(world.acme.id):
        course = a_course(questions=0)
        old = a_question(course, "Old?")
    path = f"/acme/manage/courses/{course.id}/questions/{old.id}/"

    page = text(admin.get(path))
    admin.post(path, {**QUESTION, "text_en": "New?"})

    assert 'value="right answer"' in page
    assert "Old?" in page
    with tenant_scope(world.acme.id):
        assert live_questions(course.id).get().text["en"] == "New?"
        old.refresh_from_db()
        assert old.retired_at is not None
    assert admin.get(path).status_code == 404


def test_lessons_move_and_leave(world: World, admin: Client) -> None:
    with tenant_scope(world.acme.id):
        course = a_course(lessons=3)
        one, two, three = (lesson.id for lesson in live_lessons(course.id))
    path = f"/acme/manage/courses/{course.id}/lessons"

    admin.post(f"{path}/{three}/move/", {"do": "up"})
    admin.post(f"{path}/{one}/move/", {"do": "up"})
    admin.post(f"{path}/{two}/move/", {"do": "remove"})

    with tenant_scope(world.acme.id):
        assert [lesson.id for lesson in live_lessons(course.id)] == [one, three]
        assert Lesson.objects.count() == 3


@dataclass
class Classroom:
    course: Course
    partner: Partner
    person: User
    taking: Taking


@pytest.fixture
def classroom(world: World) -> Classroom:
    """A course with one question that somebody has failed for good."""
    with tenant_scope(world.acme.id):
        partner = a_partner("Brightwater")
        person = a_person("rep@own.example", name="Rhea Rep")
        course = a_course(questions=1, max_attempts=1)
        learner = a_learner(person, partner)
        lessons_done(course, learner)
        an_attempt(course, learner, wrong=1)
        return Classroom(course, partner, person, Taking.objects.get())


def test_a_manager_gives_one_more_attempt(world: World, classroom: Classroom) -> None:
    manager = signed_in(world.manager)
    path = f"/acme/manage/courses/{classroom.course.id}/people/{classroom.taking.id}/"

    page = text(manager.get(path))
    manager.post(f"{path}attempts/")

    assert "1 of 1 used" in page
    assert "1 of 2 used" in text(manager.get(path))
    with tenant_scope(world.acme.id):
        assert an_attempt(
            classroom.course, a_learner(classroom.person, classroom.partner), at=NOON
        ).passed


def test_a_manager_revokes_a_certificate_with_a_reason(world: World) -> None:
    with tenant_scope(world.acme.id):
        course = a_course(questions=1)
        found = a_certificate(course, a_learner(a_person("rep@own.example"), a_partner()))
    manager = signed_in(world.manager)
    path = f"/acme/manage/certificates/{found.id}/revoke/"

    empty = manager.post(path, {"reason": " "})
    manager.post(path, {"reason": "Wrong name"})
    again = manager.post(path, {"reason": "Again"}, follow=True)

    assert empty.status_code == 422
    assert "Somebody revoked this certificate before" in text(again)
    with tenant_scope(world.acme.id):
        assert Certificate.objects.get().revoked_reason == "Wrong name"


def test_analytics_count_misses_drop_off_and_time(world: World) -> None:
    with tenant_scope(world.acme.id):
        partner = a_partner()
        course = a_course(lessons=3, questions=0, max_attempts=0)
        hard, easy = a_question(course, "Hard?"), a_question(course, "Easy?")
        lessons = list(live_lessons(course.id))
        for number in range(10):
            learner = a_learner(a_person(f"p{number}@own.example"), partner)
            open_lesson(lesson=lessons[0], learner=learner, at=NOON)
            if number == 0:
                continue
            finish_lesson(lesson=lessons[0], learner=learner, at=NOON)
            if number == 1:
                continue
            lessons_done(course, learner, NOON)
            _sat(course, learner, hard, easy, wrong=number < 5, minutes=number)

        figures = course_figures(course)

    assert (figures.started, figures.lessons_done, figures.tried, figures.passed) == (10, 8, 8, 5)
    assert figures.median_minutes == 5.5
    assert [(row.opened, row.done, row.before) for row in figures.lessons] == [
        (10, 9, 10),
        (8, 8, 10),
        (8, 8, 8),
    ]
    assert figures.lessons[1].lost == pytest.approx(0.2)
    assert [
        (row.question.text["en"], row.answered, row.missed, row.lure_count)
        for row in figures.questions
    ] == [("Hard?", 8, 3, 3), ("Easy?", 8, 0, 0)]
    assert figures.questions[0].lure == {"en": "wrong answer"}
    assert all(row.small for row in figures.questions)


def _sat(
    course: Course, learner: Any, hard: Question, easy: Question, *, wrong: bool, minutes: int
) -> None:
    attempt = start_attempt(course=course, learner=learner, at=NOON)
    submit_attempt(
        course=course,
        learner=learner,
        number=attempt.number,
        answers={hard.id: ["b" if wrong else "a"], easy.id: ["a"]},
        at=NOON + timedelta(minutes=minutes),
    )


def test_the_pages_of_a_course_open_for_staff(world: World, classroom: Classroom) -> None:
    manager, base = signed_in(world.manager), f"/acme/manage/courses/{classroom.course.id}/"

    listed = text(manager.get("/acme/manage/courses/"))
    people = text(manager.get(f"{base}people/"))
    analytics = text(manager.get(f"{base}analytics/"))

    assert "Selling Acme" in listed
    assert "Add course" not in listed
    assert "Rhea Rep" in people
    assert "Brightwater" in people
    assert "few answers" in analytics
    assert "wrong answer" in analytics
    assert "Add lesson" not in text(manager.get(base))
