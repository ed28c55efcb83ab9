"""change_stage takes a referral only where its program allows, once, and tells what follows from it."""

import threading
from datetime import datetime, timedelta

import pytest
from django.db import connections

from prm.events.models import Event
from prm.events.services import SYSTEM, Actor
from prm.money import CurrencyMismatch, Money
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from referrals.pipeline.models import Referral, StageChange, StageMove
from referrals.pipeline.services import (
    MoveNotAllowed,
    ReasonRequired,
    StageMovedMeanwhile,
    change_stage,
    ensure_stages,
)
from tests.builders.referrals import a_program, a_referral, stage_of
from tests.conftest import NOON, make_world

ALLOWED = {
    ("submitted", "accepted"),
    ("submitted", "rejected"),
    ("submitted", "expired"),
    ("accepted", "qualified"),
    ("accepted", "opportunity"),
    ("accepted", "lost"),
    ("accepted", "expired"),
    ("qualified", "opportunity"),
    ("qualified", "lost"),
    ("opportunity", "lost"),
    ("lost", "opportunity"),
    ("rejected", "accepted"),
    ("expired", "accepted"),
}
KINDS = ("submitted", "accepted", "qualified", "opportunity", "won", "lost", "rejected", "expired")


@pytest.mark.parametrize("start", [kind for kind in KINDS if kind != "won"])
def test_only_the_programs_moves_are_open(acme: Tenant, at: datetime, start: str) -> None:
    for number, end in enumerate(KINDS):
        referral = a_referral(at, stage=start, contact_email=f"a@c{number}.example")
        before = (referral.stage_kind, StageChange.objects.count(), Event.objects.count())
        target = stage_of(referral.program_id, end)
        if (start, end) in ALLOWED:
            change_stage(
                referral_id=referral.id,
                to_stage_id=target.id,
                actor=SYSTEM,
                at=at,
                reason="Because",
            )
            referral.refresh_from_db()
            assert referral.stage_kind == end
            continue
        with pytest.raises(MoveNotAllowed):
            change_stage(
                referral_id=referral.id,
                to_stage_id=target.id,
                actor=SYSTEM,
                at=at,
                reason="Because",
            )
        referral.refresh_from_db()
        assert (referral.stage_kind, StageChange.objects.count(), Event.objects.count()) == before


def test_accepting_answers_it_and_protects_it(acme: Tenant, at: datetime) -> None:
    referral = a_referral(at, stage="submitted")

    change_stage(
        referral_id=referral.id,
        to_stage_id=stage_of(referral.program_id, "accepted").id,
        actor=SYSTEM,
        at=at,
    )

    referral.refresh_from_db()
    assert (referral.decided_at, referral.protected_until, referral.closed_at) == (
        at,
        at + timedelta(days=90),
        None,
    )


def test_the_event_says_what_changed_and_whether_it_is_the_first_time(
    acme: Tenant, at: datetime
) -> None:
    referral = a_referral(at, stage="lost")
    opportunity, lost = (
        stage_of(referral.program_id, "opportunity"),
        stage_of(referral.program_id, "lost"),
    )

    change_stage(
        referral_id=referral.id, to_stage_id=opportunity.id, actor=Actor(user_id=None), at=at
    )
    again = change_stage(
        referral_id=referral.id,
        to_stage_id=lost.id,
        actor=Actor(user_id=None),
        at=at,
        reason="No budget",
    )

    events = list(Event.objects.filter(name="referral.stage_changed").order_by("id"))
    assert [
        (event.payload["from_kind"], event.payload["to_kind"], event.payload["first_time"])
        for event in events
    ] == [
        ("submitted", "accepted", True),
        ("accepted", "lost", True),
        ("lost", "opportunity", True),
        ("opportunity", "lost", False),
    ]
    assert events[-1].payload["stage_change_id"] == again.id
    assert (events[-1].subject, events[-1].partner_id) == (
        f"referral:{referral.id}",
        referral.partner_id,
    )
    assert "No budget" not in str(events[-1].payload)


