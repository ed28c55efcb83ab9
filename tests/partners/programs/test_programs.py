"""Programs open, change with before and after, close, and ask their own questions."""

from datetime import datetime

import pytest
from django.test import Client

from partners.programs.models import Program
from partners.programs.rules import BadFields, checked_fields, fresh_key
from partners.programs.services import ProgramSlugTaken, create_program, edit_program
from prm.accounts.models import User
from prm.events.models import Event
from prm.events.services import SYSTEM
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from tests.builders.partners import a_program
from tests.conftest import World

SEATS = {"key": "seats", "label": "Seats", "type": "number", "required": True, "choices": []}


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def program_of(world: World) -> Program:
    with tenant_scope(world.acme.id):
        return Program.objects.get()


def test_a_program_opens_with_believable_promises(acme: Tenant, at: datetime) -> None:
    program = create_program(
        name="Agencies",
        slug="agencies",
        currency="USD",
        actor=SYSTEM,
        at=at,
    )

    assert (program.protection_days, program.answer_hours) == (90, 16)
    assert Event.objects.get().name == "program.created"


def test_two_programs_do_not_share_an_address(acme: Tenant, at: datetime) -> None:
    a_program("Agencies")

    with pytest.raises(ProgramSlugTaken):
        a_program("Agencies")

    assert Program.objects.count() == 1


def test_the_same_values_again_write_nothing(acme: Tenant, at: datetime) -> None:
    program = a_program(summary="Old")

    edit_program(program_id=program.id, summary="New", actor=SYSTEM, at=at)
    edit_program(program_id=program.id, summary="New", actor=SYSTEM, at=at)

    assert Event.objects.get(name="program.edited").changes == {"summary": ["Old", "New"]}


def test_the_currency_cannot_be_changed(acme: Tenant, at: datetime) -> None:
    program = a_program()

    with pytest.raises(TypeError):
        edit_program(program_id=program.id, currency="USD", actor=SYSTEM, at=at)


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param([{**SEATS, "key": "1"}], id="no key"),
        pytest.param([{**SEATS, "label": " "}], id="no question"),
        pytest.param([{**SEATS, "type": "colour"}], id="unknown type"),
        pytest.param([SEATS, SEATS], id="one key twice"),
        pytest.param([{**SEATS, "type": "choice", "choices": ["only"]}], id="one choice is none"),
        pytest.param([{**SEATS, "key": f"k{n}"} for n in range(13)], id="too many"),
    ],
)
def test_questions_that_cannot_be_asked_are_refused(fields: list[dict[str, object]]) -> None:
    with pytest.raises(BadFields):
        checked_fields(fields)


def test_a_key_is_made_of_the_question() -> None:
    assert fresh_key("How many seats?", set()) == "how_many_seats"
    assert fresh_key("How many seats?", {"how_many_seats"}) == "how_many_seats_2"
    assert fresh_key("2nd?", set()) == "q_2nd"
    assert fresh_key("???", set()) == "question"


def test_an_admin_opens_edits_and_closes_one(world: World) -> None:
    client = signed_in(world.admin)

    opened = client.post(
        "/acme/manage/programs/new/",
        {
            "name": "Referral partners",
            "currency": "EUR",
            "protection_days": "90",
            "answer_hours": "2",
        },
    )
    program = program_of(world)
    edited = client.post(
        f"/acme/manage/programs/{program.id}/edit/",
        {
            "name": "Referrers",
            "protection_days": "60",
            "answer_hours": "1",
        },
    )
    client.post(f"/acme/manage/programs/{program.id}/close/", {"do": "close"})

    after = program_of(world)
    assert [opened.status_code, edited.status_code] == [303, 303]
    assert (program.slug, program.currency) == ("referral-partners", "EUR")
    assert (after.name, after.protection_days, after.is_open) == (
        "Referrers",
        60,
        False,
    )
    client.post(f"/acme/manage/programs/{program.id}/close/", {"do": "reopen"})
    assert program_of(world).is_open


def test_says_what_is_wrong(world: World) -> None:
    response = signed_in(world.admin).post(
        "/acme/manage/programs/new/", {"name": "", "currency": "XXX"}
    )

    assert response.status_code == 422
    assert "Enter a name" in response.text
    with tenant_scope(world.acme.id):
        assert not Program.objects.exists()


def test_questions_are_added_ordered_changed_and_taken_away(world: World) -> None:
    with tenant_scope(world.acme.id):
        program = a_program()
    client, url = signed_in(world.admin), f"/acme/manage/programs/{program.id}/fields/"

    client.post(url, {"label": "Seats", "type": "number", "required": "on"})
    client.post(url, {"label": "Size", "type": "choice", "choices": "Small\r\nLarge\r\nSmall"})
    refused = client.post(url, {"label": "Bad", "type": "choice", "choices": "One"})
    client.post(f"{url}size/", {"do": "up"})
    client.post(f"{url}?edit=seats", {"label": "How many seats?", "type": "number"})

    assert refused.status_code == 422
    assert program_of(world).custom_fields == [
        {
            "key": "size",
            "label": "Size",
            "type": "choice",
            "required": False,
            "choices": ["Small", "Large"],
        },
        {
            "key": "seats",
            "label": "How many seats?",
            "type": "number",
            "required": False,
            "choices": [],
        },
    ]
    client.post(f"{url}size/", {"do": "remove"})
    assert [field["key"] for field in program_of(world).custom_fields] == ["seats"]
    assert client.post(f"{url}nothing/", {"do": "up"}).status_code == 404


def test_pages_show_the_ways_on(world: World) -> None:
    with tenant_scope(world.acme.id):
        program = a_program(custom_fields=[SEATS])
    text = signed_in(world.admin).get(f"/acme/manage/programs/{program.id}/").text

    for shown in (
        f"/acme/manage/programs/{program.id}/agreement/",
        "Seats",
        "Edit program",
        f"/acme/manage/programs/{program.id}/stages/",
    ):
        assert shown in text
    assert "Referral partners" in signed_in(world.manager).get("/acme/manage/programs/").text
    assert (
        "Edit program"
        not in signed_in(world.manager).get(f"/acme/manage/programs/{program.id}/").text
    )
