"""A program edits its own pipeline, and no referral, bonus or mail is lost on the way."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.test import Client

from prm.events.models import Event
from prm.events.services import SYSTEM
from prm.notices.models import Mail
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from referrals.pipeline.models import Referral, Stage, StageChange, StageMove
from referrals.pipeline.selectors import stages_of
from referrals.pipeline.services import change_stage
from referrals.stages.services import (
    StageNeeded,
    StageNotAllowed,
    TargetNeeded,
    add_stage,
    rename_stage,
    retire_stage,
    set_moves,
    shift_stage,
)
from tests.builders.referrals import a_program, a_referral, people_of, stage_of
from tests.conftest import World


def labels(program_id: object) -> list[str]:
    return [stage.label for stage in stages_of(program_id)]  # type: ignore[arg-type]


def test_a_name_of_its_own_is_shown_and_told_once(acme: Tenant, at: datetime) -> None:
    stage = stage_of(a_program().id, "opportunity")

    rename_stage(stage_id=stage.id, name=" Proposal ", actor=SYSTEM, at=at)
    rename_stage(stage_id=stage.id, name="Proposal", actor=SYSTEM, at=at)

    assert Stage.objects.get(id=stage.id).label == "Proposal"
    assert [event.changes for event in Event.objects.filter(name="stage.renamed")] == [
        {"name": ["", "Proposal"]}
    ]


def test_a_further_stage_stands_after_its_kind_and_is_reached_and_left(
    acme: Tenant, at: datetime
) -> None:
    program = a_program()
    referral = a_referral(at, stage="opportunity")

    demo = add_stage(program_id=program.id, kind="opportunity", name="Demo", actor=SYSTEM, at=at)

    assert labels(program.id)[:5] == ["Submitted", "Accepted", "Qualified", "Opportunity", "Demo"]
    change_stage(referral_id=referral.id, to_stage_id=demo.id, actor=SYSTEM, at=at)
    change_stage(
        referral_id=referral.id,
        to_stage_id=stage_of(program.id, "lost").id,
        actor=SYSTEM,
        at=at,
        reason="Silence",
    )
    assert StageMove.objects.filter(
        from_stage=stage_of(program.id, "accepted"), to_stage=demo
    ).exists()


@pytest.mark.parametrize(
    "kind", ["submitted", "accepted", "won", "rejected", "expired", "nonsense"]
)
def test_kinds_that_mean_one_thing_exist_once(acme: Tenant, at: datetime, kind: str) -> None:
    with pytest.raises(StageNotAllowed):
        add_stage(program_id=a_program().id, kind=kind, name="Second", actor=SYSTEM, at=at)

    assert Stage.objects.count() == 8


def test_neighbours_of_one_part_change_places(acme: Tenant, at: datetime) -> None:
    program = a_program()

    shift_stage(stage_id=stage_of(program.id, "qualified").id, up=False, actor=SYSTEM, at=at)

    assert labels(program.id)[:5] == ["Submitted", "Accepted", "Opportunity", "Qualified", "Won"]
    for kind, up in (
        ("submitted", False),
        ("accepted", True),
        ("won", True),
        ("lost", True),
        ("expired", False),
    ):
        with pytest.raises(StageNotAllowed):
            shift_stage(stage_id=stage_of(program.id, kind).id, up=up, actor=SYSTEM, at=at)


def test_a_retired_stage_hands_its_referrals_over_quietly(
    world: World, at: datetime, deliver: Callable[[], int]
) -> None:
    with tenant_scope(world.acme.id):
        people = people_of(world.acme)
        program = a_program()
        demo = add_stage(
            program_id=program.id, kind="opportunity", name="Demo", actor=SYSTEM, at=at
        )
        old = stage_of(program.id, "opportunity")
        referral = a_referral(at, partner=people.partner, by=people.rep, stage="opportunity")
        elsewhere = a_referral(at, stage="qualified", contact_email="a@b.example")
    deliver()
    with tenant_scope(world.acme.id):
        mails = Mail.objects.count()

        moved = retire_stage(stage_id=old.id, target_id=demo.id, actor=SYSTEM, at=at)
        again = retire_stage(stage_id=old.id, target_id=demo.id, actor=SYSTEM, at=at)
    deliver()

    with tenant_scope(world.acme.id):
        assert (moved, again) == (1, 0)
        assert Referral.objects.get(id=referral.id).stage_id == demo.id
        assert Referral.objects.get(id=elsewhere.id).stage_kind == "qualified"
        last = StageChange.objects.filter(referral_id=referral.id).latest("id")
        assert (last.from_stage_id, last.to_stage_id, last.from_kind, last.to_kind) == (
            old.id,
            demo.id,
            "opportunity",
            "opportunity",
        )
        assert not StageMove.objects.filter(to_stage=old).exists()
        assert Mail.objects.count() == mails
        assert "Opportunity" not in labels(program.id)


def test_a_stage_in_use_needs_a_target_of_its_kind(acme: Tenant, at: datetime) -> None:
    program = a_program()
    add_stage(program_id=program.id, kind="opportunity", name="Demo", actor=SYSTEM, at=at)
    a_referral(at, stage="opportunity")
    old = stage_of(program.id, "opportunity")

    with pytest.raises(TargetNeeded):
        retire_stage(stage_id=old.id, target_id=None, actor=SYSTEM, at=at)
    with pytest.raises(StageNotAllowed):
        retire_stage(
            stage_id=old.id, target_id=stage_of(program.id, "qualified").id, actor=SYSTEM, at=at
        )
    assert Stage.objects.get(id=old.id).retired_at is None


def test_the_last_of_a_kind_stays(acme: Tenant, at: datetime) -> None:
    for stage in stages_of(a_program().id):
        with pytest.raises(StageNeeded):
            retire_stage(stage_id=stage.id, target_id=None, actor=SYSTEM, at=at)


def test_moves_become_exactly_those_given(acme: Tenant, at: datetime) -> None:
    program = a_program()
    ids = {stage.kind: stage.id for stage in stages_of(program.id)}
    wanted = {(ids["submitted"], ids["qualified"]), (ids["qualified"], ids["accepted"])}

    changed = set_moves(program_id=program.id, pairs=wanted, actor=SYSTEM, at=at)
    again = set_moves(program_id=program.id, pairs=wanted, actor=SYSTEM, at=at)

    assert (changed, again) == (18, 0)
    assert set(StageMove.objects.values_list("from_stage_id", "to_stage_id")) == wanted
    assert Event.objects.filter(name="stage_moves.changed").count() == 1


@pytest.mark.parametrize(
    ("start", "end"), [("won", "lost"), ("accepted", "submitted"), ("lost", "lost")]
)
def test_no_program_allows_these(acme: Tenant, at: datetime, start: str, end: str) -> None:
    program = a_program()
    ids = {stage.kind: stage.id for stage in stages_of(program.id)}

    with pytest.raises(StageNotAllowed):
        set_moves(program_id=program.id, pairs={(ids[start], ids[end])}, actor=SYSTEM, at=at)
    other = stage_of(a_program("other").id, "accepted").id
    with pytest.raises(StageNotAllowed):
        set_moves(program_id=program.id, pairs={(ids["submitted"], other)}, actor=SYSTEM, at=at)

    assert StageMove.objects.filter(from_stage_id=ids["submitted"]).count() == 3


def test_the_editor_changes_what_it_shows(world: World, client: Client, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        program = a_program()
        ids = {stage.kind: stage.id for stage in stages_of(program.id)}
    client.force_login(world.admin)
    url = f"/acme/manage/programs/{program.id}/stages/"

    assert client.post(f"{url}new/", {"name": "Demo", "kind": "opportunity"}).status_code == 303
    assert client.post(f"{url}new/", {"name": "", "kind": "won"}).status_code == 422
    assert (
        client.post(f"/acme/manage/stages/{ids['accepted']}/", {"name": "Ours"}).status_code == 303
    )
    assert (
        client.post(f"/acme/manage/stages/{ids['qualified']}/shift/", {"to": "down"}).status_code
        == 303
    )
    assert (
        client.post(f"{url}moves/", {"move": [f"{ids['submitted']}:{ids['accepted']}"]}).status_code
        == 303
    )
    assert client.post(f"{url}moves/", {"move": [f"{ids['won']}:{ids['lost']}"]}).status_code == 409
    assert client.post(f"{url}moves/", {"move": ["x:y"]}).status_code == 409
    assert client.get(f"/acme/manage/stages/{ids['won']}/retire/").status_code == 200
    with tenant_scope(world.acme.id):
        demo = Stage.objects.get(name="Demo")
        assert StageMove.objects.count() == 1
        assert labels(program.id)[:6] == [
            "Submitted",
            "Ours",
            "Opportunity",
            "Qualified",
            "Demo",
            "Won",
        ]
    retire = f"/acme/manage/stages/{ids['opportunity']}/retire/"
    assert client.post(retire, {}).status_code == 422
    assert client.post(retire, {"target": demo.id}).status_code == 303
    page = client.get(url).content.decode()
    assert "Demo" in page
    assert f"/acme/manage/stages/{ids['opportunity']}/retire/" not in page


def test_a_manager_looks_but_does_not_edit(world: World, client: Client) -> None:
    with tenant_scope(world.acme.id):
        program = a_program()
    client.force_login(world.manager)

    page = client.get(f"/acme/manage/programs/{program.id}/stages/").content.decode()

    assert "Save moves" not in page
    assert client.post(f"/acme/manage/programs/{program.id}/stages/moves/", {}).status_code == 403
    with tenant_scope(world.acme.id):
        assert StageMove.objects.count() == 16
