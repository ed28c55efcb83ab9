"""POST referrals registers a prospect once, by the rules of the form, whatever is sent twice."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from partners.directory.models import Enrollment
from prm.api.models import IdempotencyKey
from prm.api.services import clear_answers
from prm.events.models import Event
from prm.tenancy.scope import tenant_scope
from referrals.pipeline.models import Referral
from tests.builders.api import Caller, a_key, a_submission
from tests.builders.referrals import People, a_partner, a_program, people_of
from tests.conftest import World


@pytest.fixture
def team(world: World) -> People:
    with tenant_scope(world.acme.id):
        return people_of(world.acme)


@pytest.fixture
def shop(world: World, team: People, at: datetime) -> Caller:
    """A partner's own program."""
    with tenant_scope(world.acme.id):
        _, secret = a_key(team.admin, at, partner_id=team.partner.id)
    return Caller(world.acme, secret)


def test_a_partners_key_submits_for_its_partner(world: World, team: People, shop: Caller) -> None:
    answer = shop.post("/referrals", a_submission(website="kestrel.example"))

    assert answer.status_code == 201
    made = answer.json()
    assert (made["status"], made["program"], made["partner"], made["company"]) == (
        "submitted",
        "referral",
        str(team.partner.id),
        "Kestrel Logistics",
    )
    with tenant_scope(world.acme.id):
        referral = Referral.objects.get()
        event = Event.objects.get(name="referral.submitted")
    assert (str(referral.id), referral.source, referral.domain) == (
        made["id"],
        "api",
        "kestrel.example",
    )
    assert (event.actor_kind, event.actor_id) == ("api", team.admin.id)


def test_the_same_key_twice_is_one_referral_and_one_answer(world: World, shop: Caller) -> None:
    first = shop.post("/referrals", a_submission(), key="order-1")

    again = shop.post("/referrals", a_submission(), key="order-1")

    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["Idempotency-Replayed"] == "true"
    with tenant_scope(world.acme.id):
        assert Referral.objects.count() == 1
        assert Event.objects.filter(name="referral.submitted").count() == 1


def test_the_same_key_with_another_body_is_refused(world: World, shop: Caller) -> None:
    shop.post("/referrals", a_submission(), key="order-1")

    other = shop.post("/referrals", a_submission("Bramble Foods"), key="order-1")

    assert (other.status_code, other.json()["code"]) == (422, "key-reused")
    with tenant_scope(world.acme.id):
        assert Referral.objects.count() == 1


def test_a_refused_call_does_not_burn_its_key(world: World, shop: Caller) -> None:
    broken = {**a_submission(), "contact": {"name": "Tom", "email": "not an address"}}
    refused = shop.post("/referrals", broken, key="order-1")

    mended = shop.post("/referrals", a_submission(), key="order-1")

    assert (refused.status_code, mended.status_code) == (422, 201)
    assert refused.json()["errors"] == [
        {
            "field": "contact.email",
            "message": "Enter an email address in the format name@company.com",
        }
    ]


@pytest.mark.parametrize("key", [None, "has blanks", "x" * 201])
def test_a_call_needs_a_usable_key(world: World, shop: Caller, key: str | None) -> None:
    answer = shop.post("/referrals", a_submission(), key=key)

    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency-key-needed")
    with tenant_scope(world.acme.id):
        assert not Referral.objects.exists()


