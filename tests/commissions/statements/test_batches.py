"""A batch issues what can be issued and names the rest; its papers come in one file, each the kept one."""

import io
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone

from commissions.statements import services
from commissions.statements.batches import NotIssued, outcome_of, start_batch
from commissions.statements.gathering import BooksAt, books_at
from commissions.statements.keeping import kept_file
from commissions.statements.models import Statement
from commissions.statements.services import issue_statement
from prm.accounts.models import User
from prm.events.services import SYSTEM, Actor
from prm.jobs import parts
from prm.jobs.files import open_private
from prm.jobs.models import Job, JobPart, JobState
from prm.jobs.services import run as run_job
from prm.tenancy.scope import tenant_scope
from tests.builders.partners import a_partner
from tests.builders.payouts import payable
from tests.conftest import World

NOW = timezone.now()
# Near midnight the day of UTC is not the tenant's.
TODAY = NOW.astimezone(ZoneInfo("Europe/Amsterdam")).date()


def _client(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def partners(world: World) -> dict[str, UUID]:
    with tenant_scope(world.acme.id):
        made = {name: a_partner(name=name) for name in ("Brightwater", "Cobalt", "Lindqvist")}
        for number, partner in enumerate(made.values(), start=1):
            payable(partner.id, 1_000 * number, at=NOW)
        return {name: partner.id for name, partner in made.items()}


@pytest.fixture
def _cobalt_disagrees(partners: dict[str, UUID], monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(**facts: Any) -> BooksAt:
        return BooksAt(0, 1, 0) if facts["partner_id"] == partners["Cobalt"] else books_at(**facts)

    monkeypatch.setattr(services, "books_at", wrong)


def _batch(world: World) -> Job:
    with tenant_scope(world.acme.id):
        return start_batch(until_on=TODAY, actor=Actor(world.finance.id), at=NOW)


def _ran(world: World, job: Job) -> Job:
    assert run_job(world.acme.id, job.id)
    with tenant_scope(world.acme.id):
        return Job.objects.get(id=job.id)


@pytest.mark.usefixtures("_cobalt_disagrees")
def test_who_cannot_be_stated_is_named_and_the_others_are(
    world: World, partners: dict[str, UUID]
) -> None:
    job = _ran(world, _batch(world))

    assert (job.state, job.result) == (JobState.DONE, {"issued": 2, "not_issued": 1})
    with tenant_scope(world.acme.id):
        outcome = outcome_of(job)
        numbers = sorted(Statement.objects.values_list("number", flat=True))
    assert outcome.failed == [NotIssued(partners["Cobalt"], "Cobalt", "EUR", "books")]
    assert (outcome.issued, outcome.seen) == (2, 0)
    # The one that failed took no number.
    assert numbers == [f"ST-{TODAY:%Y-%m}-0001", f"ST-{TODAY:%Y-%m}-0002"]
    body = _client(world.finance).get(f"/acme/{job.back_path}").content.decode()
    assert "Cobalt" in body
    assert "The lines do not add up to the books" in body


def test_a_part_that_always_fails_is_given_up_and_its_partners_are_named(
    world: World, partners: dict[str, UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    from commissions.statements import jobs

    def broken(part: parts.PartProgress) -> dict[str, Any]:
        jobs._issue(part, partners["Brightwater"], "EUR", TODAY)
        raise ValueError("the disk is full")

    monkeypatch.setitem(parts._workers, "statements.issue", broken)
    # The first statement stays only with its scope; the part works outside one.
    monkeypatch.setattr(jobs, "_issue", _in_scope(jobs._issue))

    job = _ran(world, _batch(world))

    assert job.result == {"issued": 1, "not_issued": 2}
    with tenant_scope(world.acme.id):
        assert JobPart.objects.get().attempts == parts.TRIES + 1
        named = {(row.partner, row.reason) for row in outcome_of(job).failed}
    assert named == {("Cobalt", "gave_up"), ("Lindqvist", "gave_up")}


def _in_scope(issue: Any) -> Any:
    def scoped(part: parts.PartProgress, *args: Any) -> str:
        with part.scope():
            return str(issue(part, *args))

    return scoped


def test_a_turn_that_ends_is_no_failure_and_the_next_worker_goes_on(
    world: World, partners: dict[str, UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("commissions.statements.jobs.ISSUED_TOGETHER", 1)
    monkeypatch.setattr(parts, "TURN_SECONDS", -1)
    job = _batch(world)

    for issued in range(3):
        paused = _ran(world, job)
        assert (paused.state, paused.attempts, paused.leased_until) == (JobState.RUNNING, 0, None)
        with tenant_scope(world.acme.id):
            assert Statement.objects.count() == issued
            # A helper does one part meanwhile.
            parts_left = JobPart.objects.filter(done_at=None).count()
        assert parts_left == 3 - issued
        assert parts.do_next_part(world.acme.id, job.id)

    done = _ran(world, job)
    assert (done.state, done.result, done.done_count) == (JobState.DONE, {"issued": 3}, 3)
    assert not parts.do_next_part(world.acme.id, job.id)


def test_all_papers_of_a_month_come_in_one_file(
    world: World, partners: dict[str, UUID], at: datetime
) -> None:
    _ran(world, _batch(world))
    finance = _client(world.finance)
    with tenant_scope(world.acme.id):
        statements = list(Statement.objects.order_by("number"))
        assert [kept_file(statement) for statement in statements] == [None] * 3

    asked = finance.post(
        "/acme/manage/statements/archive/", {"period": f"{TODAY:%Y-%m}", "currency": "EUR"}
    )
    with tenant_scope(world.acme.id):
        job = Job.objects.latest("created_at")
    assert asked.headers["Location"] == f"/acme/jobs/{job.id}/"
    job = _ran(world, job)

    assert job.result == {"statements": 3}
    with tenant_scope(world.acme.id), open_private(job.file) as file:
        archive = zipfile.ZipFile(io.BytesIO(file.read()))
        kept: list[Path | None] = [kept_file(statement) for statement in statements]
    papers = [f"{statement.number}.pdf" for statement in statements]
    assert archive.namelist() == [*papers, "contents.csv"]
    for name, path in zip(papers, kept, strict=True):
        assert path is not None
        assert archive.read(name) == path.read_bytes()
    contents = archive.read("contents.csv").decode().splitlines()
    assert [line.split(",")[-1] for line in contents[1:]] == papers
    assert statements[2].digest in contents[3]
    refused = finance.post("/acme/manage/statements/archive/", {"period": "2026-13"})
    assert refused.headers["Location"] == "/acme/manage/statements/"


def test_one_run_states_a_partner_once_whatever_is_asked_again(
    world: World, partners: dict[str, UUID]
) -> None:
    with tenant_scope(world.acme.id):
        job_id = start_batch(until_on=TODAY, actor=Actor(world.finance.id), at=NOW).id
        facts: dict[str, Any] = {
            "partner_id": partners["Cobalt"],
            "currency": "EUR",
            "until_on": TODAY,
            "actor": SYSTEM,
            "run_id": job_id,
        }
        first = issue_statement(**facts, at=NOW)
        payable(partners["Cobalt"], 5, at=NOW)

        assert issue_statement(**facts, at=NOW) == first
        assert Statement.objects.count() == 1
