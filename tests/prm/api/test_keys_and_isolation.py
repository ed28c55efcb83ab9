"""Every operation × every kind of key: only a live key of this tenant with the right scope is let in, to its own."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from partners.programs.models import Program
from prm.accounts.models import Membership
from prm.api.endpoints import api
from prm.api.models import ApiKey
from prm.api.rules import PARTNER_SCOPES, Scope
from prm.api.services import revoke_key
from prm.events.services import SYSTEM
from prm.tenancy.scope import tenant_scope
from referrals.claims.selectors import rules_of
from referrals.claims.settings import set_claim_rules
from referrals.pipeline.models import Referral
from tests.builders.api import Caller, a_key, a_submission
from tests.builders.referrals import People, a_referral, people_of
from tests.conftest import World


@dataclass(frozen=True)
class Operation:
    """One call of the API, and what it needs."""

    method: str
    path: str
    scope: Scope


def operations() -> Iterator[Operation]:
    """Walk the API itself: an operation added later is asked, too."""
    for prefix, router in api._routers:
        for path, view in router.path_operations.items():
            for operation in view.operations:
                scope = getattr(operation.auth_callbacks[0], "scope")  # noqa: B009  of our own callbacks
                for method in operation.methods:
                    yield Operation(method, prefix + path, scope)


ALL = sorted(operations(), key=lambda operation: (operation.path, operation.method))
IDS = [f"{operation.method} {operation.path}" for operation in ALL]
every_operation = pytest.mark.parametrize("operation", ALL, ids=IDS)


@dataclass(frozen=True)
class Stage:
    """Two tenants and two partners, with keys of each and a referral of the first."""

    world: World
    own: People
    rival: People
    referral: Referral
    keys: dict[str, str]


@pytest.fixture
def stage(world: World, at: datetime) -> Stage:
    now = timezone.now()
    with tenant_scope(world.globex.id):
        stranger = a_key(world.stranger, at)[1]
    with tenant_scope(world.acme.id):
        own, rival = people_of(world.acme), people_of(world.acme, "Rival")
        referral = a_referral(at, partner=own.partner)
        revoked, revoked_secret = a_key(world.admin, at)
        revoke_key(key_id=revoked.id, actor=SYSTEM, at=at)
        keys = {
            "vendor": a_key(world.admin, at)[1],
            "own": a_key(own.admin, at, partner_id=own.partner.id)[1],
            "rival": a_key(rival.admin, at, partner_id=rival.partner.id)[1],
            "revoked": revoked_secret,
            "expired": a_key(world.admin, at, expires_at=now - timedelta(seconds=1))[1],
        }
    return Stage(world, own, rival, referral, {**keys, "stranger": stranger})


def filled(operation: Operation, stage: Stage) -> str:
    return re.sub(r"\{[a-z]+:referral_id\}", str(stage.referral.id), operation.path)


def call(stage: Stage, operation: Operation, secret: str) -> Any:
    caller = Caller(stage.world.acme, secret)
    path = filled(operation, stage)
    if operation.method == "GET":
        return caller.get(path)
    return caller.post(path, a_submission())


def test_the_walk_finds_the_api() -> None:
    assert IDS == [
        "POST /check",
        "POST /events",
        "GET /referrals",
        "POST /referrals",
        "GET /referrals/{uuidstr:referral_id}",
    ]


@every_operation
@pytest.mark.parametrize("kind", ["none", "wrong", "odd", "stranger", "revoked", "expired"])
def test_without_a_live_key_of_this_tenant_nobody_gets_in(
    stage: Stage, operation: Operation, kind: str
) -> None:
    secrets = {"none": "", "wrong": "prm_abcdefgh_" + "x" * 43, "odd": "é\x7f", **stage.keys}

    answer = call(stage, operation, secrets[kind])

    assert (answer.status_code, answer.json()["code"]) == (401, "unauthorised")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="api"'
    with tenant_scope(stage.world.acme.id):
        assert Referral.objects.count() == 1


@every_operation
def test_every_refusal_of_a_key_reads_the_same(stage: Stage, operation: Operation) -> None:
    bodies = {call(stage, operation, stage.keys[kind]).content for kind in ("revoked", "stranger")}

    assert len(bodies | {call(stage, operation, "").content}) == 1


@every_operation
def test_a_key_without_the_scope_is_refused(
    stage: Stage, operation: Operation, at: datetime
) -> None:
    with tenant_scope(stage.world.acme.id):
        _, secret = a_key(stage.world.admin, at, scopes=frozenset(Scope) - {operation.scope})

    answer = call(stage, operation, secret)

    assert (answer.status_code, answer.json()["code"]) == (403, "insufficient-scope")


@every_operation
def test_a_browsers_session_opens_nothing(stage: Stage, operation: Operation) -> None:
    caller = Caller(stage.world.acme)
    caller.client.force_login(
        stage.world.admin, backend="allauth.account.auth_backends.AuthenticationBackend"
    )

    path = filled(operation, stage)
    answer = caller.get(path) if operation.method == "GET" else caller.post(path, {})

    assert answer.status_code == 401


@every_operation
def test_a_key_in_the_address_is_no_key(stage: Stage, operation: Operation) -> None:
    path = filled(operation, stage)
    secret = stage.keys["vendor"]
    url = f"/acme/api/v1{path}?key={secret}&token={secret}&access_token={secret}"

    client = Client()
    answer = client.get(url) if operation.method == "GET" else client.post(url)

    assert answer.status_code == 401


def test_another_partners_referral_is_not_there(stage: Stage) -> None:
    rival = Caller(stage.world.acme, stage.keys["rival"])
    nowhere = "/referrals/0190a0a0-0000-7000-8000-000000000001"

    there, missing = rival.get(f"/referrals/{stage.referral.id}"), rival.get(nowhere)

    assert (there.status_code, there.content) == (404, missing.content)
    assert rival.get("/referrals").json() == {"items": [], "next": None}


def test_another_tenants_referral_is_not_there(stage: Stage) -> None:
    foreign = Caller(stage.world.globex, stage.keys["stranger"])

    assert foreign.get(f"/referrals/{stage.referral.id}").status_code == 404
    assert foreign.get("/referrals").json()["items"] == []


def test_a_partners_key_reads_its_own(stage: Stage) -> None:
    own = Caller(stage.world.acme, stage.keys["own"])

    assert own.get(f"/referrals/{stage.referral.id}").json()["number"] == "R-2026-0001"
    assert [row["number"] for row in own.get("/referrals").json()["items"]] == ["R-2026-0001"]


def test_row_level_security_holds_a_partners_key_by_itself(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "prm.api.referrals.seen_by",
        lambda _caller: Referral.objects.select_related("stage", "program"),
    )

    rival = Caller(stage.world.acme, stage.keys["rival"])

    assert rival.get(f"/referrals/{stage.referral.id}").status_code == 404


def test_the_key_of_somebody_who_left_is_dead(stage: Stage) -> None:
    Membership.objects.filter(user=stage.own.admin).update(ended_at=timezone.now())

    answer = Caller(stage.world.acme, stage.keys["own"]).get("/referrals")

    assert answer.status_code == 401


def test_the_key_of_somebody_who_may_make_none_any_more_is_dead(stage: Stage) -> None:
    Membership.objects.filter(user=stage.world.admin).update(roles=["finance"])

    answer = Caller(stage.world.acme, stage.keys["vendor"]).get("/referrals")

    assert answer.status_code == 401


def test_the_last_use_is_noted_to_the_minute(stage: Stage, at: datetime) -> None:
    caller = Caller(stage.world.acme, stage.keys["own"])
    caller.get("/referrals")
    first = last_use(stage)

    caller.get("/referrals")

    assert first is not None
    assert first > at
    assert last_use(stage) == first


def last_use(stage: Stage) -> datetime | None:
    with tenant_scope(stage.world.acme.id):
        return ApiKey.objects.get(partner_id=stage.own.partner.id).last_used_at


def test_too_many_calls_of_a_key_wait(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("prm.api.middleware.CALLS_PER_MINUTE", 2)
    monkeypatch.setattr("prm.api.limits.time.time", lambda: 1_000_000_010.0)
    caller = Caller(stage.world.acme, stage.keys["own"])

    answers = [caller.get("/referrals") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert [answer.headers["RateLimit-Remaining"] for answer in answers] == ["1", "0", "0"]
    assert answers[2].headers["Retry-After"] == answers[2].headers["RateLimit-Reset"] == "10"
    assert answers[2].json()["code"] == "too-many-requests"
    assert Caller(stage.world.acme, stage.keys["vendor"]).get("/referrals").status_code == 200


def test_too_many_wrong_keys_of_an_address_wait(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("prm.api.middleware.WRONG_KEYS", 2)
    caller = Caller(stage.world.acme, "prm_abcdefgh_" + "x" * 43)

    statuses = [caller.get("/referrals").status_code for _ in range(3)]

    assert statuses == [401, 401, 429]


def test_asking_about_companies_is_limited_by_the_hour(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("prm.api.referrals.CHECKS_PER_HOUR", 1)
    caller = Caller(stage.world.acme, stage.keys["rival"])

    known = caller.post("/check", {"website": "www.kestrel.example"})
    unasked = caller.post("/check", {"website": "bramble.example"})

    assert known.json() == {"answer": "review"}
    assert (unasked.status_code, unasked.json()["code"]) == (429, "too-many-requests")


def test_a_partners_programs_ask_no_more_in_a_day_than_its_people_may(stage: Stage) -> None:
    with tenant_scope(stage.world.acme.id):
        for program in Program.objects.all():
            set_claim_rules(
                program_id=program.id,
                settings=replace(rules_of(program.id), checks_per_day=2),
                actor=SYSTEM,
                at=timezone.now(),
            )
    caller = Caller(stage.world.acme, stage.keys["rival"])

    asked = [caller.post("/check", {"website": f"{n}.example"}).status_code for n in range(3)]

    assert asked == [200, 200, 429]


def test_a_company_that_nobody_has_is_open(stage: Stage) -> None:
    caller = Caller(stage.world.acme, stage.keys["rival"])

    assert caller.post("/check", {"website": "bramble.example"}).json() == {"answer": "open"}
    assert caller.post("/check", {"company": "Bramble"}).json()["errors"][0]["field"] == "website"


def test_refusals_speak_the_callers_language(stage: Stage) -> None:
    caller = Caller(stage.world.acme, "", language="it")

    answer = caller.get("/referrals")

    assert answer.headers["Content-Language"] == "it"


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("get", "/nothing", 404, "not-found"),
        ("get", "/referrals/not-an-id", 404, "not-found"),
        ("put", "/referrals", 405, "method-not-allowed"),
    ],
)
def test_what_is_not_there_is_told_in_json(
    stage: Stage, method: str, path: str, status: int, code: str
) -> None:
    answer = getattr(Client(), method)(f"/acme/api/v1{path}")

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_list_is_read_to_its_end_without_gaps_or_repeats(stage: Stage, at: datetime) -> None:
    with tenant_scope(stage.world.acme.id):
        for number in range(4):
            a_referral(
                at - timedelta(days=number // 2),  # some at the same moment
                partner=stage.own.partner,
                company=f"Company {number}",
                contact_email=f"tom@c{number}.example",
            )
    caller = Caller(stage.world.acme, stage.keys["own"])
    seen: list[str] = []
    after = ""
    while True:
        page = caller.get("/referrals", limit=2, **({"after": after} if after else {})).json()
        seen += [row["id"] for row in page["items"]]
        if page["next"] is None:
            break
        after = page["next"]

    with tenant_scope(stage.world.acme.id):
        rows = Referral.objects.order_by("-registered_at", "-id")
        assert seen == [str(row.id) for row in rows]
    assert len(seen) == 5


@pytest.mark.parametrize("after", ["x", "W10", "bnVsbA", "WyIyMDI2IiwgMV0", "é"])
def test_a_wrong_place_in_the_list_is_refused(stage: Stage, after: str) -> None:
    answer = Caller(stage.world.acme, stage.keys["own"]).get("/referrals", after=after)

    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["after"]


@pytest.mark.parametrize(
    ("query", "field"),
    [({"limit": "0"}, "limit"), ({"limit": "101"}, "limit"), ({"status": "lots"}, "status")],
)
def test_a_wrong_filter_is_refused(stage: Stage, query: dict[str, str], field: str) -> None:
    answer = Caller(stage.world.acme, stage.keys["own"]).get("/referrals", **query)

    assert [error["field"] for error in answer.json()["errors"]] == [field]


def test_a_page_of_the_list_costs_as_many_queries_as_one_row(
    stage: Stage, at: datetime, django_assert_num_queries: Any
) -> None:
    caller = Caller(stage.world.acme, stage.keys["own"])
    caller.get("/referrals")
    with tenant_scope(stage.world.acme.id):
        for number in range(3):
            a_referral(at, partner=stage.own.partner, company=f"Company {number}")

    # The tenant, twice a scope (each with its savepoint), key, its maker, and the list.
    with django_assert_num_queries(PAGE_QUERIES):
        assert len(caller.get("/referrals").json()["items"]) == 4


PAGE_QUERIES = 12


def test_a_partners_key_can_never_write_events(stage: Stage) -> None:
    assert Scope.WRITE_EVENTS not in PARTNER_SCOPES


def test_the_openapi_file_names_every_call(stage: Stage) -> None:
    schema = Client().get("/acme/api/v1/openapi.json").json()

    assert sorted(schema["paths"]) == [
        "/acme/api/v1/check",
        "/acme/api/v1/events",
        "/acme/api/v1/referrals",
        "/acme/api/v1/referrals/{referral_id}",
    ]
