"""The form takes three facts, keeps what was typed, warns of known companies without naming who, and sends once."""

from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from partners.directory.models import Enrollment
from prm.tenancy.scope import tenant_scope
from referrals.intake import views
from referrals.pipeline.models import Referral
from tests.builders.referrals import People, a_partner, a_program, a_referral, people_of
from tests.conftest import World

THREE = {
    "company": "Kestrel Logistics",
    "contact_name": "Tom Ashdown",
    "contact_email": "tom@kestrel.example",
}
URL = "/acme/referrals/new/"


@pytest.fixture
def people(world: World) -> People:
    with tenant_scope(world.acme.id):
        return people_of(world.acme)


@pytest.fixture
def rep(people: People, client: Client) -> Client:
    client.force_login(people.rep)
    return client


def sent(world: World) -> list[Referral]:
    with tenant_scope(world.acme.id):
        return list(Referral.objects.order_by("registered_at", "id"))


def test_three_facts_suffice(world: World, people: People, rep: Client) -> None:
    answer = rep.post(URL, THREE)

    referral = sent(world)[0]
    assert (answer.status_code, answer["Location"]) == (303, f"/acme/referrals/{referral.id}/")
    assert (referral.submitted_by_id, referral.partner_id) == (people.rep.id, people.partner.id)


def test_a_double_click_is_one_referral(world: World, rep: Client) -> None:
    facts = {**THREE, "key": str(uuid4())}

    first, second = rep.post(URL, facts), rep.post(URL, facts)

    assert first["Location"] == second["Location"]
    assert len(sent(world)) == 1


def test_an_old_form_for_another_company_is_refused(world: World, rep: Client) -> None:
    key = str(uuid4())
    rep.post(URL, {**THREE, "key": key})

    answer = rep.post(
        URL, {**THREE, "company": "Tidewell", "contact_email": "a@tidewell.example", "key": key}
    )

    assert answer.status_code == 422
    assert "This form was sent before" in answer.content.decode()
    assert len(sent(world)) == 1


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"company": ""}, "Enter the company&#x27;s name"),
        ({"company": "!!!"}, "Enter the company&#x27;s name"),
        ({"contact_name": " "}, "Enter the name of the person to contact"),
        ({"contact_email": "tom@kestrel"}, "Enter an email address in the format name@company.com"),
        ({"website": "not a site"}, "Enter a web address like company.com"),
        ({"country": "XX"}, "Select a valid choice"),
    ],
)
def test_what_is_wrong_is_said_and_the_rest_kept(
    world: World, rep: Client, wrong: dict[str, str], words: str
) -> None:
    answer = rep.post(URL, {**THREE, "context": "Their contract ends in May", **wrong})

    page = answer.content.decode()
    assert answer.status_code == 422
    assert "There is a problem" in page
    assert words in page
    assert "Their contract ends in May" in page
    assert page.count("<title>Error:") == 1
    assert sent(world) == []