@pytest.mark.parametrize(("start", "end"), [("submitted", "rejected"), ("accepted", "lost")])
def test_an_ending_needs_a_reason(acme: Tenant, at: datetime, start: str, end: str) -> None:
    referral = a_referral(at, stage=start)

    with pytest.raises(ReasonRequired):
        change_stage(
            referral_id=referral.id,
            to_stage_id=stage_of(referral.program_id, end).id,
            actor=SYSTEM,
            at=at,
            reason="  ",
        )

    referral.refresh_from_db()
    assert referral.stage_kind == start


def test_a_win_is_only_said_by_winning(acme: Tenant, at: datetime) -> None:
    referral = a_referral(at, stage="opportunity")
    won = stage_of(referral.program_id, "won")
    lost = stage_of(referral.program_id, "lost")

    with pytest.raises(MoveNotAllowed):
        change_stage(
            referral_id=referral.id, to_stage_id=won.id, actor=SYSTEM, at=at, deal=Money(100, "EUR")
        )
    with pytest.raises(MoveNotAllowed):
        change_stage(
            referral_id=referral.id,
            to_stage_id=lost.id,
            actor=SYSTEM,
            at=at,
            reason="x",
            winning=True,
        )
    with pytest.raises(CurrencyMismatch):
        change_stage(
            referral_id=referral.id,
            to_stage_id=won.id,
            actor=SYSTEM,
            at=at,
            deal=Money(1, "USD"),
            winning=True,
        )
    assert Referral.objects.get(id=referral.id).stage_kind == "opportunity"

    change_stage(
        referral_id=referral.id,
        to_stage_id=won.id,
        actor=SYSTEM,
        at=at,
        deal=Money(1, "EUR"),
        winning=True,
    )
    assert Referral.objects.get(id=referral.id).deal_minor == 1


def test_a_stage_of_another_program_is_no_target(acme: Tenant, at: datetime) -> None:
    referral = a_referral(at)
    elsewhere = stage_of(a_program("other").id, "accepted")
    StageMove.objects.create(from_stage_id=referral.stage_id, to_stage=elsewhere)

    with pytest.raises(MoveNotAllowed):
        change_stage(referral_id=referral.id, to_stage_id=elsewhere.id, actor=SYSTEM, at=at)


def test_who_looked_at_an_old_page_is_told_what_happened(acme: Tenant, at: datetime) -> None:
    referral = a_referral(at)
    seen = referral.stage_id
    change_stage(
        referral_id=referral.id,
        to_stage_id=stage_of(referral.program_id, "accepted").id,
        actor=SYSTEM,
        at=at,
    )

    with pytest.raises(StageMovedMeanwhile) as moved:
        change_stage(
            referral_id=referral.id,
            to_stage_id=stage_of(referral.program_id, "qualified").id,
            actor=SYSTEM,
            at=at,
            seen_stage_id=seen,
        )

    assert moved.value.change.to_stage.kind == "accepted"
    assert StageChange.objects.filter(referral=referral).count() == 2


def test_stages_are_made_once(acme: Tenant) -> None:
    program = a_program()

    again = ensure_stages(program_id=program.id)

    assert [stage.kind for stage in again] == list(KINDS)
    assert StageMove.objects.count() == 16


@pytest.mark.race
def test_two_managers_at_once_make_one_move(real_database: str) -> None:
    world = make_world()
    with tenant_scope(world.acme.id):
        referral = a_referral(NOON)
        accepted = stage_of(referral.program_id, "accepted").id
        rejected = stage_of(referral.program_id, "rejected").id
    start = threading.Barrier(2)
    outcomes: list[str] = []

    def move(to_stage_id: int) -> None:
        try:
            start.wait()
            with tenant_scope(world.acme.id):
                change_stage(
                    referral_id=referral.id,
                    to_stage_id=to_stage_id,
                    actor=SYSTEM,
                    at=NOON,
                    reason="No",
                    seen_stage_id=referral.stage_id,
                )
            outcomes.append("moved")
        except StageMovedMeanwhile:
            outcomes.append("refused")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=move, args=[to]) for to in (accepted, rejected)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["moved", "refused"]
    with tenant_scope(world.acme.id):
        assert StageChange.objects.filter(referral_id=referral.id).count() == 2
        assert Event.objects.filter(name="referral.stage_changed").count() == 1
