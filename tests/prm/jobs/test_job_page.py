"""A job's page follows the work, ends the polling, and hands its file only to those who may have it."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from prm.accounts.capabilities import Capability
from prm.accounts.models import User
from prm.events.models import Event
from prm.events.services import Actor
from prm.jobs import runners
from prm.jobs.files import private_path, save_private
from prm.jobs.models import Job, JobState
from prm.jobs.runners import runner
from prm.jobs.services import clear_files, start_job
from prm.tenancy.scope import tenant_scope
from tests.conftest import World


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


@pytest.fixture(autouse=True)
def _kind(tmp_path: Any, settings: Any) -> Iterator[None]:
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {**settings.STORAGES["default"], "OPTIONS": {"location": str(tmp_path)}},
    }
    before = dict(runners._runners)
    runner("test.count", label="Count things", capability=Capability.SEE_MONEY, unit="rows")(
        lambda progress: None
    )
    yield
    runners._runners.clear()
    runners._runners.update(before)


@pytest.fixture
def job(world: World, at: datetime) -> Job:
    with tenant_scope(world.acme.id):
        return start_job(
            kind="test.count",
            params={},
            actor=Actor(world.manager.id),
            at=at,
            back_path="manage/partners/",
        )


def change(world: World, job: Job, **fields: Any) -> None:
    with tenant_scope(world.acme.id):
        Job.objects.filter(id=job.id).update(**fields)


def page(user: User, job: Job, *, part: bool = False) -> Any:
    return signed_in(user).get(
        f"/acme/jobs/{job.id}/", headers={"HX-Request": "true"} if part else {}
    )


def test_a_running_job_is_polled_and_says_how_far_it_is(world: World, job: Job) -> None:
    change(
        world,
        job,
        state=JobState.RUNNING,
        done_count=268,
        total_count=418,
        started_at=timezone.now() - timedelta(minutes=2),
    )

    response = page(world.manager, job)

    assert response.status_code == 200
    assert "268 of 418 rows" in response.text
    assert "About 1 minute left." in response.text
    assert 'hx-trigger="every 2s"' in response.text
    assert '<noscript><meta http-equiv="refresh" content="5"></noscript>' in response.text
    assert page(world.manager, job, part=True).status_code == 200


def test_the_poll_ends_with_the_job(world: World, job: Job) -> None:
    change(world, job, state=JobState.DONE, result={"rows": 418, "skipped": 6})

    response = page(world.manager, job, part=True)

    assert response.status_code == 286
    assert "every 2s" not in response.text
    assert "<dt>Rows</dt><dd>418</dd>" in response.text
    assert "<dt>Skipped</dt><dd>6</dd>" in response.text
    assert page(world.manager, job).status_code == 200


def test_an_unexpected_error_is_not_shown_on_the_page(world: World, job: Job) -> None:
    change(world, job, state=JobState.FAILED, error="Traceback (most recent call last): secret")

    assert "secret" not in page(world.manager, job).text


def test_who_may_see_it(world: World, job: Job) -> None:
    assert page(world.finance, job).status_code == 200  # holds the kind's capability
    assert page(world.admin, job).status_code == 200
    with tenant_scope(world.acme.id):
        Job.objects.filter(id=job.id).update(started_by=world.admin)
    assert page(world.manager, job).status_code == 404


def test_hands_out_the_file_once_asked_and_records_it(world: World, job: Job) -> None:
    stored = save_private(b"<script>alert(1)</script>", file_name="x.html", tenant_id=world.acme.id)
    change(
        world,
        job,
        state=JobState.DONE,
        file=stored,
        file_name="x.html",
        file_expires_at=timezone.now() + timedelta(days=1),
    )

    response: Any = signed_in(world.finance).get(f"/acme/jobs/{job.id}/file/")

    assert b"".join(response.streaming_content) == b"<script>alert(1)</script>"
    assert response.headers["Content-Disposition"] == 'attachment; filename="x.html"'
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Cache-Control"] == "private, no-store"
    with tenant_scope(world.acme.id):
        assert (
            Event.objects.filter(name="job.file_downloaded", actor_id=world.finance.id).count() == 1
        )


def test_an_expired_file_is_gone(world: World, job: Job) -> None:
    stored = save_private(b"x", file_name="x.csv", tenant_id=world.acme.id)
    change(
        world,
        job,
        state=JobState.DONE,
        file=stored,
        file_name="x.csv",
        file_expires_at=timezone.now() - timedelta(seconds=1),
    )

    assert signed_in(world.finance).get(f"/acme/jobs/{job.id}/file/").status_code == 404
    assert "no longer kept" in page(world.manager, job).text


def test_who_lost_the_right_loses_the_file_too(world: World, job: Job) -> None:
    change(
        world,
        job,
        state=JobState.DONE,
        file=save_private(b"x", file_name="x.csv", tenant_id=world.acme.id),
        file_name="x.csv",
        file_expires_at=timezone.now() + timedelta(days=1),
    )

    # The manager started it, but holds no right to see money (any more).
    assert signed_in(world.manager).get(f"/acme/jobs/{job.id}/file/").status_code == 404
    allowed: Any = signed_in(world.finance).get(f"/acme/jobs/{job.id}/file/")
    assert b"".join(allowed.streaming_content) == b"x"


def test_stop_and_retry(world: World, job: Job) -> None:
    client = signed_in(world.manager)

    client.post(f"/acme/jobs/{job.id}/stop/")
    with tenant_scope(world.acme.id):
        assert Job.objects.get().state == JobState.STOPPED
    client.post(f"/acme/jobs/{job.id}/retry/")
    with tenant_scope(world.acme.id):
        assert Job.objects.get().state == JobState.QUEUED


def test_the_list_shows_what_one_may_see(world: World, job: Job) -> None:
    assert "Count things" in signed_in(world.manager).get("/acme/manage/jobs/").text
    with tenant_scope(world.acme.id):
        Job.objects.update(started_by=world.admin)
    assert "Count things" not in signed_in(world.manager).get("/acme/manage/jobs/").text


def test_expired_files_are_removed_and_only_they(world: World, job: Job, at: datetime) -> None:

    old = save_private(b"x", file_name="x.csv", tenant_id=world.acme.id)
    fresh = save_private(b"y", file_name="y.csv", tenant_id=world.acme.id)
    change(world, job, state=JobState.DONE, file=old, file_name="x.csv", file_expires_at=at)
    with tenant_scope(world.acme.id):
        Job.objects.create(
            kind="test.count",
            file=fresh,
            file_name="y.csv",
            file_expires_at=at + timedelta(hours=2),
        )

        assert [
            clear_files(at=at + timedelta(hours=1)),
            clear_files(at=at + timedelta(hours=1)),
        ] == [1, 0]

    assert not private_path(old).exists()
    assert private_path(fresh).exists()
    assert "no longer kept" in page(world.manager, job).text
