"""The hash chain over a tenant's events, made after the fact and checked by verify_audit."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, timedelta

from django.db import connection
from django.utils import timezone

from prm.events.models import Event, EventSeal
from prm.tenancy.scope import current_scope, tenant_scope

GENESIS = bytes(32)
CHUNK = 2_000
# An event older than this without a seal was added behind the sealer's back.
SEAL_LAG = timedelta(minutes=15)


@dataclass(frozen=True)
class Fault:
    """Where a chain breaks: position is the seal's number from 1, event_id the row it speaks of."""

    position: int
    event_id: int
    problem: str


def event_digest(event: Event) -> bytes:
    """Return the SHA-256 of the event's canonical form, version 1: length-prefixed fields."""
    fields = [
        "1",
        str(event.tenant_id),
        str(event.id),
        event.name,
        event.subject,
        str(event.partner_id or ""),
        str(event.actor_id or ""),
        event.actor_kind,
        event.at.astimezone(UTC).isoformat(timespec="microseconds"),
        json.dumps(event.payload, sort_keys=True, separators=(",", ":")),
        json.dumps(event.changes, sort_keys=True, separators=(",", ":")),
    ]
    digest = hashlib.sha256()
    for field in fields:
        raw = field.encode()
        digest.update(len(raw).to_bytes(8, "big") + raw)
    return digest.digest()


def chain_link(previous: bytes, position: int, digest: bytes) -> bytes:
    """Return the chain value at a position."""
    return hashlib.sha256(previous + position.to_bytes(8, "big") + digest).digest()


def seal_tenant(tenant_id: int) -> int:
    """Seal all committed, unsealed events of a tenant in order of id; return how many.

    An advisory lock keeps two sealers apart; a second one returns 0. Events of transactions that
    are still open wait for the next round.
    """
    sealed = 0
    while True:
        with tenant_scope(tenant_id):
            count = _seal_chunk(tenant_id)
        sealed += count
        if count < CHUNK:
            return sealed


def _seal_chunk(tenant_id: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "select pg_try_advisory_xact_lock(hashtext('prm.seal'), %s::int)", [tenant_id]
        )
        if not cursor.fetchone()[0]:
            return 0
    last = EventSeal.objects.order_by("-position").first()
    position, previous = (last.position, bytes(last.chain)) if last else (0, GENESIS)
    events = Event.objects.raw(
        "select e.* from prm_event e left join prm_event_seal s on s.tenant_id = e.tenant_id and s.event_id = e.id "
        "where s.id is null order by e.id limit %s",
        [CHUNK],
    )
    seals = []
    for event in events:
        position += 1
        digest = event_digest(event)
        previous = chain_link(previous, position, digest)
        seals.append(EventSeal(position=position, event_id=event.id, digest=digest, chain=previous))
    EventSeal.objects.bulk_create(seals)
    return len(seals)


def verify_chain(*, published: tuple[int, str] | None = None) -> Iterator[Fault]:
    """Yield every fault of the open tenant's chain, first the earliest position.

    published: position and hex value of a head that was kept outside the database; it catches a cut tail and a chain
    that was rewritten as a whole, which the chain alone cannot.
    """
    tenant_id = current_scope().tenant_id
    previous, expected = GENESIS, 0
    for seal, event in _sealed_events():
        expected += 1
        if seal.position != expected:
            yield Fault(expected, seal.event_id, "a seal is missing before this one")
            expected = seal.position
        if event is None:
            yield Fault(seal.position, seal.event_id, "the event was removed")
        elif event_digest(event) != bytes(seal.digest):
            yield Fault(seal.position, seal.event_id, "the event was altered")
        link = chain_link(previous, seal.position, bytes(seal.digest))
        if link != bytes(seal.chain):
            yield Fault(
                seal.position, seal.event_id, "the chain value does not follow from the one before"
            )
        if published and seal.position == published[0] and bytes(seal.chain).hex() != published[1]:
            yield Fault(
                seal.position, seal.event_id, "the chain differs from the head that was published"
            )
        previous = bytes(seal.chain)
    if published and expected < published[0]:
        yield Fault(expected + 1, 0, "entries up to the published head were removed")
    late = Event.objects.raw(
        "select e.* from prm_event e left join prm_event_seal s on s.tenant_id = e.tenant_id and s.event_id = e.id "
        "where s.id is null and e.tenant_id = %s and e.recorded_at < %s order by e.id limit 20",
        [tenant_id, timezone.now() - SEAL_LAG],
    )
    for event in late:
        yield Fault(expected + 1, event.id, "the event was inserted without a seal")


def _sealed_events() -> Iterator[tuple[EventSeal, Event | None]]:
    """Yield every seal in order with its event, None for one that is gone; two queries a chunk."""
    position = 0
    while True:
        seals = list(EventSeal.objects.filter(position__gt=position).order_by("position")[:CHUNK])
        events = Event.objects.in_bulk([seal.event_id for seal in seals])
        for seal in seals:
            yield seal, events.get(seal.event_id)
        if len(seals) < CHUNK:
            return
        position = seals[-1].position


def chain_head() -> tuple[int, str]:
    """Return the open tenant's last sealed position and chain value in hex; (0, zeros) for an empty chain."""
    last = EventSeal.objects.order_by("-position").first()
    return (last.position, bytes(last.chain).hex()) if last else (0, GENESIS.hex())


def newest_seal() -> str:
    """Return the newest seal of the open tenant's trail as `verify_audit --head` takes it; empty before the first."""
    position, chain = chain_head()
    return f"{position}:{chain}" if position else ""


def tenants_with_unsealed_events() -> list[int]:
    """Return the ids of tenants that wrote events since their last seal; reads through a guarded function."""
    with connection.cursor() as cursor:
        cursor.execute("select tenant_id from prm_tenants_with_unsealed_events()")
        return [row[0] for row in cursor.fetchall()]
