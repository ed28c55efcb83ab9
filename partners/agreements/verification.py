"""Proves what partners signed: every text against the hash kept with it, and against the one in the audit trail."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

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
    """Yield the open tenant's signatures that were altered, oldest first; nothing when all are as they were given.

    A hash that was changed together with its text is found by the event of the signature, whose chain verify_audit
    proves. Signatures taken over from before the portal have no event.
    """
    told = {
        payload["acceptance_id"]: changes["text_hash"][1]
        for payload, changes in Event.objects.filter(name="agreement.accepted")
        .values_list("payload", "changes")
        .iterator(CHUNK)
        if "text_hash" in changes
    }
    rows = Acceptance.objects.order_by("id").values_list("id", "text", "text_hash")
    for position, (id_, text, kept) in enumerate(rows.iterator(CHUNK), start=1):
        if text_hash(text) != kept:
            yield Fault(position, id_, "the text is not the one whose hash was kept")
        elif told.pop(str(id_), kept) != kept:
            yield Fault(position, id_, "the hash is not the one in the audit trail")


def signature_count() -> int:
    """Return how many signatures the open tenant keeps."""
    return Acceptance.objects.count()
