"""Promised answers are kept or told of; what stands still is told once; nothing held is accepted by itself."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client

from prm.events.models import Event
from prm.events.services import SYSTEM, Actor
from prm.notices.models import Notice
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from prm.workhours.rules import USUAL_HOURS
from prm.workhours.services import set_calendar
from referrals.pipeline.answer_models import (
    AnswerRules,
    Approval,
    ApprovalRoute,
)
from referrals.pipeline.deadlines import approve_late, escalate_late, tell_stalled
from referrals.pipeline.models import Referral
from referrals.pipeline.services import add_note, change_stage, set_next_step
from tests.builders.referrals import a_program, a_referral, people_of, stage_of
from tests.conftest import World

HOUR = timedelta(hours=1)


def rules(**changes: object) -> AnswerRules:
    return AnswerRules.objects.create(program=a_program(), **changes)


# ---------------------------------------------------------------- promises


def test_a_referral_is_promised_an_answer_in_the_vendors_hours(acme: Tenant, at: datetime) -> None:
    """Sixteen hours are two days on; one of them closed makes it three."""
    program = a_program(answer_hours=16)
    plain = a_referral(at, program=program)
    set_calendar(
        hours=USUAL_HOURS,
        country="",
        region="",
        closed=[((plain.answer_due_at or at).date(), "Fair")],
        actor=SYSTEM,
        at=at,
    )

    later = a_referral(at, program=program, contact_email="x@osprey.example")

    assert plain.answer_due_at is not None
    assert later.answer_due_at is not None
    assert later.answer_due_at.time() == plain.answer_due_at.time()
    assert later.answer_due_at > plain.answer_due_at


def test_a_late_answer_is_told_once_to_both_sides(
    world: World, at: datetime, deliver: Callable[[], int]
) -> None:
    with tenant_scope(world.acme.id):
        people = people_of(world.acme)
        referral = a_referral(at, partner=people.partner, by=people.rep)
        due = referral.answer_due_at or at
        early, late, again = (
            escalate_late(at=moment) for moment in (due, due + HOUR / 60, due + 9 * HOUR)
        )
    deliver()

    with tenant_scope(world.acme.id):
        told = Notice.objects.filter(kind="referral.late")
        assert (early, late, again) == (0, 1, 0)
        assert {row.user_id for row in told} == {
            world.admin.id,
            world.manager.id,
            people.rep.id,
        }


def test_the_person_the_program_names_hears_of_late_answers(
    world: World, at: datetime, deliver: Callable[[], int]
) -> None:
    with tenant_scope(world.acme.id):
        rules(escalate_to=world.finance)
        referral = a_referral(at)
        escalate_late(at=(referral.answer_due_at or at) + HOUR)
    deliver()

    with tenant_scope(world.acme.id):
        told = set(Notice.objects.filter(kind="referral.late").values_list("user_id", flat=True))
    assert world.finance.id in told
    assert world.admin.id not in told


def test_a_program_may_accept_what_nobody_answered(acme: Tenant, at: datetime) -> None:
    rules(overdue="approve", approve_after_hours=2)
    referral = a_referral(at)
    due = referral.answer_due_at or at
    escalate_late(at=due + HOUR / 60)

    too_early = approve_late(at=due + HOUR)
    days_later = due + timedelta(days=4)
    accepted = [approve_late(at=days_later) for _ in range(2)]

    referral.refresh_from_db()
    change = Event.objects.filter(name="referral.stage_changed").get()
    assert (too_early, accepted) == (0, [1, 0])
    assert referral.stage_kind == "accepted"
    assert change.actor_id is None


@pytest.mark.parametrize("why", ["escalate only", "held", "approver", "asked"])
def test_nothing_that_a_person_must_look_at_is_accepted_by_itself(
    acme: Tenant, at: datetime, why: str, world: World
) -> None:
    rules(overdue="escalate" if why == "escalate only" else "approve", approve_after_hours=1)
    if why == "approver":
        ApprovalRoute.objects.create(
            program=a_program(), position=1, name="All", approvers=[world.manager.id]
        )
    referral = a_referral(at)
    due = referral.answer_due_at or at
    if why == "held":
        Referral.objects.filter(id=referral.id).update(held_at=at)
    if why == "asked":
        Referral.objects.filter(id=referral.id).update(answer_due_at=None)
    escalate_late(at=due + HOUR)

    assert approve_late(at=due + timedelta(days=9)) == 0
    assert Approval.objects.count() == (1 if why == "approver" else 0)


# ---------------------------------------------------------------- standing still


def test_what_stands_still_is_told_once_to_sender_and_owner(
    world: World, at: datetime, deliver: Callable[[], int]
) -> None:
    with tenant_scope(world.acme.id):
        people = people_of(world.acme)
        rules(stall_days=10)
        referral = a_referral(at, partner=people.partner, by=people.rep, stage="accepted")
        Referral.objects.filter(id=referral.id).update(owner=world.manager)
        told = [tell_stalled(at=at + timedelta(days=days)) for days in (10, 11, 12, 40)]
    deliver()

    with tenant_scope(world.acme.id):
        people_told = Notice.objects.filter(kind="referral.stalled").values_list(
            "user_id", flat=True
        )
        assert told == [0, 1, 0, 0]
        assert sorted(people_told) == sorted([people.rep.id, world.manager.id])


@pytest.mark.parametrize("what", ["note", "next step", "closed", "imported", "off"])
def test_what_moves_or_may_rest_is_not_told(
    acme: Tenant, at: datetime, what: str, world: World
) -> None:
    rules(stall_days=0 if what == "off" else 10)
    referral = a_referral(at, stage="lost" if what == "closed" else "accepted")
    later = at + timedelta(days=12)
    actor = Actor(user_id=world.manager.id, name="M")
    if what == "note":
        add_note(
            referral_id=referral.id,
            text="Called",
            internal=True,
            actor=actor,
            at=at + timedelta(days=5),
        )
    if what == "next step":
        set_next_step(
            referral_id=referral.id,
            text="Fair",
            due_on=later.date(),
            owner_id=None,
            actor=actor,
            at=at,
        )
    if what == "imported":
        Referral.objects.filter(id=referral.id).update(import_id=referral.id, created_at=later)

    assert tell_stalled(at=later) == 0


def test_a_move_takes_the_mark_away(acme: Tenant, at: datetime) -> None:
    rules(stall_days=10)
    referral = a_referral(at, stage="accepted")
    tell_stalled(at=at + timedelta(days=11))

    change_stage(
        referral_id=referral.id,
        to_stage_id=stage_of(referral.program_id, "qualified").id,
        actor=SYSTEM,
        at=at + timedelta(days=12),
    )

    assert tell_stalled(at=at + timedelta(days=13)) == 0
    assert tell_stalled(at=at + timedelta(days=23)) == 1


def test_the_list_narrows_to_what_stands_still(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        rules(stall_days=10)
        a_referral(at, stage="accepted", company="Still")
        tell_stalled(at=at + timedelta(days=12))
        a_referral(at, stage="accepted", company="Moving")
    client = Client()
    client.force_login(world.manager)

    page = client.get("/acme/manage/referrals/?still=1").content.decode()
    home = client.get("/acme/manage/").content.decode()

    assert "Still" in page
    assert "Moving" not in page
    assert "1 referral stands still" in home
