"""Lessons are done once, attempts judged once, the mark is exact, attempts run out; passing tells and certifies."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connections

from partners.directory.models import Partner
from partners.training.learners import Learner
from partners.training.models import (
    Attempt,
    AttemptAnswer,
    Certificate,
    Course,
    LessonVisit,
    Question,
    Taking,
)
from partners.training.selectors import courses_for, live_lessons, passed, standing
from partners.training.services import (
    CourseIncomplete,
    archive_course,
    create_course,
    edit_course,
    publish_course,
    retire_question,
    save_question,
)
from partners.training.taking import (
    QuizNotOpen,
    Unanswered,
    add_attempts,
    finish_lesson,
    open_lesson,
    save_answers,
    start_attempt,
    submit_attempt,
)
from prm.accounts.capabilities import Role
from prm.events.models import Event
from prm.events.services import SYSTEM
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from tests.builders.partners import a_partner, a_program
from tests.builders.people import a_member, a_person
from tests.builders.training import (
    a_course,
    a_learner,
    a_lesson,
    a_question,
    an_attempt,
    lessons_done,
    right_answers,
)
from tests.conftest import NOON, World, make_world


@dataclass
class Class:
    partner: Partner
    learner: Learner


@pytest.fixture
def room(acme: Tenant) -> Class:
    """A partner with one person who learns."""
    partner = a_partner()
    user = a_member(
        acme, Role.PARTNER_REP, "rep@own.example", name="Rhea Rep", partner_id=partner.id
    )
    return Class(partner, a_learner(user, partner))


def told(name: str) -> list[dict[str, Any]]:
    return [event.payload for event in Event.objects.filter(name=name).order_by("id")]


def test_a_lesson_is_opened_and_done_once(room: Class) -> None:
    course = a_course()
    lesson = live_lessons(course.id)[0]

    open_lesson(lesson=lesson, learner=room.learner, at=NOON)
    finish_lesson(lesson=lesson, learner=room.learner, at=NOON + timedelta(minutes=5))
    finish_lesson(lesson=lesson, learner=room.learner, at=NOON + timedelta(minutes=9))

    visit = LessonVisit.objects.get()
    assert (visit.opened_at, visit.done_at) == (NOON, NOON + timedelta(minutes=5))
    assert Taking.objects.get().lessons_done_at is None


def test_the_quiz_stays_closed_until_every_lesson_is_done(room: Class) -> None:
    course = a_course(lessons=2)
    finish_lesson(lesson=live_lessons(course.id)[0], learner=room.learner, at=NOON)

    with pytest.raises(QuizNotOpen) as closed:
        start_attempt(course=course, learner=room.learner, at=NOON)

    assert closed.value.way.why == "lessons"
    assert not Attempt.objects.exists()


def test_exactly_the_pass_mark_passes_and_one_below_does_not(room: Class) -> None:
    course = a_course(questions=5, pass_percent=80)
    lessons_done(course, room.learner)

    below = an_attempt(course, room.learner, wrong=2)
    assert (below.right_count, below.passed) == (3, False)
    assert not passed(course_id=course.id, learner=room.learner)
    assert told("course.passed") == []

    exact = an_attempt(course, room.learner, wrong=1)
    assert (exact.right_count, exact.passed) == (4, True)
    assert passed(course_id=course.id, learner=room.learner)
    assert told("course.passed") == [
        {
            "course_id": str(course.id),
            "user_id": room.learner.user_id,
            "application_id": None,
            "partner_id": str(room.partner.id),
        }
    ]
    assert Certificate.objects.get().holder == "Rhea Rep"


def test_a_second_submission_returns_the_first_judgement(room: Class) -> None:
    course = a_course(questions=2)
    lessons_done(course, room.learner)
    attempt = start_attempt(course=course, learner=room.learner, at=NOON)
    given: dict[str, Any] = {"course": course, "learner": room.learner, "number": attempt.number}

    first = submit_attempt(**given, answers=right_answers(attempt, wrong=2), at=NOON)
    again = submit_attempt(**given, answers=right_answers(attempt), at=NOON + timedelta(hours=1))

    assert (again.right_count, again.submitted_at) == (first.right_count, NOON) == (0, NOON)
    assert AttemptAnswer.objects.count() == 2
    assert told("course.passed") == []


def test_starting_twice_resumes_the_open_attempt_with_its_answers(room: Class) -> None:
    course = a_course(questions=8, draw_count=3)
    lessons_done(course, room.learner)
    attempt = start_attempt(course=course, learner=room.learner, at=NOON)
    first = attempt.drawn[0]
    save_answers(
        course=course,
        learner=room.learner,
        number=1,
        answers={first["question"]: first["choices"][:1]},
        at=NOON,
    )

    again = start_attempt(course=course, learner=room.learner, at=NOON + timedelta(days=3))

    assert again.id == attempt.id
    assert again.drawn == attempt.drawn
    assert len(attempt.drawn) == again.question_count == 3
    assert again.answers == {str(first["question"]): first["choices"][:1]}


def test_an_attempt_with_a_gap_is_not_judged_and_foreign_answers_do_not_count(room: Class) -> None:
    course = a_course(questions=2)
    lessons_done(course, room.learner)
    attempt = start_attempt(course=course, learner=room.learner, at=NOON)
    one, other = (drawn["question"] for drawn in attempt.drawn)

    with pytest.raises(Unanswered) as gaps:
        submit_attempt(
            course=course,
            learner=room.learner,
            number=1,
            answers={one: ["a"], other: ["zz"], 4_711: ["a"]},
            at=NOON,
        )

    assert gaps.value.questions == [other]
    assert Attempt.objects.get().submitted_at is None


def test_attempts_run_out_until_a_manager_gives_another(room: Class) -> None:
    course = a_course(questions=1, max_attempts=2)
    lessons_done(course, room.learner)
    an_attempt(course, room.learner, wrong=1)
    an_attempt(course, room.learner, wrong=1)

    with pytest.raises(QuizNotOpen) as closed:
        start_attempt(course=course, learner=room.learner, at=NOON)
    assert closed.value.way.why == "none_left"

    add_attempts(taking_id=Taking.objects.get().id, count=1, actor=SYSTEM, at=NOON)
    assert an_attempt(course, room.learner).passed
    assert Attempt.objects.count() == 3


def test_the_next_attempt_waits(room: Class) -> None:
    course = a_course(questions=1, retry_hours=24)
    lessons_done(course, room.learner)
    an_attempt(course, room.learner, wrong=1, at=NOON)

    with pytest.raises(QuizNotOpen) as closed:
        start_attempt(
            course=course, learner=room.learner, at=NOON + timedelta(hours=23, minutes=59)
        )
    assert closed.value.way.opens_at == NOON + timedelta(hours=24)
    second = start_attempt(course=course, learner=room.learner, at=NOON + timedelta(hours=24))
    assert second.number == 2


def test_a_passed_course_starts_no_further_attempt(room: Class) -> None:
    course = a_course(questions=1)
    lessons_done(course, room.learner)
    an_attempt(course, room.learner)

    with pytest.raises(QuizNotOpen):
        start_attempt(course=course, learner=room.learner, at=NOON)

    assert Certificate.objects.count() == 1


def test_a_course_without_questions_is_passed_by_its_lessons(room: Class) -> None:
    course = a_course(questions=0, gives_certificate=False)

    lessons_done(course, room.learner, NOON)

    assert passed(course_id=course.id, learner=room.learner)
    assert len(told("course.passed")) == 1
    assert not Certificate.objects.exists()


def test_a_changed_question_retires_and_an_open_attempt_keeps_the_old_one(room: Class) -> None:
    course = a_course(questions=1)
    lessons_done(course, room.learner)
    old = Question.objects.get()
    attempt = start_attempt(course=course, learner=room.learner, at=NOON)

    new = save_question(
        course_id=course.id,
        question_id=old.id,
        kind="single",
        text={"en": "Another?"},
        choices=[
            {"key": "a", "text": {"en": "now wrong"}, "right": False},
            {"key": "b", "text": {"en": "now right"}, "right": True},
        ],
        explanation={},
        actor=SYSTEM,
        at=NOON,
    )
    judged = submit_attempt(
        course=course, learner=room.learner, number=1, answers={old.id: ["a"]}, at=NOON
    )

    old.refresh_from_db()
    assert (old.retired_at, new.position) == (NOON, old.position)
    assert attempt.drawn[0]["question"] == old.id
    assert judged.passed


def test_saving_a_question_unchanged_retires_nothing(acme: Tenant) -> None:
    course = a_course(questions=1)
    old = Question.objects.get()

    same = save_question(
        course_id=course.id,
        question_id=old.id,
        kind=old.kind,
        text=old.text,
        choices=old.choices,
        explanation=old.explanation,
        actor=SYSTEM,
        at=NOON,
    )

    assert same.id == old.id
    assert Question.objects.count() == 1


def test_a_retired_question_is_drawn_no_more(room: Class) -> None:
    course = a_course(questions=2)
    lessons_done(course, room.learner)
    gone = Question.objects.order_by("id").first()
    assert gone

    retire_question(course_id=course.id, question_id=gone.id, actor=SYSTEM, at=NOON)

    drawn = start_attempt(course=course, learner=room.learner, at=NOON).drawn
    assert gone.id not in [one["question"] for one in drawn]
    assert len(drawn) == 1


@pytest.mark.parametrize(
    ("facts", "seen"),
    [
        pytest.param({}, True, id="for all"),
        pytest.param({"partner_type": "referral"}, True, id="own type"),
        pytest.param({"partner_type": "reseller"}, False, id="another type"),
        pytest.param({"program": "own"}, True, id="own program"),
        pytest.param({"program": "other"}, False, id="another program"),
        pytest.param({"publish": False}, False, id="a draft"),
    ],
)
def test_people_take_the_courses_of_their_program_and_type(
    acme: Tenant, facts: dict[str, Any], seen: bool
) -> None:
    programs = {"own": a_program("Own"), "other": a_program("Other")}
    partner = a_partner(programs=(programs["own"],))
    learner = a_learner(a_person("rep@own.example"), partner)
    if name := facts.get("program"):
        facts = {"program_id": programs[name].id}

    course = a_course(**facts)

    assert courses_for(learner).filter(id=course.id).exists() is seen


def test_applicants_take_only_what_is_open_to_them(acme: Tenant) -> None:
    closed, opened = a_course("Closed"), a_course("Open", open_to_applicants=True)
    applicant = Learner(None, uuid4(), None, "Ann", "en")

    assert list(courses_for(applicant)) == [opened]
    assert closed.state == "published"


def test_an_archived_course_starts_no_attempt_but_can_be_read(room: Class) -> None:
    course = a_course(questions=1)
    lessons_done(course, room.learner)
    course = archive_course(course_id=course.id, actor=SYSTEM, at=NOON)

    with pytest.raises(QuizNotOpen):
        start_attempt(course=course, learner=room.learner, at=NOON)

    assert not courses_for(room.learner).exists()
    assert standing(course, room.learner, NOON).done == 2


@pytest.mark.parametrize(
    ("make", "gaps"),
    [
        pytest.param({"lessons": 0, "questions": 0}, ["lessons"], id="no lesson"),
        pytest.param({"lessons": 1, "draw_count": 6}, ["draw"], id="draws more than it has"),
    ],
)
def test_an_incomplete_course_is_not_published(
    acme: Tenant, make: dict[str, Any], gaps: list[str]
) -> None:
    course = a_course(publish=False, **make)

    with pytest.raises(CourseIncomplete) as refused:
        publish_course(course_id=course.id, actor=SYSTEM, at=NOON)

    assert refused.value.gaps == gaps
    assert Course.objects.get().state == "draft"
    assert told("course.published") == []


def test_a_video_lesson_without_its_film_keeps_the_course_a_draft(acme: Tenant) -> None:
    course = create_course(title={"en": "Film"}, actor=SYSTEM, at=NOON)
    a_lesson(course, kind="video")

    with pytest.raises(CourseIncomplete) as refused:
        publish_course(course_id=course.id, actor=SYSTEM, at=NOON)

    assert refused.value.gaps == ["file:1"]


def test_the_same_facts_again_change_nothing(acme: Tenant) -> None:
    course = a_course()
    before = len(told("course.edited"))

    edit_course(course_id=course.id, pass_percent=80, actor=SYSTEM, at=NOON)

    assert len(told("course.edited")) == before


def test_a_rival_sees_nothing_of_the_way_somebody_learned(world: World) -> None:
    with tenant_scope(world.acme.id):
        own, rival = a_partner("Own"), a_partner("Rival")
        course = a_course(questions=1)
        learner = a_learner(a_person("rep@own.example"), own)
        lessons_done(course, learner)
        an_attempt(course, learner)

    with tenant_scope(world.acme.id, rival.id):
        for model in (Taking, LessonVisit, Attempt, AttemptAnswer, Certificate):
            assert not model.objects.exists()
        assert Course.objects.count() == 1
    with tenant_scope(world.globex.id):
        assert not Course.objects.exists()


@pytest.fixture
def real(real_database: str) -> Iterator[World]:
    """The cast in a database in which commits are real."""
    yield make_world()
    connections.close_all()


@pytest.mark.race
def test_an_attempt_submitted_in_two_tabs_at_once_is_judged_once(real: World) -> None:
    with tenant_scope(real.acme.id):
        partner = a_partner()
        course = a_course(questions=3)
        learner = a_learner(a_person("rep@own.example"), partner)
        lessons_done(course, learner)
        attempt = start_attempt(course=course, learner=learner, at=NOON)
        answers = [right_answers(attempt), right_answers(attempt, wrong=3)]

    def submit(given: dict[int, list[str]]) -> int | None:
        try:
            with tenant_scope(real.acme.id, partner.id):
                return submit_attempt(
                    course=course, learner=learner, number=1, answers=given, at=NOON
                ).right_count
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        counts = list(pool.map(submit, answers))

    assert counts[0] == counts[1]
    with tenant_scope(real.acme.id):
        assert AttemptAnswer.objects.count() == 3
        assert Certificate.objects.count() == (1 if counts[0] == 3 else 0)


@pytest.mark.race
def test_two_tabs_that_start_at_once_share_one_attempt(real: World) -> None:
    with tenant_scope(real.acme.id):
        partner = a_partner()
        course = a_course(questions=6, draw_count=3)
        learner = a_learner(a_person("rep@own.example"), partner)
        lessons_done(course, learner)

    def start(_tab: int) -> int:
        try:
            with tenant_scope(real.acme.id, partner.id):
                return start_attempt(course=course, learner=learner, at=NOON).id
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        started = set(pool.map(start, range(2)))

    assert len(started) == 1


def test_half_of_several_right_answers_is_not_right(room: Class) -> None:
    course = a_course(questions=0)
    a_question(course, right=("one", "two"), wrong=("three",))
    lessons_done(course, room.learner)
    assert Taking.objects.get().passed_at is None

    attempt = start_attempt(course=course, learner=room.learner, at=NOON)
    half = submit_attempt(
        course=course,
        learner=room.learner,
        number=1,
        answers={attempt.drawn[0]["question"]: ["a"]},
        at=NOON,
    )

    assert (half.right_count, half.passed) == (0, False)
