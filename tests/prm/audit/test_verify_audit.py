"""verify_audit names the first row that was altered, removed, inserted, cut off or rewritten."""

from collections.abc import Iterator
from datetime import datetime
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connections

from prm.events.models import Event
from prm.events.seals import chain_head, seal_tenant
from prm.events.services import SYSTEM, emit
from prm.tenancy.scope import tenant_scope
from tests.conftest import NOON, Built, World, built_once, make_world

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def built(
    django_db_setup: str, django_db_blocker: pytest.FixtureRequest
) -> Iterator[Built[tuple[World, str]]]:
    with built_once(django_db_setup, django_db_blocker, _sealed) as built:
        yield built


@pytest.fixture
def sealed(built: Built[tuple[World, str]], real_database: str) -> tuple[World, str]:
    return built.made


def _sealed(at: datetime = NOON) -> tuple[World, str]:
    """Return the world with ten sealed events of acme, and the published head."""
    world = make_world()
    with tenant_scope(world.acme.id):
        for number in range(10):
            emit(
                "built.happened",
                subject=f"built:{number}",
                actor=SYSTEM,
                at=at,
                payload={"n": number},
            )
    seal_tenant(world.acme.id)
    with tenant_scope(world.acme.id):
        position, chain = chain_head()
    return world, f"{position}:{chain}"


def tamper(*statements: str) -> None:
    """Do what only somebody with the owner's password can: switch the triggers off, write, and cover the traces."""
    with connections["owner"].cursor() as cursor:
        for switch, work in (("disable", statements), ("enable", ())):
            for table in ("prm_event", "prm_event_seal"):
                cursor.execute(f"alter table {table} {switch} trigger user")
            for statement in work:
                cursor.execute(statement)


def verify(*arguments: str) -> str:
    out, err = StringIO(), StringIO()
    try:
        call_command("verify_audit", *arguments, stdout=out, stderr=err)
    except CommandError as problem:
        return err.getvalue() + f"exit: {problem}"
    return out.getvalue()


def test_a_sound_chain_is_said_to_be(sealed: tuple[World, str]) -> None:
    _, head = sealed

    assert f"acme: 10 events, sound, head {head}" in verify("--tenant", "acme", "--head", head)
    assert "globex: 0 events, sound" in verify()


@pytest.mark.parametrize(
    ("statements", "said"),
    [
        pytest.param(
            ["update prm_event set payload = '{\"n\": 99}' where subject = 'built:3'"],
            "entry 4, event {3}: the event was altered",
            id="altered",
        ),
        pytest.param(
            ["update prm_event set at = at - interval '1 day' where subject = 'built:0'"],
            "entry 1, event {0}: the event was altered",
            id="moved in time",
        ),
        pytest.param(
            [
                "alter table prm_event_seal drop constraint prm_event_seal_event_id_same_tenant",
                "delete from prm_queued_event where true",
                "delete from prm_event where subject = 'built:5'",
            ],
            "entry 6, event {5}: the event was removed",
            id="removed",
        ),
        pytest.param(
            ["delete from prm_event_seal where position = 7"],
            "entry 7, event {7}: a seal is missing before this one",
            id="a seal removed",
        ),
        pytest.param(
            [
                "update prm_event_seal set position = -position where position in (2, 3)",
                "update prm_event_seal set position = 5 + position where position in (-2, -3)",
            ],
            "entry 2, event {2}: the chain value does not follow from the one before",
            id="two put in another order",
        ),
        pytest.param(
            [
                "delete from prm_queued_event where true",
                "delete from prm_event_seal where position <= 3",
                "delete from prm_event where subject in ('built:0', 'built:1', 'built:2')",
            ],
            "entry 1, event {3}: a seal is missing before this one",
            id="the head cut off",
        ),
        pytest.param(
            [
                "delete from prm_queued_event where true",
                "delete from prm_event_seal where position <= 3",
                "delete from prm_event where subject in ('built:0', 'built:1', 'built:2')",
                "update prm_event_seal set position = -position where true",
                "update prm_event_seal set position = -position - 3 where true",
            ],
            "entry 1, event {3}: the chain value does not follow from the one before",
            id="the head cut off, the rest numbered anew",
        ),
    ],
)
def test_names_the_first_bad_row(
    sealed: tuple[World, str], statements: list[str], said: str
) -> None:
    world, _ = sealed
    with tenant_scope(world.acme.id):
        ids = list(Event.objects.order_by("id").values_list("id", flat=True))

    tamper(*statements)

    answer = verify("--tenant", "acme")
    assert said.format(*ids) in answer
    assert answer.endswith("exit: broken: acme")


def test_an_event_slipped_in_behind_the_sealers_back_is_found(sealed: tuple[World, str]) -> None:
    world, _ = sealed
    tamper(
        "insert into prm_event (tenant_id, name, subject, actor_kind, at, recorded_at, payload, changes, request_id) "
        f"select {world.acme.id}, 'built.forged', 'built:x', 'system', at, recorded_at, payload, changes, '' "
        f"from prm_event where tenant_id = {world.acme.id} order by id desc limit 1",
        # With a seal of the forger's own, so that the sealer passes it by.
        "insert into prm_event_seal (tenant_id, position, event_id, digest, chain, sealed_at) "
        f"select {world.acme.id}, 11, id, decode(repeat('00', 32), 'hex'), decode(repeat('00', 32), 'hex'), now() "
        "from prm_event where name = 'built.forged'",
    )

    assert "entry 11" in verify("--tenant", "acme")


@pytest.mark.parametrize("way", ["the tail is cut", "the whole chain is made anew"])
def test_the_published_head_shows_what_the_chain_alone_cannot(
    sealed: tuple[World, str], way: str
) -> None:
    world, head = sealed
    cut = [
        "delete from prm_event_seal where position > 8",
        "delete from prm_queued_event where true",
        "delete from prm_event where subject in ('built:8', 'built:9')",
    ]
    anew = [
        "delete from prm_event_seal where true",
        "update prm_event set payload = '{}' where subject = 'built:2'",
    ]
    tamper(*(cut if way == "the tail is cut" else anew))
    seal_tenant(world.acme.id)

    assert "sound" in verify("--tenant", "acme")
    assert "exit: broken: acme" in verify("--tenant", "acme", "--head", head)


@pytest.mark.parametrize(
    ("statements", "said"),
    [
        pytest.param(
            ["alter table prm_event disable trigger append_only_update"],
            "database: trigger append_only_update of prm_event is switched off",
            id="a trigger switched off",
        ),
        pytest.param(
            ["drop trigger append_only_delete on commissions_transfer"],
            "database: trigger append_only_delete of commissions_transfer is gone",
            id="a trigger taken away",
        ),
        pytest.param(
            ["alter table prm_event no force row level security"],
            "database: tenants are not kept apart in prm_event",
            id="isolation switched off",
        ),
    ],
)
def test_names_the_guard_that_is_down(
    sealed: tuple[World, str], statements: list[str], said: str
) -> None:
    with connections["owner"].cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)

    answer = verify("--tenant", "acme")

    assert said in answer
    assert answer.endswith("exit: broken: database")
