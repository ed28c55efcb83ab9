"""What a program says of referrals arrives whole in its copy, and without people in another tenant."""

import json
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from partners.programs.copying import copy_program, make_program, program_document
from partners.programs.models import Program
from prm.events.services import SYSTEM
from prm.tenancy.scope import tenant_scope
from referrals.attribution.rules import Settings
from referrals.attribution.services import set_attribution_rules
from referrals.capture.privacy import set_privacy_rules
from referrals.capture.rules import Privacy
from referrals.claims.rules import DEFAULTS
from referrals.claims.settings import set_claim_rules
from referrals.pipeline.answer_models import AnswerRules
from referrals.pipeline.approvals import routes_of
from referrals.pipeline.services import ensure_stages
from referrals.sharing.services import add_destination, edit_sharing_rules
from referrals.stages.answering import add_route, set_answer_rules, set_loss_reasons
from referrals.stages.services import add_stage
from tests.builders.partners import SIZE
from tests.builders.referrals import a_program
from tests.conftest import World

OURS = {"stages", "answers", "claims", "sharing", "attribution", "privacy"}


def a_particular_program(world: World, at: datetime) -> Program:
    """Make a program in which nothing about referrals is as it comes."""
    program = a_program()
    Program.objects.filter(id=program.id).update(
        custom_fields=[SIZE], protection_days=45, answer_hours=7
    )
    common: dict[str, Any] = {"program_id": program.id, "actor": SYSTEM, "at": at}
    ensure_stages(program_id=program.id)
    add_stage(kind="qualified", name="Demo held", **common)
    set_answer_rules(
        overdue="approve",
        escalate_to_id=world.admin.id,
        approve_after_hours=5,
        stall_days=9,
        **common,
    )
    set_loss_reasons(names=["Too dear", "Too late"], **common)
    add_route(
        name="Large",
        from_minor=5_000_000,
        countries=["IT"],
        product="Payroll",
        approvers=[world.manager.id, world.admin.id],
        **common,
    )
    set_claim_rules(
        settings=replace(DEFAULTS, floor_places=3, heartbeat_days=40, hold_hours=5), **common
    )
    rules = Settings(
        basis="click",
        pick="last",
        window_days=33,
        direct_days=4,
        service_share=3_333,
        exempt_types=("reseller",),
        velocity=7,
        case_hours=11,
        appeal_days=6,
    )
    set_attribution_rules(settings=rules, **common)
    edit_sharing_rules(
        cookie_days=12,
        double_minutes=3,
        consent="ask",
        approve_pages=False,
        lead_fields=["message"],
        disclosure={"en": "Paid", "it": "Pagata"},
        **common,
    )
    add_destination(label="Payroll", url="https://velden.example/payroll", **common)
    set_privacy_rules(rules=Privacy("never", "They asked for it", shares_contacts=False), **common)
    program.refresh_from_db()
    return program


@pytest.fixture
def document(world: World, at: datetime) -> Any:
    with tenant_scope(world.acme.id):
        program = a_particular_program(world, at)
        return json.loads(json.dumps(program_document(program_id=program.id)))


def test_another_tenant_gets_everything_but_people(
    world: World, document: Any, at: datetime
) -> None:
    with tenant_scope(world.globex.id):
        made = make_program(document=document, actor=SYSTEM, at=at)

        assert made.left_out == []
        assert program_document(program_id=made.program.id) == document
        assert routes_of(made.program.id) == []
        assert AnswerRules.objects.get().escalate_to_id is None

    assert set(document["parts"]) >= OURS
    assert document["program"]["questions"] == [SIZE]
    assert (document["program"]["protection_days"], document["program"]["answer_hours"]) == (45, 7)


def test_a_copy_names_the_same_people(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        program = a_particular_program(world, at)

        made = copy_program(program_id=program.id, name="Second", actor=SYSTEM, at=at)

        before = program_document(program_id=program.id, copying=True)
        after = program_document(program_id=made.program.id, copying=True)
        assert made.left_out == []
        assert after["parts"] == before["parts"]
        (route,) = before["parts"]["answers"]["routes"]
        assert route["approvers"] == [world.manager.id, world.admin.id]
        assert before["parts"]["answers"]["escalate_to"] == world.admin.id
