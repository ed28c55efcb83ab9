"""A job is done once, by one worker at a time, and goes on from its checkpoint after a kill."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from prm.events.models import Event
from prm.events.services import Actor
from prm.jobs import runners
from prm.jobs.files import open_private
from prm.jobs.models import Job, JobState
from prm.jobs.runners import JobFailed, LeaseLost, Progress, runner
from prm.jobs.selectors import tenants_with_due_jobs
from prm.jobs.services import MAX_ATTEMPTS, UnknownJob, ask_stop, retry_job, run, start_job
from prm.notices.models import Notice
from prm.tenancy.scope import tenant_scope
from tests.conftest import World

Work = Callable[[Progress], None]


@pytest.fixture
def work() -> Iterator[dict[str, Work]]:
    """Register one kind of job whose work each test sets."""
    before = dict(runners._runners)
    does: dict[str, Work] = {"run": lambda progress: progress.finish({})}
    runner("test.count", label="Count things")(lambda progress: does["run"](progress))  # noqa: PLW0108  looked up when it runs
    yield does
    runners._runners.clear()
    runners._runners.update(before)


@pytest.fixture(autouse=True)
def _files(tmp_path: Any, settings: Any) -> None:
    storages = {
        **settings.STORAGES,
        "default": {**settings.STORAGES["default"], "OPTIONS": {"location": str(tmp_path)}},
    }
    settings.STORAGES = storages


@pytest.fixture
def job(world: World, work: dict[str, Work], at: datetime) -> Job:
    with tenant_scope(world.acme.id):
        actor = Actor(user_id=world.manager.id, name="Mara")
        return start_job(
            kind="test.count", params={"upto": 3}, actor=actor, at=at, back_path="manage/"
        )


def state(world: World, job: Job) -> Job:
    with tenant_scope(world.acme.id):
        return Job.objects.get(id=job.id)


def test_does_the_work_and_keeps_result_and_file(
    world: World, work: dict[str, Work], job: Job
) -> None:
    def count(progress: Progress) -> None:
        with progress.temporary_file(".csv") as file:
            file.write_text("one\ntwo\n")
            progress.advance(progress.params["upto"], progress.params["upto"])
            progress.finish({"counted": 3}, file, "Zählung 2026.csv")

    work["run"] = count

    assert run(world.acme.id, job.id)

    done = state(world, job)
    assert (done.state, done.result, done.done_count, done.total_count) == (
        JobState.DONE,
        {"counted": 3},
        3,
        3,
    )
    assert done.file_name == "Zählung 2026.csv"
    assert done.finished_at is not None
    assert done.file_expires_at is not None
    assert done.file_expires_at - done.finished_at <= timedelta(hours=24, seconds=1)
    with tenant_scope(world.acme.id), open_private(done.file) as file:
        assert file.read() == b"one\ntwo\n"


def test_tells_the_starter_and_the_audit_trail(world: World, job: Job) -> None:
    run(world.acme.id, job.id)

    with tenant_scope(world.acme.id):
        notice = Notice.objects.get(user=world.manager)
        names = list(Event.objects.order_by("id").values_list("name", flat=True))
    assert (notice.kind, notice.path) == ("job.done", f"jobs/{job.id}/")
    assert names == ["job.started", "job.done"]


def test_is_not_done_again(world: World, work: dict[str, Work], job: Job) -> None:
    calls: list[int] = []
    work["run"] = lambda progress: calls.append(progress.attempt)

    assert [run(world.acme.id, job.id), run(world.acme.id, job.id)] == [True, False]
    assert calls == [1]


def test_another_tenant_cannot_run_it(world: World, job: Job) -> None:
    assert run(world.globex.id, job.id) is False
    assert state(world, job).state == JobState.QUEUED


def test_a_leased_job_is_left_to_its_worker(world: World, job: Job) -> None:
    with tenant_scope(world.acme.id):
        Job.objects.update(
            state=JobState.RUNNING, attempts=1, leased_until=timezone.now() + timedelta(seconds=30)
        )

    assert run(world.acme.id, job.id) is False
    assert tenants_with_due_jobs() == []


def test_a_dead_workers_job_goes_on_from_its_checkpoint(
    world: World, work: dict[str, Work], job: Job
) -> None:
    seen: list[dict[str, Any]] = []
    work["run"] = lambda progress: seen.append(progress.checkpoint)
    with tenant_scope(world.acme.id):
        past = timezone.now() - timedelta(seconds=1)
        Job.objects.update(
            state=JobState.RUNNING, attempts=1, leased_until=past, checkpoint={"row": 2}
        )

    assert tenants_with_due_jobs() == [world.acme.id]
    assert run(world.acme.id, job.id)
    assert seen == [{"row": 2}]
    assert state(world, job).attempts == 2


def test_a_worker_that_lost_its_job_changes_nothing_more(
    world: World, work: dict[str, Work], job: Job
) -> None:
    lost: list[str] = []

    def slow(progress: Progress) -> None:
        with tenant_scope(world.acme.id):
            Job.objects.update(attempts=2)  # another worker took it over meanwhile
        try:
            with progress.scope():
                Notice.objects.create(key="half done", user=world.manager, kind="x")
                progress.save_checkpoint({"row": 9})
        except LeaseLost:
            lost.append("lost")
            raise

    work["run"] = slow
    run(world.acme.id, job.id)

    after = state(world, job)
    assert lost == ["lost"]
    assert (after.state, after.checkpoint) == (JobState.RUNNING, {})
    with tenant_scope(world.acme.id):
        assert not Notice.objects.filter(key="half done").exists()


def test_a_checkpoint_commits_with_its_chunk(world: World, work: dict[str, Work], job: Job) -> None:
    def broken(progress: Progress) -> None:
        with progress.scope():
            Notice.objects.create(key="first chunk", user=world.manager, kind="x")
            progress.save_checkpoint({"chunk": 1})
        with progress.scope():
            Notice.objects.create(key="second chunk", user=world.manager, kind="x")
            progress.save_checkpoint({"chunk": 2})
            raise RuntimeError("boom")

    work["run"] = broken
    run(world.acme.id, job.id)

    after = state(world, job)
    assert (after.state, after.checkpoint) == (JobState.FAILED, {"chunk": 1})
    assert "boom" in after.error
    with tenant_scope(world.acme.id):
        assert list(Notice.objects.filter(kind="x").values_list("key", flat=True)) == [
            "first chunk"
        ]


def test_a_failure_in_words_is_shown_as_it_is(
    world: World, work: dict[str, Work], job: Job
) -> None:
    def refuse(progress: Progress) -> None:
        raise JobFailed("The file has no header row.")

    work["run"] = refuse
    run(world.acme.id, job.id)

    assert state(world, job).error == "The file has no header row."
    with tenant_scope(world.acme.id):
        assert Notice.objects.get().kind == "job.failed"


def test_a_job_that_kills_its_workers_is_given_up(world: World, job: Job) -> None:
    with tenant_scope(world.acme.id):
        past = timezone.now() - timedelta(seconds=1)
        Job.objects.update(state=JobState.RUNNING, attempts=MAX_ATTEMPTS, leased_until=past)

    assert run(world.acme.id, job.id) is False
    assert state(world, job).state == JobState.FAILED


def test_a_waiting_job_stops_at_once(world: World, job: Job, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        assert ask_stop(job_id=job.id, actor=Actor(world.manager.id), at=at)

    assert run(world.acme.id, job.id) is False
    assert state(world, job).state == JobState.STOPPED


def test_a_running_job_stops_after_its_chunk(
    world: World, work: dict[str, Work], job: Job, at: datetime
) -> None:
    chunks: list[int] = []

    def count(progress: Progress) -> None:
        for number in range(5):
            if progress.should_stop():
                return
            chunks.append(number)
            if number == 1:
                with tenant_scope(world.acme.id):
                    ask_stop(job_id=job.id, actor=Actor(world.manager.id), at=at)

    work["run"] = count
    run(world.acme.id, job.id)

    assert chunks == [0, 1]
    assert state(world, job).state == JobState.STOPPED


def test_a_failed_job_can_be_tried_again(
    world: World, work: dict[str, Work], job: Job, at: datetime
) -> None:
    def refuse(progress: Progress) -> None:
        raise JobFailed("no")

    work["run"] = refuse
    run(world.acme.id, job.id)
    work["run"] = lambda progress: progress.finish({"ok": 1})
    with tenant_scope(world.acme.id):
        assert retry_job(job_id=job.id, actor=Actor(world.admin.id), at=at)

    assert run(world.acme.id, job.id)
    assert state(world, job).state == JobState.DONE


def test_an_unknown_kind_is_refused(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id), pytest.raises(UnknownJob):
        start_job(kind="test.nothing", params={}, actor=Actor(world.manager.id), at=at)

    with tenant_scope(world.acme.id):
        assert not Job.objects.exists()
        assert not Event.objects.exists()
