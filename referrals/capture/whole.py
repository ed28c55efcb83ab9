"""What capture adds to a referral written as JSON: questions with their answers, and the names of files."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from referrals.capture.models import Question, ReferralFile
from referrals.pipeline.whole import adds_to_json, moment


@adds_to_json("questions")
def questions(ids: Sequence[UUID], **_staff: bool) -> Mapping[UUID, list[dict[str, Any]]]:
    """Return the questions of each referral in their order."""
    found = defaultdict(list)
    for row in Question.objects.filter(referral_id__in=ids).order_by("asked_at", "id"):
        told = {
            "asked_at": moment(row.asked_at),
            "question": row.text,
            "answered_at": moment(row.answered_at),
            "answer": row.answer,
        }
        found[row.referral_id].append(told)
    return found


@adds_to_json("files")
def files(ids: Sequence[UUID], *, staff: bool) -> Mapping[UUID, list[dict[str, Any]]]:
    """Return the files of each referral by name, size and digest; internal ones for staff alone."""
    found = defaultdict(list)
    kept = ReferralFile.objects.filter(referral_id__in=ids, removed_at=None)
    kept = kept if staff else kept.filter(internal=False)
    for row in kept.select_related("upload").order_by("added_at", "id"):
        told = {
            "added_at": moment(row.added_at),
            "name": row.upload.file_name,
            "bytes": row.upload.size,
            "sha256": row.upload.sha256,
        }
        found[row.referral_id].append(told)
    return found
