"""A program's answers on screen: kept, told in the audit trail, errors at their fields; losing names a reason."""

from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from partners.programs.models import Program
from prm.accounts.models import User
from prm.events.models import Event
from prm.tenancy.scope import tenant_scope
from referrals.pipeline.answer_models import (
    AnswerRules,
    ApprovalRoute,
    LossReason,
)
from referrals.pipeline.models import StageChange
from tests.builders.referrals import a_program, a_referral, stage_of
from tests.conftest import World


@pytest.fixture
def program(world: World) -> Program:
    with tenant_scope(world.acme.id):
        return a_program()


def send(user: User, path: str, data: dict[str, Any]) -> Any:
    client = Client()
    client.force_login(user)
    return client.post(f"/acme/manage/{path}", data)


def answers(**changes: object) -> dict[str, Any]:
    usual = {"overdue": "escalate", "approve_after_hours": 8, "stall_days": 21, "reasons": ""}
    return {**usual, "escalate_to": "", **changes}


def test_rules_and_reasons_are_kept_and_told(world: World, program: Program) -> None:
    data = answers(
        overdue="approve",
        escalate_to=world.manager.id,
        stall_days=5,
        reasons="Price\n\nTiming \nPrice",
    )
    path = f"programs/{program.id}/answers/"

    codes = [send(world.admin, path, data).status_code for _ in range(2)]
    send(world.admin, path, {**data, "reasons": "Timing"})
    send(world.admin, path, {**data, "reasons": "Timing\nPrice"})

    with tenant_scope(world.acme.id):
        rules = AnswerRules.objects.get()
        reasons = list(LossReason.objects.order_by("position").values_list("name", "retired_at"))
        told = Event.objects.filter(name="program.answering_changed").count()
    assert codes == [303, 303]
    assert (rules.overdue, rules.escalate_to_id, rules.stall_days) == (
        "approve",
        world.manager.id,
        5,
    )
    assert reasons == [("Timing", None), ("Price", None)]
    assert told == 4


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"overdue": "forget"}, "Select a valid choice"),
        ({"stall_days": "-1"}, "enter 0 or more"),
        ({"approve_after_hours": "1e9"}, "Enter a whole number"),
        ({"escalate_to": "999999"}, "Select a valid choice"),
        ({"reasons": "x" * 81}, "Line 1 is longer"),
        ({"reasons": "\n".join(f"Reason {n}" for n in range(41))}, "at most 40 reasons"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(
    world: World, program: Program, changes: dict[str, object], words: str
) -> None:
    answer = send(world.admin, f"programs/{program.id}/answers/", answers(**changes))

    assert answer.status_code == 422
    assert words in answer.content.decode()
    with tenant_scope(world.acme.id):
        assert not AnswerRules.objects.exists()
        assert not LossReason.objects.exists()


def test_a_route_is_added_shown_and_removed(world: World, program: Program) -> None:
    route = {
        "name": "Large in Germany",
        "least_0": "50,000.00",
        "least_1": "EUR",
        "least": "50,000.00",
        "countries": ["DE", "AT"],
        "approver_1": world.manager.id,
        "approver_2": world.admin.id,
        "approver_3": "",
        "product": "",
    }
    twice = send(
        world.admin,
        f"programs/{program.id}/approvals/new/",
        {**route, "approver_2": world.manager.id},
    )
    added = send(world.admin, f"programs/{program.id}/approvals/new/", route)
    client = Client()
    client.force_login(world.admin)
    page = client.get(f"/acme/manage/programs/{program.id}/answers/").content.decode()
    with tenant_scope(world.acme.id):
        kept = ApprovalRoute.objects.get()
    removed = send(world.admin, f"approvals/{kept.id}/remove/", {})

    assert (twice.status_code, added.status_code, removed.status_code) == (422, 303, 303)
    assert "Choose each person once" in twice.content.decode()
    assert (kept.from_minor, kept.countries, kept.approvers) == (
        5_000_000,
        ["AT", "DE"],
        [world.manager.id, world.admin.id],
    )
    assert "Austria, Germany" in page
    with tenant_scope(world.acme.id):
        assert ApprovalRoute.objects.get().retired_at is not None


def test_losing_asks_for_one_of_the_programs_reasons(
    world: World, program: Program, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        reason = LossReason.objects.create(program=program, name="Price", position=1)
        referral = a_referral(at, stage="accepted")
        lost = stage_of(program.id, "lost").id
    data = {"to": lost, "seen": referral.stage_id, "reason": "Too dear for them."}

    without = send(world.manager, f"referrals/{referral.id}/move/", data)
    foreign = send(world.manager, f"referrals/{referral.id}/move/", {**data, "loss_reason": 99999})
    chosen = send(
        world.manager, f"referrals/{referral.id}/move/", {**data, "loss_reason": reason.id}
    )

    assert [without.status_code, foreign.status_code, chosen.status_code] == [422, 422, 303]
    assert "Too dear for them." in without.content.decode()
    with tenant_scope(world.acme.id):
        assert StageChange.objects.get(to_kind="lost").loss_reason_id == reason.id
