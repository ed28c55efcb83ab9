"""The long work of imports."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from prm.accounts.capabilities import Capability
from prm.events.services import Actor
from prm.jobs.files import private_path, remove_private
from prm.jobs.runners import JobFailed, LeaseLost, Progress, runner
from prm.web.spreadsheets import FileRefused
from referrals.imports.checking import check_rows
from referrals.imports.committing import commit_rows
from referrals.imports.hooks import UndoRefused
from referrals.imports.models import Import, ImportState
from referrals.imports.services import is_read, keep_plain
from referrals.imports.undoing import undo_import

IMPORT: dict[str, Any] = {"capability": Capability.IMPORT_REFERRALS, "unit": _("rows")}


@runner("import.read", label=_("Read a spreadsheet"), stoppable=False, **IMPORT)
def read_upload(progress: Progress) -> None:
    """Bring a workbook into its plain form."""
    with progress.scope():
        source = Import.objects.get(id=_import_id(progress))
        if is_read(source):
            return
        upload = private_path(source.file)
    with _marking_failure(progress):
        try:
            # Saving names the tenant's folder, so a scope is open; the child process does the long part.
            with progress.scope():
                stored, row_count = keep_plain(upload)
                Import.objects.filter(id=source.id).update(file=stored, row_count=row_count)
        except FileRefused as refused:
            raise JobFailed(refused.words) from refused
        progress.finish({"rows": row_count})
    with progress.scope():
        remove_private(source.file)


@runner("import.check", label=_("Check an import"), **IMPORT)
def check(progress: Progress) -> None:
    """Read every row without writing a referral."""
    with _marking_failure(progress):
        report = check_rows(progress, _import_id(progress), _at(progress))
        progress.finish({name: report[name] for name in ("ready", "errors", "skipped")})


@runner("import.commit", label=_("Import referrals"), stoppable=False, **IMPORT)
def commit(progress: Progress) -> None:
    """Write the good rows."""
    with _marking_failure(progress):
        report = commit_rows(progress, _import_id(progress), _actor(progress), _at(progress))
        progress.finish(
            {
                "referrals": report["ready"],
                "partners": report["partner_new"],
                "customers": report["customers"],
            }
        )


@runner("import.undo", label=_("Undo an import"), stoppable=False, **IMPORT)
def undo(progress: Progress) -> None:
    """Take the rows away."""
    try:
        with progress.scope():
            removed = undo_import(
                import_id=_import_id(progress), actor=_actor(progress), at=_at(progress)
            )
    except UndoRefused as refused:
        with progress.scope():
            Import.objects.filter(id=_import_id(progress), state=ImportState.UNDOING).update(
                state=ImportState.COMMITTED
            )
        raise JobFailed(str(refused)) from refused
    progress.finish(removed)


@contextmanager
def _marking_failure(progress: Progress) -> Iterator[None]:
    """Let the import's page know when its job failed for good; a lost lease is another worker's business."""
    try:
        yield
    except LeaseLost:
        raise
    except Exception:
        with progress.scope():
            Import.objects.filter(id=_import_id(progress)).update(state=ImportState.FAILED)
        raise


def _import_id(progress: Progress) -> UUID:
    return UUID(progress.params["import_id"])


def _at(progress: Progress) -> datetime:
    return datetime.fromisoformat(progress.params["at"])


def _actor(progress: Progress) -> Actor:
    return Actor(user_id=progress.params["actor_id"])