def test_two_keys_of_programs_may_use_the_same_idempotency_key(
    world: World, team: People, shop: Caller, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        _, secret = a_key(world.admin, at)
    vendor = Caller(world.acme, secret)
    shop.post("/referrals", a_submission(), key="1")

    answer = vendor.post(
        "/referrals", a_submission("Bramble Foods", partner=str(team.partner.id)), key="1"
    )

    assert answer.status_code == 201
    with tenant_scope(world.acme.id):
        assert Referral.objects.count() == 2


def test_a_vendors_key_names_the_partner(world: World, team: People, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        _, secret = a_key(world.admin, at)
    vendor = Caller(world.acme, secret)

    nobody = vendor.post("/referrals", a_submission())
    stranger = vendor.post(
        "/referrals", a_submission(partner="0190a0a0-0000-7000-8000-000000000001")
    )

    assert nobody.json()["errors"] == [
        {"field": "partner", "message": "Name the partner: this key is the vendor's"}
    ]
    assert stranger.json()["errors"] == [
        {"field": "partner", "message": "There is no such partner"}
    ]


def test_a_partners_key_cannot_submit_for_another(world: World, shop: Caller) -> None:
    with tenant_scope(world.acme.id):
        rival = a_partner("Rival")

    answer = shop.post("/referrals", a_submission(partner=str(rival.id)))

    assert answer.status_code == 422
    with tenant_scope(world.acme.id):
        assert not Referral.objects.exists()


def test_the_programs_own_questions_are_checked_as_on_the_form(
    world: World, team: People, shop: Caller
) -> None:
    questions = [
        {"key": "seats", "label": "Seats", "type": "number", "required": True, "choices": []},
        {"key": "start", "label": "Start", "type": "date", "required": False, "choices": []},
    ]
    with tenant_scope(world.acme.id):
        program = a_program()
        program.custom_fields = questions
        program.save()

    lacking = shop.post("/referrals", a_submission())
    strange = shop.post("/referrals", a_submission(answers={"seat": 1}))
    right = shop.post("/referrals", a_submission(answers={"seats": 12.5, "start": "2026-12-01"}))

    assert lacking.json()["errors"] == [{"field": "answers.seats", "message": "Answer “Seats”"}]
    assert strange.json()["errors"] == [
        {"field": "answers.seat", "message": "There is no such question"}
    ]
    assert right.status_code == 201
    with tenant_scope(world.acme.id):
        assert Referral.objects.get().custom == {"seats": "12.5", "start": "2026-12-01"}


def test_numbers_in_answers_are_read_as_json_writes_them_in_every_language(
    world: World, team: People, shop: Caller
) -> None:
    question = {"key": "seats", "label": "Seats", "type": "number", "required": True, "choices": []}
    with tenant_scope(world.acme.id):
        program = a_program()
        program.custom_fields = [question]
        program.save()
    shop.headers["Accept-Language"] = "it"

    shop.post("/referrals", a_submission(answers={"seats": "1234.5"}))

    with tenant_scope(world.acme.id):
        assert Referral.objects.get().custom == {"seats": "1234.5"}


@pytest.mark.parametrize(
    "number", ["1e400", "NaN", "Infinity", '"NaN"', '"1e400"', "true", "[1]", '"１２x"']
)
def test_odd_numbers_in_answers_are_refused_at_the_field(
    world: World, team: People, shop: Caller, number: str
) -> None:
    question = {"key": "seats", "label": "Seats", "type": "number", "required": True, "choices": []}
    with tenant_scope(world.acme.id):
        program = a_program()
        program.custom_fields = [question]
        program.save()
    body = (
        '{"company": "Kestrel", "contact": {"name": "T", "email": "t@kestrel.example"}, '
        '"answers": {"seats": %s}}'
    )

    answer = shop.post("/referrals", body % number)

    assert answer.status_code in {400, 422}
    with tenant_scope(world.acme.id):
        assert not Referral.objects.exists()


def test_a_partner_out_of_the_program_is_told_so(world: World, team: People, shop: Caller) -> None:
    with tenant_scope(world.acme.id):
        Enrollment.objects.all().delete()

    answer = shop.post("/referrals", a_submission())

    assert (answer.status_code, answer.json()["code"]) == (409, "refused")
    with tenant_scope(world.acme.id):
        assert not Referral.objects.exists()
        assert not IdempotencyKey.objects.exists()


@pytest.mark.parametrize(
    ("change", "field", "message"),
    [
        ({"company": ""}, "company", "This field may not be empty"),
        ({"company": 7}, "company", "Give a text in quotes"),
        ({"company": "a\x00b"}, "company", "This text holds signs that cannot be stored"),
        ({"company": "x" * 161}, "company", "Use at most 160 characters"),
        ({"compny": "x"}, "compny", "There is no such field"),
        ({"contact": None}, "contact", "Give an object"),
        ({"contact": {"email": "t@x.example"}}, "contact.name", "This field is needed"),
        ({"consent": "yes"}, "consent", "Give true or false"),
        ({"partner": "nobody"}, "partner", "Give an id like 0190a0a0-0000-7000-8000-000000000001"),
        ({"program": "other"}, "program", "Give one of these: referral"),
    ],
)
def test_what_does_not_fit_is_told_at_its_field(
    world: World, shop: Caller, change: dict[str, Any], field: str, message: str
) -> None:
    answer = shop.post("/referrals", {**a_submission(), **change})

    assert answer.status_code == 422
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert {"field": field, "message": message} in answer.json()["errors"]
    with tenant_scope(world.acme.id):
        assert not Referral.objects.exists()


@pytest.mark.parametrize("body", ["{", "[1,", '{"company": NaN}', "[" * 100_000, "\x00"])
def test_what_is_not_json_is_told_so(shop: Caller, body: str) -> None:
    answer = shop.post("/referrals", body)

    assert (answer.status_code, answer.json()["code"]) == (400, "not-json")


def test_a_failure_answers_in_json_and_takes_everything_back(
    world: World, shop: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: Any, **_kwargs: Any) -> None:
        raise RuntimeError("after the insert")

    monkeypatch.setattr("prm.api.replays.IdempotencyKey.objects.create", broken)

    answer = shop.post("/referrals", a_submission())

    assert (answer.status_code, answer.json()["code"]) == (500, "failed")
    with tenant_scope(world.acme.id):
        assert not Referral.objects.exists()
        assert not Event.objects.filter(name="referral.submitted").exists()


def test_answers_are_kept_for_three_days(world: World, shop: Caller) -> None:
    shop.post("/referrals", a_submission(), key="order-1")
    with tenant_scope(world.acme.id):
        made = IdempotencyKey.objects.get().created_at
        early = clear_answers(at=made + timedelta(days=3))
        late = clear_answers(at=made + timedelta(days=3, microseconds=1))

    assert (early, late) == (0, 1)
