"""Take a spreadsheet in, say how it is read, and queue its check, its commit and its undo."""

import tempfile
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext

from prm.events.services import Actor, emit
from prm.jobs.files import private_path, save_private
from prm.jobs.models import Job, JobState
from prm.jobs.services import start_job
from prm.web.spreadsheets import (
    PLAIN_ENDING,
    digest_of,
    headings_of,
    inspect,
    is_workbook,
    make_plain,
)
from referrals.imports.models import Import, ImportProblem, ImportState
from referrals.imports.reports import import_subject
from referrals.imports.rules import BadMapping, Mapping, People, missing_columns

LIVE = (JobState.QUEUED, JobState.RUNNING)
# In these states the mapping may change.
OPEN = (ImportState.UPLOADED, ImportState.CHECKED, ImportState.FAILED, ImportState.UNDONE)


class NotNow(ValueError):
    """The import is in a state in which this cannot be done; somebody else may have been faster."""


@transaction.atomic
def start_import(
    *,
    program_id: UUID,
    upload: Path,
    file_name: str,
    actor: Actor,
    at: datetime,
    people: Path | None = None,
    preset: Mapping | None = None,
    wait: bool = False,
) -> Import:
    """Keep an uploaded file and begin its import.

    people: a second file that says who works for which partner. preset: a mapping to begin with.
    A text file is brought into its plain form at once; a workbook by a job, or here when `wait` is set.
    Raises FileRefused, BadMapping when the preset needs a file of people. Emits import.started.
    """
    inspect(upload)
    mapping = _first_mapping(people, preset)
    digest, later = digest_of(upload), is_workbook(upload) and not wait
    if later:
        stored, row_count = save_private(upload.read_bytes(), file_name=file_name), 0
    else:
        stored, row_count = keep_plain(upload)
    source = Import.objects.create(
        program_id=program_id,
        file=stored,
        file_name=file_name[:160],
        digest=digest,
        row_count=row_count,
        mapping=mapping.as_json() if mapping else {},
        started_by_id=actor.user_id,
        created_at=at,
    )
    emit(
        "import.started",
        subject=import_subject(source.id),
        actor=actor,
        payload={"import_id": str(source.id)},
        at=at,
        queue=False,
    )
    if later:
        _queue(source, "import.read", actor, at)
    return source


def _first_mapping(people: Path | None, preset: Mapping | None) -> Mapping | None:
    if people is None:
        if preset is not None and preset.people is not None:
            raise BadMapping(gettext("This mapping needs the file of people, too"))
        return preset
    known = preset or Mapping(columns={})
    named = known.people or People(person="", partner="")
    return replace(known, people=replace(named, file=keep_plain(people)[0]))


def keep_plain(upload: Path) -> tuple[str, int]:
    """Keep a file in its plain form; return its stored name and its number of rows. Raises FileRefused."""
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / f"upload{PLAIN_ENDING}"
        sheet = make_plain(upload, plain)
        return save_private(plain, file_name=plain.name), sheet.row_count


def is_read(source: Import) -> bool:
    """Tell whether the file is in its plain form."""
    return source.file.endswith(PLAIN_ENDING)


@transaction.atomic
def set_mapping(*, import_id: UUID, mapping: Mapping, actor: Actor, at: datetime) -> Import:
    """Say how the file is read; an earlier check is void then. Raises NotNow, BadMapping. Emits import.mapped."""
    source = Import.objects.select_for_update(no_key=True).get(id=import_id)
    if source.state not in OPEN or not is_read(source):
        raise NotNow(source.state)
    if missing := missing_columns(mapping, headings_of(private_path(source.file))):
        raise BadMapping(f"the file has no column {', '.join(missing)}")
    source.mapping, source.state, source.check_report = mapping.as_json(), ImportState.UPLOADED, {}
    source.save(update_fields=["mapping", "state", "check_report"])
    ImportProblem.objects.filter(source_id=source.id).delete()
    emit(
        "import.mapped",
        subject=import_subject(source.id),
        actor=actor,
        payload={"import_id": str(source.id)},
        at=at,
        queue=False,
    )
    return source


@transaction.atomic
def queue_check(*, import_id: UUID, actor: Actor, at: datetime) -> Job:
    """Have the whole file read without writing a referral. A check that runs already is returned. Raises NotNow."""
    source = Import.objects.select_for_update(no_key=True).get(id=import_id)
    if job := live_job(source.id):
        return job
    if (
        source.state not in (*OPEN, ImportState.CHECKING)
        or not source.mapping
        or not is_read(source)
    ):
        raise NotNow(source.state)
    _stand(source, ImportState.CHECKING)
    return _queue(source, "import.check", actor, at)


@transaction.atomic
def queue_commit(*, import_id: UUID, actor: Actor, at: datetime) -> Job:
    """Have the good rows of a checked file written. A commit that runs already is returned. Raises NotNow."""
    source = Import.objects.select_for_update(no_key=True).get(id=import_id)
    if job := live_job(source.id):
        return job
    if source.state not in (
        ImportState.CHECKED,
        ImportState.COMMITTING,
        ImportState.FAILED,
    ) or not source.check_report.get("ready"):
        raise NotNow(source.state)
    _stand(source, ImportState.COMMITTING)
    return _queue(source, "import.commit", actor, at)


@transaction.atomic
def queue_undo(*, import_id: UUID, actor: Actor, at: datetime) -> Job:
    """Have the import's rows taken away. An undo that runs already is returned. Raises NotNow."""
    source = Import.objects.select_for_update(no_key=True).get(id=import_id)
    if job := live_job(source.id):
        return job
    if source.state not in (ImportState.COMMITTED, ImportState.UNDOING) and not (
        source.state == ImportState.FAILED and source.check_report
    ):
        raise NotNow(source.state)
    _stand(source, ImportState.UNDOING)
    return _queue(source, "import.undo", actor, at)


def live_job(import_id: UUID) -> Job | None:
    """Return the job that works on the import now."""
    return Job.objects.filter(state__in=LIVE, params__import_id=str(import_id)).first()


def _stand(source: Import, state: str) -> None:
    source.state = state
    source.save(update_fields=["state"])


def _queue(source: Import, kind: str, actor: Actor, at: datetime) -> Job:
    params = {"import_id": str(source.id), "at": at.isoformat(), "actor_id": actor.user_id}
    return start_job(
        kind=kind, params=params, actor=actor, at=at, back_path=f"manage/imports/{source.id}/"
    )
