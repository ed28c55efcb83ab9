"""Keep files that people bring: type by content, size, quota, and the malware scanner's word."""

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from prm.events.services import Actor, emit
from prm.jobs.files import private_path, private_root, remove_private, save_private
from prm.tenancy.models import Counter
from prm.tenancy.scope import current_scope
from prm.tenancy.services import next_number
from prm.uploads.content import NotTaken, remake_picture, true_kind
from prm.uploads.models import ScanState, Upload
from prm.uploads.rules import PICTURES, TYPES, named_as
from prm.web.formats import number_text

MEGABYTE = 1_000_000
# The tenant's bytes in use; the row is locked until the transaction ends, so that two uploads cannot both fit.
_USED = "upload_bytes"
_CHUNK = 1 << 20
# What a scanner is: it returns the name of what it found, empty for a clean file, and raises when it cannot tell.
Scanner = Callable[[Path], str]


class UploadRefused(ValueError):
    """The file is not taken; `code` says why and `words` says it to the person, with what to do."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(code)
        self.code = code
        self.words = words


def keep_upload(
    *,
    file: IO[bytes],
    purpose: str,
    allowed: frozenset[str],
    max_bytes: int,
    partner_id: UUID | None,
    actor: Actor,
    at: datetime,
) -> Upload:
    """Keep one file privately and return its row; the caller's slice checks who may fetch it.

    file: open for reading, with a `name`; neither its name nor a header decides its type.
    purpose: "<slice>.<thing>". allowed: names of prm.uploads.rules.TYPES. max_bytes: of the file as brought.
    Pictures are made anew. With a scanner set, the file waits and is not given out until it was checked.
    A repeat keeps the file again. Raises UploadRefused: empty, too_large, kind, broken, pixels, bomb, macros,
    locked or quota. Emits upload.kept for the trail.
    """
    with _copied(file, max_bytes) as path:
        kind = _checked(path, allowed)
        size = path.stat().st_size
        with path.open("rb") as whole:
            digest = hashlib.file_digest(whole, "sha256").hexdigest()
        with transaction.atomic():
            if next_number(_USED, count=size) > settings.UPLOAD_QUOTA_MB * MEGABYTE:
                raise refused("quota")
            name = named_as(str(getattr(file, "name", "") or ""), kind)
            upload = Upload.objects.create(
                purpose=purpose,
                partner_id=partner_id,
                stored=save_private(path, file_name=f"upload{TYPES[kind].ending}"),
                file_name=name,
                content_type=TYPES[kind].content_type,
                size=size,
                sha256=digest,
                scan=ScanState.WAITING if settings.UPLOAD_SCANNER else ScanState.CLEAN,
                uploaded_by_id=actor.user_id,
                uploaded_at=at,
            )
            emit(
                "upload.kept",
                subject=f"upload:{upload.id}",
                actor=actor,
                partner_id=partner_id,
                payload={"purpose": purpose, "kind": kind, "size": size},
                at=at,
                queue=False,
            )
    if upload.scan == ScanState.WAITING:
        _ring(upload.id)
    return upload


def refused(code: str, *, max_bytes: int = 0) -> UploadRefused:
    """Return the refusal with its words in the reader's language."""
    words = {
        "empty": _("The file is empty. Choose another one."),
        "too_large": _("The file is larger than %(size)s MB. Choose a smaller one.")
        % {"size": number_text(max_bytes // MEGABYTE)},
        "kind": _("This kind of file is not taken here, or its content does not match its name."),
        "pixels": _("The picture has too many pixels. Save it smaller than 24 megapixels."),
        "bomb": _("The file unpacks to far more than its size. Save it as PDF and choose that."),
        "macros": _("The file contains macros. Save it without them, or as PDF."),
        "locked": _(
            "The file is protected by a password. Save a copy without one and choose that."
        ),
        "quota": _("The space for files is used up. Ask the vendor to remove files or add space."),
    }.get(code, _("The file cannot be read. Save it again and choose the new copy."))
    return UploadRefused(code, words)


@contextmanager
def _copied(file: IO[bytes], max_bytes: int) -> Iterator[Path]:
    """Lend a copy beside the private files; it is gone afterwards unless somebody moved it."""
    root = private_root()
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, name = tempfile.mkstemp(dir=root, prefix=".upload-")
    path = Path(name)
    try:
        with os.fdopen(handle, "wb") as out:
            size = 0
            while chunk := file.read(_CHUNK):
                size += len(chunk)
                if size > max_bytes:
                    raise refused("too_large", max_bytes=max_bytes)
                out.write(chunk)
        if not size:
            raise refused("empty")
        yield path
    finally:
        path.unlink(missing_ok=True)


def _checked(path: Path, allowed: frozenset[str]) -> str:
    try:
        kind = true_kind(path)
        if kind not in allowed:
            raise refused("kind")
        if kind in PICTURES:
            remake_picture(path, kind)
    except NotTaken as reason:
        raise refused(reason.code) from reason
    return kind


@transaction.atomic
def remove_upload(*, upload_id: UUID, actor: Actor, at: datetime) -> None:
    """Take a file away and give its space back; the row stays. A repeat does nothing. Emits upload.removed."""
    upload = Upload.objects.select_for_update().get(id=upload_id)
    if upload.removed_at:
        return
    upload.removed_at = at
    upload.save(update_fields=["removed_at"])
    Counter.objects.filter(series=_USED).update(last=F("last") - upload.size)
    emit(
        "upload.removed",
        subject=f"upload:{upload.id}",
        actor=actor,
        partner_id=upload.partner_id,
        at=at,
        queue=False,
    )
    tenant_file = upload.stored
    transaction.on_commit(lambda: remove_private(tenant_file))


@transaction.atomic
def scan_upload(*, upload_id: UUID) -> ScanState:
    """Ask the scanner about one waiting file and keep its word; a repeat asks nobody.

    A scanner that raises leaves the file waiting: it is asked again by the sweep.
    """
    upload = Upload.objects.select_for_update().get(id=upload_id)
    if upload.scan != ScanState.WAITING or upload.removed_at:
        return ScanState(upload.scan)
    scanner: Scanner = import_string(settings.UPLOAD_SCANNER)
    upload.scan = ScanState.REFUSED if scanner(private_path(upload.stored)) else ScanState.CLEAN
    upload.save(update_fields=["scan"])
    return ScanState(upload.scan)


def _ring(upload_id: UUID) -> None:
    from prm.uploads.tasks import scan_one  # noqa: PLC0415  tasks import services

    tenant_id = current_scope().tenant_id
    transaction.on_commit(
        lambda: scan_one.delay(tenant=tenant_id, upload=str(upload_id)), robust=True
    )
