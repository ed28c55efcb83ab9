"""A program's rules of claims: changed on a page that says what is wrong where, part of the program's copies."""

from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from partners.programs.copying import copy_program, make_program, program_document
from prm.events.models import Event
from prm.events.services import SYSTEM
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from referrals.claims.models import ClaimRules
from referrals.claims.rules import DEFAULTS
from referrals.claims.selectors import places_of, rules_of
from referrals.claims.settings import set_claim_rules
from tests.builders.referrals import a_partner, a_program
from tests.conftest import World

OWN = replace(DEFAULTS, base_places=12, floor_places=4, most_extensions=1)


@pytest.fixture
def admin(world: World) -> Client:
    client = Client()
    client.force_login(world.admin, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


@pytest.fixture
def path(world: World) -> str:
    with tenant_scope(world.acme.id):
        return f"/acme/manage/programs/{a_program().id}/claims/"


def test_the_admin_changes_them_and_the_trail_says_what(
    world: World, admin: Client, path: str, at: datetime
) -> None:
    answers = [admin.post(path, asdict(OWN)).status_code for _ in range(2)]

    assert answers == [303, 303]
    with tenant_scope(world.acme.id):
        program = a_program()
        assert rules_of(program.id) == OWN
        event = Event.objects.get(name="program.claim_rules_set")
        places = places_of(partner_id=a_partner().id, program_id=program.id, at=at)
    assert event.changes == {
        "base_places": [25, 12],
        "floor_places": [10, 4],
        "most_extensions": [2, 1],
    }
    assert places.most == 12
    assert 'value="12"' in admin.get(path).content.decode()


@pytest.mark.parametrize(
    ("wrong", "field", "words"),
    [
        pytest.param({"base_places": ""}, "base_places", "Enter a number", id="empty"),
        pytest.param({"base_places": "ten"}, "base_places", "Enter a whole number", id="text"),
        pytest.param(
            {"checks_per_day": "0"}, "checks_per_day", "greater than or equal to 1", id="too small"
        ),
        pytest.param(
            {"heartbeat_days": "731"}, "heartbeat_days", "less than or equal to 730", id="too large"
        ),
        pytest.param(
            {"floor_places": "26"},
            "floor_places",
            "This is more than a partner starts with",
            id="floor above the start",
        ),
        pytest.param(
            {"most_places": "24"},
            "most_places",
            "This is fewer than a partner starts with",
            id="most below the start",
        ),
        pytest.param(
            {"heartbeat_days": "7"},
            "heartbeat_warning_days",
            "Warn before the release",
            id="warned with the release",
        ),
    ],
)
def test_what_is_wrong_is_said_at_its_field(
    world: World, admin: Client, path: str, wrong: dict[str, Any], field: str, words: str
) -> None:
    answer = admin.post(path, {**asdict(DEFAULTS), **wrong})

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert words in answer.context["form"].errors[field][0]
    assert f'aria-describedby="{field}' in answer.content.decode().replace("id_", "")
    with tenant_scope(world.acme.id):
        assert not ClaimRules.objects.exists()


def test_no_release_for_silence_needs_no_warning(world: World, admin: Client, path: str) -> None:
    answer = admin.post(path, {**asdict(DEFAULTS), "heartbeat_days": "0"})

    assert answer.status_code == 303
    with tenant_scope(world.acme.id):
        assert rules_of(a_program().id).heartbeat_days == 0


def test_a_copy_has_them_and_defaults_stay_defaults(acme: Tenant, at: datetime) -> None:
    plain, program = a_program("plain"), a_program()
    set_claim_rules(program_id=program.id, settings=OWN, actor=SYSTEM, at=at)

    copy = copy_program(program_id=program.id, name="Second", actor=SYSTEM, at=at)
    other = copy_program(program_id=plain.id, name="Third", actor=SYSTEM, at=at)

    assert rules_of(copy.program.id) == OWN
    assert not ClaimRules.objects.filter(program_id=other.program.id).exists()


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"base_places": 3}, id="start below the floor"),
        pytest.param({"heartbeat_days": 5}, id="warned after the release"),
        pytest.param({"most_extensions": -1}, id="below the least"),
        pytest.param({"hold_hours": "many"}, id="no number"),
    ],
)
def test_a_files_wrong_rules_are_left_out_with_the_reason(
    acme: Tenant, at: datetime, wrong: dict[str, Any]
) -> None:
    program = a_program()
    set_claim_rules(program_id=program.id, settings=OWN, actor=SYSTEM, at=at)
    document = program_document(program_id=program.id)
    document["parts"]["claims"] |= wrong

    made = make_program(document=document, name="Second", actor=SYSTEM, at=at)

    assert [str(line.title) for line in made.left_out] == ["Protection of companies"]
    assert not ClaimRules.objects.filter(program_id=made.program.id).exists()