def test_a_known_company_is_confirmed_first(
    world: World, people: People, rep: Client, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        a_referral(at, partner=a_partner("Harbour Secret"))

    asked = rep.post(URL, THREE)
    confirmed = rep.post(URL, {**THREE, "confirm": "on"})

    page = asked.content.decode()
    assert asked.status_code == 422
    assert "Acme may know this company already" in page
    assert "Harbour" not in page
    assert confirmed.status_code == 303
    assert [row.duplicate_of for row in sent(world)] == ["", "known"]


def test_the_own_referral_is_linked(
    world: World, people: People, rep: Client, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        own = a_referral(at, partner=people.partner, by=people.rep)

    page = rep.post(URL, THREE).content.decode()

    assert f"/acme/referrals/{own.id}/" in page


def test_a_colleagues_referral_is_said_but_not_shown(
    world: World, people: People, rep: Client, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        theirs = a_referral(at, partner=people.partner, by=people.colleague)

    page = rep.post(URL, THREE).content.decode()

    assert "A colleague has a referral for this company" in page
    assert str(theirs.id) not in page
    assert theirs.number not in page


def test_while_typing_only_whether_is_said(
    world: World, people: People, rep: Client, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        a_referral(at, partner=a_partner("Harbour Secret"))

    known = rep.post("/acme/referrals/check/", {"website": "www.kestrel.example"}).content.decode()
    unknown = rep.post("/acme/referrals/check/", {"website": "tidewell.example"}).content.decode()
    nothing = rep.post("/acme/referrals/check/", {}).content.decode()

    assert "Acme may know this company already" in known
    assert "Harbour" not in known
    assert unknown.strip() == nothing.strip() == ""


def test_who_asks_too_often_gets_no_answer(
    world: World, people: People, rep: Client, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "CHECKS_PER_HOUR", 2)
    with tenant_scope(world.acme.id):
        a_referral(at, partner=a_partner("Harbour"))

    answers = [
        rep.post("/acme/referrals/check/", {"website": "kestrel.example"}).content.strip()
        for _ in range(3)
    ]

    assert [bool(answer) for answer in answers] == [True, True, False]


def test_another_tenants_companies_are_unknown(world: World, rep: Client, at: datetime) -> None:
    with tenant_scope(world.globex.id):
        a_referral(at)

    assert rep.post("/acme/referrals/check/", {"website": "kestrel.example"}).content.strip() == b""
    assert rep.post(URL, THREE).status_code == 303


def questions(**changes: Any) -> list[dict[str, Any]]:
    return [
        {
            "key": "seats",
            "label": "Seats",
            "type": "number",
            "required": True,
            "choices": [],
            **changes,
        },
        {"key": "start", "label": "Start", "type": "date", "required": False, "choices": []},
        {
            "key": "need",
            "label": "Need",
            "type": "choice",
            "required": False,
            "choices": ["Payroll", "Expenses"],
        },
        {"key": "live", "label": "Live today", "type": "yes_no", "required": False, "choices": []},
        {"key": "tool", "label": "Tool", "type": "text", "required": False, "choices": []},
    ]


def test_the_programs_own_questions_are_asked_and_kept(
    world: World, people: People, rep: Client
) -> None:
    with tenant_scope(world.acme.id):
        program = a_program()
        program.custom_fields = questions()
        program.save()
    answers = {
        "own_seats": "1204.5",
        "own_start": "2027-01-31",
        "own_need": "Payroll",
        "own_live": "on",
    }

    missing = rep.post(URL, THREE)
    unknown = rep.post(URL, {**THREE, **answers, "own_need": "Cars"})
    done = rep.post(URL, {**THREE, **answers})

    assert (missing.status_code, unknown.status_code, done.status_code) == (422, 422, 303)
    assert "Answer “Seats”" in missing.content.decode()
    assert sent(world)[0].custom == {
        "seats": "1204.5",
        "start": "2027-01-31",
        "need": "Payroll",
        "live": True,
    }


def test_a_partner_in_several_programs_chooses(world: World, people: People, rep: Client) -> None:
    with tenant_scope(world.acme.id):
        second = a_program("resellers")
        Enrollment.objects.create(partner=people.partner, program=second)
        foreign = a_program("not-ours")

    page = rep.get(URL, {"program": str(second.id)}).content.decode()
    rep.post(URL, {**THREE, "program": str(second.id)})

    assert 'aria-current="page">Resellers' in page
    assert "Not-ours" not in page
    assert sent(world)[0].program_id == second.id
    rep.post(URL, {**THREE, "contact_email": "a@b.example", "program": str(foreign.id)})
    assert sent(world)[1].program_id != foreign.id


def test_a_partner_in_no_program_is_told(world: World, people: People, rep: Client) -> None:
    with tenant_scope(world.acme.id):
        Enrollment.objects.update(state="ended")

    answer = rep.get(URL)

    assert answer.status_code == 200
    assert "No program of Acme takes referrals from you right now" in answer.content.decode()
    rep.post(URL, THREE)
    assert sent(world) == []


def test_nothing_but_the_forms_fields_is_taken(world: World, people: People, rep: Client) -> None:
    harmful = {
        "partner": str(uuid4()),
        "partner_id": str(uuid4()),
        "stage": "5",
        "stage_kind": "won",
        "deal_minor": "100",
        "submitted_by": "1",
        "duplicate_of": "",
        "currency": "USD",
        "number": "R-1",
    }

    rep.post(URL, {**THREE, **harmful})

    referral = sent(world)[0]
    assert (referral.partner_id, referral.stage_kind, referral.deal_minor) == (
        people.partner.id,
        "submitted",
        None,
    )
    assert (referral.submitted_by_id, referral.currency, referral.number[:3]) == (
        people.rep.id,
        "EUR",
        "R-2",
    )


def test_one_tab_of_the_phones_bar_is_the_current_one(world: World, rep: Client) -> None:
    page = rep.get(URL).content.decode()

    bar = page[page.index('class="tabbar"') :]
    assert bar.count('aria-current="page"') == 1
