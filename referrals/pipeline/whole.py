"""All that a reader may have of referrals, as JSON: facts, answers, history, notes, and what slices above add."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from referrals.pipeline.masking import contact_of
from referrals.pipeline.models import Referral, ReferralNote, StageChange
from referrals.pipeline.tables import sender_name

CHUNK = 500
# (referral ids, staff=…) -> what to write under the name, by referral
Extra = Callable[..., Mapping[UUID, list[dict[str, Any]]]]
_extras: dict[str, Extra] = {}


def adds_to_json(name: str) -> Callable[[Extra], Extra]:
    """Register what a slice above adds to each referral under a name; it leaves out what a partner may not have."""

    def register(extra: Extra) -> Extra:
        _extras[name] = extra
        return extra

    return register


def json_lines(referrals: QuerySet[Referral], *, staff: bool) -> Iterator[str]:
    """Yield a JSON document of the referrals, newest first, in pieces; moments in the active zone.

    staff: with the partner's name and internal notes; otherwise contacts are covered as on pages.
    """
    rows = referrals.select_related("stage", "program", "partner", "submitted_by")
    waiting = rows.order_by("-registered_at", "-id").iterator(chunk_size=CHUNK)
    yield '{"referrals": ['
    between = ""
    while chunk := list(islice(waiting, CHUNK)):
        ids = [row.id for row in chunk]
        parts = {
            "history": _history(ids),
            "notes": _notes(ids, staff=staff),
            **{name: extra(ids, staff=staff) for name, extra in _extras.items()},
        }
        for row in chunk:
            told = _facts(row, staff=staff) | {
                name: found.get(row.id, []) for name, found in parts.items()
            }
            yield between + "\n" + json.dumps(told, ensure_ascii=False)
            between = ","
    yield "\n]}\n"


def _facts(row: Referral, *, staff: bool) -> dict[str, Any]:
    contact = contact_of(row, staff=staff)
    return {
        "number": row.number,
        **({"partner": row.partner.name} if staff else {}),
        "program": row.program.name,
        "company": row.company,
        "website": row.website,
        "country": row.country,
        "tax_id": row.tax_id,
        "contact": {
            "name": contact.name,
            "title": contact.title,
            "email": contact.email,
            "phone": contact.phone,
            "is_covered": contact.is_covered,
        },
        "context": contact.context,
        "answers": {} if contact.is_covered else row.custom,
        "consent": row.consent,
        "source": row.source,
        "role": row.role,
        "relationship": row.relationship,
        "channel": row.channel,
        "campaign": row.campaign,
        "stage": {"kind": row.stage_kind, "name": row.stage.label},
        "sent_by": sender_name(row),
        "registered_at": moment(row.registered_at),
        "stage_entered_at": moment(row.stage_entered_at),
        "answer_due_at": moment(row.answer_due_at),
        "decided_at": moment(row.decided_at),
        "closed_at": moment(row.closed_at),
        "recalled_at": moment(row.recalled_at),
        "protected_until": moment(row.protected_until),
        "product": row.product,
        "estimate": {"amount_minor": row.estimate_minor, "currency": row.currency},
        "deal": {"amount_minor": row.deal_minor, "currency": row.currency},
        "next_step": row.next_step,
        "next_step_on": row.next_step_on.isoformat() if row.next_step_on else None,
    }


def _history(ids: Sequence[UUID]) -> Mapping[UUID, list[dict[str, Any]]]:
    found = defaultdict(list)
    changes = StageChange.objects.filter(referral_id__in=ids).select_related("to_stage")
    for change in changes.order_by("at", "id"):
        step = {
            "at": moment(change.at),
            "to": change.to_kind,
            "stage": change.to_stage.label,
            "reason": change.reason,
        }
        found[change.referral_id].append(step)
    return found


def _notes(ids: Sequence[UUID], *, staff: bool) -> Mapping[UUID, list[dict[str, Any]]]:
    found = defaultdict(list)
    notes = ReferralNote.objects.filter(referral_id__in=ids).select_related("author")
    for note in (notes if staff else notes.filter(internal=False)).order_by("at", "id"):
        told = {"at": moment(note.at), "by": str(note.author), "text": note.text}
        found[note.referral_id].append(told | ({"internal": note.internal} if staff else {}))
    return found


def moment(at: datetime | None) -> str | None:
    """Return a moment in the active zone with its offset, to the second."""
    return timezone.localtime(at).isoformat(timespec="seconds") if at else None
