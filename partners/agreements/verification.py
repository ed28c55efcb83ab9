"""Proves what partners signed: every text against the hash kept with it, and against the one in the audit trail."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from partners.agreements.models import Acceptance
from partners.agreements.rules import text_hash
from prm.events.models import Event

CHUNK = 500


@dataclass(frozen=True)
class Fault:
    """A signature whose evidence does not hold; position: of the tenant's signatures in order, from 1."""

    position: int
    acceptance_id: UUID
    problem: str


def faults() -> Iterator[Fault]:
    """Yield the open tenant's signatures that were altered, oldest first; nothing when all are as they were given."""
    yield from altered(Acceptance.objects.all(), event="agreement.accepted")


def altered(signed: QuerySet[Any], *, event: str) -> Iterator[Fault]:
    """Yield those of some evidence whose text is another now, oldest first.

    signed: rows with text and text_hash. event: what told of each, with `acceptance_id`. A hash that was changed
    together with its text is found by that event, whose chain verify_audit proves; evidence that was taken away by the
    event that is left. Signatures taken over from before the portal have no event.
    """
    told = {
        payload["acceptance_id"]: changes["text_hash"][1]
        for payload, changes in Event.objects.filter(name=event)
        .values_list("payload", "changes")
        .iterator(CHUNK)
        if "text_hash" in changes
    }
    position = 0
    rows = signed.order_by("id").values_list("id", "text", "text_hash")
    for position, (id_, text, kept) in enumerate(rows.iterator(CHUNK), start=1):
        was_told = told.pop(str(id_), kept)
        if text_hash(text) != kept:
            yield Fault(position, id_, "the text is not the one whose hash was kept")
        elif was_told != kept:
            yield Fault(position, id_, "the hash is not the one in the audit trail")
    for gone in sorted(told):
        yield Fault(position, UUID(gone), "it was told of and is gone")


def signature_count() -> int:
    """Return how many signatures the open tenant keeps."""
    return Acceptance.objects.count()
