"""What the answers kept for repeated calls hold of a person who is erased."""

import json
from typing import Any

from django.db.models import Q

from prm.api.models import IdempotencyKey, ServerEvent
from referrals.pipeline.erasing import Erasure, erases


@erases("answers of calls")
def forget_in_answers(erasure: Erasure) -> int:
    """Put the pseudonym into the answers that a repeat of a call about the person would get."""
    named = Q(pk__in=[])
    for referral_id in erasure.referral_ids:
        named |= Q(body__contains=str(referral_id))
    events = ServerEvent.objects.filter(referral_id__in=erasure.referral_ids)
    return sum(
        _rewritten(row, erasure)
        for rows in (IdempotencyKey.objects.filter(named), events)
        for row in rows
    )


def _rewritten(row: Any, erasure: Erasure) -> int:
    try:
        body = json.loads(row.body)
    except ValueError:
        return 0
    fresh = erasure.without_in(body)
    if fresh == body:
        return 0
    text = json.dumps(fresh)
    return int(type(row).objects.filter(id=row.id).update(body=text))
