"""A question stops the clock, is answered in the portal or by a link for one person, and stays in the history."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from prm.accounts.models import Membership
from prm.events.services import SYSTEM, Actor
from prm.notices.models import Mail, Notice
from prm.tenancy.scope import tenant_scope
from referrals.capture.asking import (
    QuestionClosed,
    QuestionOpen,
    ReferralOver,
    answer_question,
    ask_question,
    withdraw_question,
)
from referrals.capture.models import Question
from referrals.pipeline.models import Referral
from referrals.pipeline.services import change_stage
from tests.builders.referrals import People, a_referral, people_of, stage_of
from tests.conftest import World

Deliver = Callable[[], int]
# Wednesday noon in Amsterdam is 11:00 UTC; the usual week is 9 to 17 there.
WEDNESDAY = datetime(2026, 11, 18, 11, 0, tzinfo=UTC)


@pytest.fixture
def people(world: World) -> People:
    with tenant_scope(world.acme.id):
        return people_of(world.acme)


def asked(world: World, people: People, *, at: datetime = WEDNESDAY) -> Question:
    with tenant_scope(world.acme.id):
        referral = a_referral(at, partner=people.partner, by=people.rep)
        return ask_question(
            referral_id=referral.id,
            text="How many seats?",
            actor=Actor(world.manager.id, name="Mara"),
            at=at + timedelta(hours=1),
        )


def mailed_path(world: World) -> str:
    with tenant_scope(world.acme.id):
        text = Mail.objects.get(kind="referral.question").text
    found = re.search(r"/acme/answer/\S+", text)
    assert found
    return found[0]


def test_the_clock_stands_still_until_the_answer(world: World, people: People) -> None:
    question = asked(world, people)
    due_before = question.due_before
    assert due_before is not None
    answered_at = WEDNESDAY + timedelta(days=1, hours=1)

    with tenant_scope(world.acme.id):
        assert Referral.objects.get().answer_due_at is None
        assert not Referral.objects.waiting().exists()
        answer_question(question_id=question.id, text="Forty", actor=SYSTEM, at=answered_at)
        referral = Referral.objects.get()
        assert referral.stage_kind == "submitted"
        assert referral.answer_due_at is not None
        # A working day later than before: as long as the answer took.
        skipped = 3 if due_before.weekday() == 4 else 1
        assert referral.answer_due_at == due_before + timedelta(days=skipped)


def test_only_one_question_waits_and_several_rounds_stay(world: World, people: People) -> None:
    first = asked(world, people)
    actor = Actor(world.manager.id)

    with tenant_scope(world.acme.id):
        with pytest.raises(QuestionOpen):
            ask_question(referral_id=first.referral_id, text="And?", actor=actor, at=WEDNESDAY)
        answer_question(question_id=first.id, text="Forty", actor=SYSTEM, at=WEDNESDAY)
        with pytest.raises(QuestionClosed):
            answer_question(question_id=first.id, text="Fifty", actor=SYSTEM, at=WEDNESDAY)
        ask_question(referral_id=first.referral_id, text="When?", actor=actor, at=WEDNESDAY)

        assert sorted(Question.objects.values_list("text", "answer")) == [
            ("How many seats?", "Forty"),
            ("When?", ""),
        ]


def test_the_mailed_link_answers_once_without_login(
    world: World, people: People, deliver: Deliver, client: Client
) -> None:
    asked(world, people, at=timezone.now() - timedelta(hours=2))
    deliver()
    path = mailed_path(world)

    page = client.get(path).content.decode()
    empty = client.post(path, {"text": " "})
    client.post(path, {"text": "Forty seats"})
    again = client.post(path, {"text": "Fifty seats"})
    deliver()

    assert "How many seats?" in page
    assert empty.status_code == 422
    assert "the answer is there" in again.content.decode()
    with tenant_scope(world.acme.id):
        question = Question.objects.get()
        assert (question.answer, question.answered_by_id, question.by_link) == (
            "Forty seats",
            people.rep.id,
            True,
        )
        assert Notice.objects.filter(kind="referral.answered", user=world.manager).count() == 1
        assert people.rep.email in Mail.objects.get(kind="referral.question").to


def test_the_link_ends_with_time_place_and_tenant(
    world: World, people: People, deliver: Deliver, client: Client
) -> None:
    question = asked(world, people)
    deliver()
    path = mailed_path(world)

    assert client.get(path.replace("/acme/", "/globex/")).status_code == 404
    assert client.get(f"{path[:-3]}xx/").status_code == 404
    with tenant_scope(world.acme.id):
        Question.objects.update(link_until=WEDNESDAY)
    assert client.post(path, {"text": "Forty"}).status_code == 410
    with tenant_scope(world.acme.id):
        Question.objects.update(link_until=WEDNESDAY + timedelta(days=9999))
        Membership.objects.filter(user=people.rep).update(ended_at=WEDNESDAY)
    assert client.post(path, {"text": "Forty"}).status_code == 410
    with tenant_scope(world.acme.id):
        assert Question.objects.get(id=question.id).answer == ""


def test_both_pages_show_the_question_on_top_and_the_answer_in_the_history(
    world: World, people: People, client: Client
) -> None:
    question = asked(world, people)
    own = f"/acme/referrals/{question.referral_id}/"
    client.force_login(people.rep)

    before = client.get(own).content.decode()
    client.post(f"{own}answer/", {"text": "Forty seats"})
    after = client.get(own).content.decode()
    client.force_login(world.manager)
    staff = client.get(f"/acme/manage/referrals/{question.referral_id}/").content.decode()

    assert before.index("A question for you") < before.index('id="timeline"')
    assert "A question for you" not in after
    for page in (after, staff):
        assert "How many seats?" in page
        assert "Forty seats" in page


def test_a_manager_asks_and_withdraws_on_the_page(
    world: World, people: People, client: Client
) -> None:
    with tenant_scope(world.acme.id):
        referral = a_referral(WEDNESDAY, partner=people.partner, by=people.rep)
        due = referral.answer_due_at
    client.force_login(world.manager)
    path = f"/acme/manage/referrals/{referral.id}/ask/"

    assert client.get(path).status_code == 200
    assert client.post(path, {"text": ""}).status_code == 422
    assert client.post(path, {"text": "How many seats?"}).status_code == 303
    assert client.post(path, {"text": "Again?"}).status_code == 422
    client.post(f"{path}withdraw/")

    with tenant_scope(world.acme.id):
        assert Question.objects.get().withdrawn_at is not None
        referral.refresh_from_db()
        assert referral.answer_due_at is not None
        assert due is not None


def test_a_move_ends_the_question_and_nothing_is_asked_of_the_closed(
    world: World, people: People
) -> None:
    question = asked(world, people)

    with tenant_scope(world.acme.id):
        referral = Referral.objects.get()
        rejected = stage_of(referral.program_id, "rejected")
        change_stage(
            referral_id=referral.id,
            to_stage_id=rejected.id,
            actor=SYSTEM,
            at=WEDNESDAY,
            reason="No fit",
        )
        question.refresh_from_db()
        assert question.withdrawn_at == WEDNESDAY
        with pytest.raises(QuestionClosed):
            withdraw_question(question_id=question.id, actor=SYSTEM, at=WEDNESDAY)
        with pytest.raises(ReferralOver):
            ask_question(
                referral_id=referral.id,
                text="Why?",
                actor=Actor(world.manager.id),
                at=WEDNESDAY,
            )
