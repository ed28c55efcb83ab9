"""Files kept with a referral: brought by the partner or the vendor, seen by both unless internal."""

from datetime import datetime
from typing import IO
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from prm.accounts.members import Member
from prm.events.services import Actor, emit
from prm.uploads.services import MEGABYTE, keep_upload, remove_upload
from referrals.capture.models import ReferralFile
from referrals.pipeline.models import Referral

ALLOWED = frozenset({"pdf", "png", "jpeg", "docx", "xlsx"})
MAX_BYTES = 10 * MEGABYTE
MAX_FILES = 20


class TooManyFiles(ValueError):
    """A referral holds as many files as it may."""


def files_of(referral_id: UUID, member: Member) -> QuerySet[ReferralFile]:
    """Return a referral's files that the person may see, newest first; internal ones are for staff."""
    files = ReferralFile.objects.filter(referral_id=referral_id, removed_at=None)
    seen = files if member.is_staff else files.filter(internal=False)
    return seen.select_related("upload", "added_by").order_by("-added_at", "-id")


@transaction.atomic
def add_file(
    *, referral_id: UUID, file: IO[bytes], internal: bool, actor: Actor, at: datetime
) -> ReferralFile:
    """Keep a file with a referral; its type is told by its content, and a scanner may hold it back.

    internal: for the vendor's people only. A repeat keeps the file again.
    Raises Referral.DoesNotExist, TooManyFiles, UploadRefused. Emits referral.file_added, for internal ones
    referral.internal_file_added without the partner, so that no partner's history shows it.
    """
    referral = Referral.objects.select_for_update(no_key=True).get(id=referral_id)
    if ReferralFile.objects.filter(referral=referral, removed_at=None).count() >= MAX_FILES:
        raise TooManyFiles(referral.number)
    upload = keep_upload(
        file=file,
        purpose="referral.file",
        allowed=ALLOWED,
        max_bytes=MAX_BYTES,
        partner_id=referral.partner_id,
        actor=actor,
        at=at,
    )
    kept = ReferralFile.objects.create(
        referral=referral,
        partner_id=referral.partner_id,
        upload=upload,
        internal=internal,
        added_by_id=actor.user_id,
        added_at=at,
    )
    _tell("added", kept, actor, at)
    return kept


@transaction.atomic
def remove_file(*, file_id: UUID, actor: Actor, at: datetime) -> None:
    """Take a file away; that there was one stays. A repeat does nothing.

    Raises ReferralFile.DoesNotExist. Emits referral.file_removed, or referral.internal_file_removed.
    """
    kept = ReferralFile.objects.select_for_update(no_key=True).get(id=file_id)
    if kept.removed_at:
        return
    kept.removed_at = at
    kept.save(update_fields=["removed_at"])
    remove_upload(upload_id=kept.upload_id, actor=actor, at=at)
    _tell("removed", kept, actor, at)


def may_remove(file: ReferralFile, member: Member) -> bool:
    """Tell whether a person may take a file away: staff any, others their own."""
    return member.is_staff or file.added_by_id == member.user_id


def _tell(what: str, kept: ReferralFile, actor: Actor, at: datetime) -> None:
    emit(
        f"referral.{'internal_' if kept.internal else ''}file_{what}",
        subject=f"referral:{kept.referral_id}",
        actor=actor,
        partner_id=None if kept.internal else kept.partner_id,
        payload={"referral_id": str(kept.referral_id), "file_id": str(kept.id)},
        at=at,
        queue=False,
    )
