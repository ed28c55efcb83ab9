"""What a learner's pages show, keep and hide: progress, films in pieces, a quiz without its answers, results."""

import re
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from partners.directory.models import Partner
from partners.directory.services import enroll
from partners.onboarding.unlocks import set_unlock
from partners.training.models import Attempt, Course, LessonVisit, Question, Taking
from partners.training.selectors import live_lessons
from partners.training.services import save_question
from partners.training.taking import start_attempt
from prm.accounts.capabilities import Role
from prm.accounts.models import User
from prm.accounts.viewing import SESSION_KEY, kept_in_session, start_partner_view
from prm.events.services import SYSTEM, Actor
from prm.tenancy.scope import tenant_scope
from tests.builders.partners import a_partner, a_program
from tests.builders.people import a_member
from tests.builders.training import (
    a_course,
    a_film,
    a_learner,
    a_lesson,
    an_attempt,
    lessons_done,
    right_answers,
)
from tests.builders.uploads import MP4
from tests.conftest import NOON, World


@dataclass
class Desk:
    world: World
    partner: Partner
    rep: User
    course: Course
    client: Client

    @property
    def path(self) -> str:
        return f"/acme/courses/{self.course.id}/"

    def learner(self) -> Any:
        return a_learner(self.rep, self.partner)

    def begin(self, **extra: Any) -> Attempt:
        with tenant_scope(self.world.acme.id):
            lessons_done(self.course, self.learner())
            return start_attempt(course=self.course, learner=self.learner(), at=NOON, **extra)

    def form(self, attempt: Attempt, wrong: int = 0) -> dict[str, Any]:
        """The quiz's form as a browser sends it: places of the choices, not their keys."""
        with tenant_scope(self.world.acme.id):
            answers = right_answers(attempt, wrong)
        fields: dict[str, Any] = {"attempt": attempt.number}
        for one in attempt.drawn:
            keys = answers[one["question"]]
            fields[f"q{one['question']}"] = [str(one["choices"].index(key)) for key in keys]
        return fields


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def person_of(world: World, partner: Partner, email: str) -> User:
    inside: dict[str, Any] = {"partner_id": partner.id, "partner_name": partner.name}
    return a_member(world.acme, Role.PARTNER_REP, email, name="Rhea Rep", **inside)


@pytest.fixture
def desk(world: World) -> Desk:
    """A rep with a browser, and a course of a text, a film and five questions."""
    with tenant_scope(world.acme.id):
        partner = a_partner()
        course = a_course(lessons=1, questions=5)
        a_film(course)
    rep = person_of(world, partner, "rep@own.example")
    return Desk(world, partner, rep, course, signed_in(rep))


def text(response: Any) -> str:
    return str(response.content.decode())


def lesson_ids(desk: Desk) -> list[int]:
    with tenant_scope(desk.world.acme.id):
        return [lesson.id for lesson in live_lessons(desk.course.id)]


def test_the_way_through_a_course_without_script(desk: Desk) -> None:
    first, film = lesson_ids(desk)

    assert "0 of 2 lessons done" in text(desk.client.get(desk.path))
    assert "Begin the quiz" not in text(desk.client.get(desk.path))
    page = desk.client.get(f"{desk.path}lessons/{first}/")
    assert "<h2>Lesson 1</h2>" in text(page)
    done = desk.client.post(f"{desk.path}lessons/{first}/", {"do": "done"})
    assert done.headers["Location"] == f"{desk.path}lessons/{film}/"
    last = desk.client.post(f"{desk.path}lessons/{film}/", {"do": "done"})
    assert last.headers["Location"] == desk.path
    assert "Begin the quiz" in text(desk.client.get(desk.path))
    started = desk.client.post(f"{desk.path}quiz/", {"do": "start"})
    assert (started.status_code, started.headers["Location"]) == (303, f"{desk.path}quiz/")
    with tenant_scope(desk.world.acme.id):
        attempt = Attempt.objects.get()
    sent = desk.client.post(f"{desk.path}quiz/", {**desk.form(attempt, wrong=1), "do": "submit"})
    assert sent.headers["Location"] == f"{desk.path}quiz/1/"
    result = text(desk.client.get(f"{desk.path}quiz/1/"))
    assert "You passed" in result
    assert "4 of 5 answers are right; 4 pass." in result
    assert "C-20" in text(desk.client.get("/acme/certificates/"))


def test_no_page_of_an_open_attempt_tells_a_right_answer(desk: Desk) -> None:
    attempt = desk.begin()

    quiz = desk.client.get(f"{desk.path}quiz/")
    kept = desk.client.post(f"{desk.path}quiz/", {**desk.form(attempt), "do": "keep"})
    gap = desk.client.post(f"{desk.path}quiz/", {"attempt": 1, "do": "submit"})

    assert (quiz.status_code, kept.status_code, gap.status_code) == (200, 204, 422)
    with tenant_scope(desk.world.acme.id):
        questions = list(Question.objects.all())
    for page in (text(quiz), text(gap), text(kept)):
        assert "Because of" not in page
        assert not re.search(r"data-[a-z]*right|\"right\"|explanation", page)
    # A choice sends its place in a shuffled order; what the right one is called is nowhere to be read.
    for question in questions:
        block = re.search(rf'id="q{question.id}".*?</fieldset>', text(quiz), re.DOTALL)
        assert block
        values = re.findall(r'value="([^"]*)"', block[0])
        assert values == ["0", "1", "2"]
        order = next(one["choices"] for one in attempt.drawn if one["question"] == question.id)
        shown = re.findall(r"<span[^>]*>((?:right|wrong|another wrong) answer)</span>", block[0])
        assert shown[order.index("a")] == "right answer"


