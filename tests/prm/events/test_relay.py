"""Every event reaches each of its handlers once, whatever fails in between."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from prm.events import subscriptions
from prm.events.models import Event, HandledEvent, QueuedEvent
from prm.events.relay import MAX_ATTEMPTS, relay_tenant, tenants_with_due_events
from prm.events.services import SYSTEM, emit
from prm.events.subscriptions import on
from prm.tenancy.scope import tenant_scope
from tests.conftest import World

heard: list[tuple[str, str]] = []


@pytest.fixture(autouse=True)
def _handlers() -> Iterator[None]:
    before = {name: dict(rows) for name, rows in subscriptions._handlers.items()}
    heard.clear()
    yield
    subscriptions._handlers.clear()
    subscriptions._handlers.update(before)


def listen(name: str, *, fails: int = 0) -> None:
    """Let a handler hear test.happened, failing its first times after it has written."""
    left = [fails]

    @on("test.happened", name=name)
    def hear(event: Event) -> None:
        HandledEvent.objects.create(event_id=event.id, handler=f"written by {name}")
        if left[0]:
            left[0] -= 1
            raise RuntimeError(f"{name} stumbled")
        heard.append((name, event.subject))


def happen(world: World, at: datetime, subject: str = "thing:1") -> None:
    with tenant_scope(world.acme.id):
        emit("test.happened", subject=subject, actor=SYSTEM, at=at)


def try_again(world: World) -> None:
    with tenant_scope(world.acme.id):
        QueuedEvent.objects.update(next_attempt_at=timezone.now())
    relay_tenant(world.acme.id)


def test_handlers_run_in_order_and_the_queue_empties(world: World, at: datetime) -> None:
    listen("first")
    listen("second")
    happen(world, at, "thing:1")
    happen(world, at, "thing:2")

    assert relay_tenant(world.acme.id) == 2

    assert heard == [
        ("first", "thing:1"),
        ("second", "thing:1"),
        ("first", "thing:2"),
        ("second", "thing:2"),
    ]
    assert tenants_with_due_events() == []
    assert relay_tenant(world.acme.id) == 0


def test_a_failing_handler_stops_no_other_and_leaves_nothing_half_written(
    world: World, at: datetime
) -> None:
    listen("bad", fails=1)
    listen("good")
    happen(world, at)

    relay_tenant(world.acme.id)

    with tenant_scope(world.acme.id):
        queued = QueuedEvent.objects.get()
        assert not HandledEvent.objects.filter(handler__contains="bad").exists()
    assert heard == [("good", "thing:1")]
    assert (queued.attempts, queued.stuck_at) == (1, None)
    assert "bad stumbled" in queued.error
    assert queued.next_attempt_at > timezone.now() + timedelta(seconds=10)


def test_only_the_failed_handler_runs_again(world: World, at: datetime) -> None:
    listen("bad", fails=1)
    listen("good")
    happen(world, at)
    relay_tenant(world.acme.id)

    try_again(world)

    assert heard == [("good", "thing:1"), ("bad", "thing:1")]
    with tenant_scope(world.acme.id):
        assert not QueuedEvent.objects.exists()


def test_an_event_that_keeps_failing_is_set_aside(world: World, at: datetime) -> None:
    listen("bad", fails=100)
    happen(world, at)
    for _ in range(MAX_ATTEMPTS):
        try_again(world)

    with tenant_scope(world.acme.id):
        assert QueuedEvent.objects.get().stuck_at is not None
    assert tenants_with_due_events() == []


def test_another_tenants_relay_leaves_it(world: World, at: datetime) -> None:
    listen("first")
    happen(world, at)

    assert relay_tenant(world.globex.id) == 0
    assert heard == []


def test_two_handlers_of_one_name_are_a_mistake() -> None:
    listen("first")

    with pytest.raises(ValueError, match="first"):
        listen("first")