def test_a_failed_attempt_tells_no_answers_while_attempts_are_left(desk: Desk) -> None:
    with tenant_scope(desk.world.acme.id):
        lessons_done(desk.course, desk.learner())
        an_attempt(desk.course, desk.learner(), wrong=3)

    page = text(desk.client.get(f"{desk.path}quiz/1/"))

    assert "Not passed this time" in page
    assert "You have 2 attempts left" in page
    assert "right answer</" not in page
    assert "Because of" not in page


def test_answers_and_explanations_follow_the_last_attempt(desk: Desk) -> None:
    with tenant_scope(desk.world.acme.id):
        lessons_done(desk.course, desk.learner())
        for _ in range(3):
            an_attempt(desk.course, desk.learner(), wrong=3)

    page = text(desk.client.get(f"{desk.path}quiz/1/"))

    assert page.count("Because of Question") == 5
    assert page.count("Right answer") == 5
    assert "You have used all attempts" in page
    assert desk.client.post(f"{desk.path}quiz/", {"do": "start"}).headers["Location"] == desk.path
    with tenant_scope(desk.world.acme.id):
        assert Attempt.objects.count() == 3


def test_answers_survive_a_closed_page_and_a_forgotten_question(desk: Desk) -> None:
    attempt = desk.begin()
    form = desk.form(attempt)
    missing = attempt.drawn[2]["question"]
    del form[f"q{missing}"]

    desk.client.post(f"{desk.path}quiz/", {**form, "do": "save"})
    again = text(desk.client.get(f"{desk.path}quiz/"))
    refused = desk.client.post(f"{desk.path}quiz/", {**form, "do": "submit"})

    assert again.count(" checked") == 4
    assert refused.status_code == 422
    assert f'href="#q{missing}"' in text(refused)
    assert text(refused).count(" checked") == 4
    with tenant_scope(desk.world.acme.id):
        assert Attempt.objects.get().submitted_at is None


def test_a_second_tab_gets_the_first_judgement(desk: Desk) -> None:
    attempt = desk.begin()
    first = {**desk.form(attempt, wrong=5), "do": "submit"}
    second = {**desk.form(attempt), "do": "submit"}

    desk.client.post(f"{desk.path}quiz/", first)
    answer = desk.client.post(f"{desk.path}quiz/", second)

    assert answer.headers["Location"] == f"{desk.path}quiz/1/"
    with tenant_scope(desk.world.acme.id):
        assert Attempt.objects.get().right_count == 0
        assert Taking.objects.get().passed_at is None


@pytest.mark.parametrize(
    "fields",
    [
        {"attempt": "99", "do": "submit"},
        {"attempt": "x", "do": "submit"},
        {"do": "submit"},
        {"attempt": "9" * 30, "do": "keep"},
        {"attempt": "1", "do": "submit", "q1": "99", "q2": "-1"},
    ],
)
def test_a_made_up_form_changes_nothing(desk: Desk, fields: dict[str, str]) -> None:
    desk.begin()

    response = desk.client.post(f"{desk.path}quiz/", fields)

    assert response.status_code in {303, 422}
    with tenant_scope(desk.world.acme.id):
        assert Attempt.objects.get().submitted_at is None


def test_the_film_comes_in_pieces_to_those_who_may_take_the_course(desk: Desk) -> None:
    film = lesson_ids(desk)[1]
    path = f"{desk.path}lessons/{film}/file/"

    piece = desk.client.get(path, headers={"Range": "bytes=10-19"})

    assert piece.status_code == 206
    assert b"".join(piece.streaming_content) == MP4[10:20]  # type: ignore[attr-defined]
    assert piece.headers["Content-Type"] == "video/mp4"
    assert "sandbox" in piece.headers["Content-Security-Policy"]
    assert f'src="{path}"' in text(desk.client.get(f"{desk.path}lessons/{film}/"))


def test_nobody_else_gets_the_film(desk: Desk) -> None:
    with tenant_scope(desk.world.acme.id):
        reseller = a_partner("Re Seller", type="reseller")
        for_others = a_course("For resellers", partner_type="reseller", questions=0)
        other_film = a_film(for_others)
    path = f"/acme/courses/{for_others.id}/lessons/{other_film.id}/file/"
    own_path = f"{desk.path}lessons/{lesson_ids(desk)[1]}/file/"

    theirs = signed_in(person_of(desk.world, reseller, "rep@reseller.example")).get(path)
    assert theirs.status_code == 200
    assert b"".join(theirs.streaming_content) == MP4  # type: ignore[attr-defined]
    assert desk.client.get(path).status_code == 404
    assert desk.client.get(f"/acme/courses/{for_others.id}/").status_code == 404
    # The lesson of one course is not found through another.
    mixed = f"{desk.path}lessons/{other_film.id}/file/"
    assert desk.client.get(mixed).status_code == 404
    assert signed_in(desk.world.stranger).get(own_path).status_code == 404
    assert Client().get(own_path).status_code == 302


def test_what_a_lesson_says_cannot_run(desk: Desk) -> None:
    with tenant_scope(desk.world.acme.id):
        lesson = a_lesson(
            desk.course,
            "Evil",
            body={"en": "<script>alert(1)</script>[x](javascript:alert(2))<img src=x onerror=a>"},
        )

    page = text(desk.client.get(f"{desk.path}lessons/{lesson.id}/"))

    assert "alert(1)" not in page
    assert "javascript:" not in page
    assert "onerror" not in page


def test_a_course_in_another_language_says_so(desk: Desk) -> None:
    User.objects.filter(id=desk.rep.id).update(language="it")
    with tenant_scope(desk.world.acme.id):
        only = a_lesson(desk.course, "Only English")

    page = text(desk.client.get(desk.path))

    assert "Selling Acme in italiano" in page
    assert '<span lang="en">Only English</span>' in page
    assert "(in " in page
    assert only.title == {"en": "Only English"}


def test_a_colleagues_attempt_stays_the_colleagues(desk: Desk) -> None:
    with tenant_scope(desk.world.acme.id):
        lessons_done(desk.course, desk.learner())
        an_attempt(desk.course, desk.learner())
    colleague = signed_in(person_of(desk.world, desk.partner, "second@own.example"))

    assert colleague.get(f"{desk.path}quiz/1/").status_code == 404
    assert colleague.get(f"{desk.path}certificate/").status_code == 404
    assert "0 of 2 lessons done" in text(colleague.get(desk.path))


def test_a_course_page_asks_the_same_statements_however_many_lessons(
    desk: Desk, django_assert_max_num_queries: Any
) -> None:
    desk.client.get(desk.path)
    with tenant_scope(desk.world.acme.id):
        for number in range(12):
            a_lesson(desk.course, f"More {number}")

    with django_assert_max_num_queries(30):
        page = desk.client.get(desk.path)

    assert "0 of 14 lessons done" in text(page)


def test_locked_courses_answer_403_on_every_address_of_theirs(desk: Desk) -> None:
    film = lesson_ids(desk)[1]
    with tenant_scope(desk.world.acme.id):
        program = a_program()
        enroll(partner_id=desk.partner.id, program_id=program.id, actor=SYSTEM, at=NOON)
        set_unlock(
            program_id=program.id, feature="courses", keys=["fact:team"], actor=SYSTEM, at=NOON
        )

    paths = ["/acme/courses/", desk.path, f"{desk.path}quiz/"]
    paths += [f"{desk.path}lessons/{film}/", f"{desk.path}lessons/{film}/file/"]
    answers = [desk.client.get(path) for path in paths]
    posted = desk.client.post(f"{desk.path}lessons/{film}/", {"do": "done"})

    assert [answer.status_code for answer in [*answers, posted]] == [403] * 6
    with tenant_scope(desk.world.acme.id):
        assert not LessonVisit.objects.exists()


def test_a_question_changed_meanwhile_is_still_the_one_that_was_drawn(desk: Desk) -> None:
    attempt = desk.begin()
    with tenant_scope(desk.world.acme.id):
        old = Question.objects.get(id=attempt.drawn[0]["question"])
        save_question(
            course_id=desk.course.id,
            question_id=old.id,
            kind="single",
            text={"en": "Brand new?"},
            choices=old.choices,
            explanation={},
            actor=SYSTEM,
            at=NOON,
        )

    page = text(desk.client.get(f"{desk.path}quiz/"))

    assert old.text["en"] in page
    assert "Brand new?" not in page


def test_staff_who_look_as_the_partner_leave_no_trace_of_learning(desk: Desk) -> None:
    manager, film = signed_in(desk.world.manager), lesson_ids(desk)[1]
    with tenant_scope(desk.world.acme.id):
        view = start_partner_view(
            partner_id=desk.partner.id,
            partner_name=desk.partner.name,
            reason="The rep cannot find the film",
            user_id=desk.world.manager.id,
            actor=Actor(user_id=desk.world.manager.id, name="Mara Manager"),
            at=timezone.now(),
        )
        session = manager.session
        session[SESSION_KEY] = {str(desk.world.acme.id): kept_in_session(view)}
        session.save()

    page = manager.get(f"{desk.path}lessons/{film}/")
    done = manager.post(f"{desk.path}lessons/{film}/", {"do": "done"})

    assert (page.status_code, done.status_code) == (200, 403)
    assert "Done, back to the course" not in text(page)
    with tenant_scope(desk.world.acme.id):
        assert not LessonVisit.objects.exists()
        assert not Taking.objects.exists()
