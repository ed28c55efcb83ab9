"""An import writes its good rows once, goes on after a kill, and goes away without a trace."""

import os
import signal
import subprocess
import sys
import textwrap
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest

from partners.directory.models import Enrollment, Partner
from prm.events.models import Event
from prm.jobs.files import private_path
from prm.tenancy.scope import tenant_scope
from referrals.imports import hooks, reading
from referrals.imports.checking import check_rows
from referrals.imports.committing import commit_rows
from referrals.imports.hooks import UndoRefused, before_undo
from referrals.imports.models import Import, ImportProblem, ImportState
from referrals.imports.rules import Mapping, RowReader
from referrals.imports.services import NotNow, queue_commit, set_mapping
from referrals.imports.undoing import undo_import
from referrals.imports.work import DirectWork
from referrals.pipeline.models import Referral, StageChange
from referrals.pipeline.services import add_note
from referrals.revenue.models import Customer, RevenueEvent
from tests.builders.referrals import a_partner
from tests.builders.revenue import SYSTEM, a_payment, an_import
from tests.conftest import World, make_world

HEADING = "Id,Partner,Company,Stage,Start,Close,Value\n"
COLUMNS = {
    "external_id": "Id",
    "partner": "Partner",
    "company": "Company",
    "stage": "Stage",
    "registered_at": "Start",
    "closed_at": "Close",
    "deal": "Value",
}
ROWS = (
    "1,Brightwater,Kestrel,won,2024-01-10,2024-02-01,1200.50\n"
    "2,Brightwater,Osprey,lost,2024-01-11,2024-03-01,\n"
    "3,Fairline,Harrier,opportunity,2024-01-12,,800\n"
    "4,Fairline,Merlin,submitted,2024-01-13,,\n"
    "5,Fairline,Kite,won,2024-01-14,2024-02-14,10\n"
)
MAPPING = Mapping(columns=COLUMNS)


def checked(
    world: World, at: datetime, text: str = HEADING + ROWS, mapping: Mapping = MAPPING
) -> Import:
    """Take a file in and check it; outside a scope."""
    with tenant_scope(world.acme.id):
        source = an_import(text, at)
        set_mapping(import_id=source.id, mapping=mapping, actor=SYSTEM, at=at)
    check_rows(DirectWork(world.acme.id), source.id, at)
    with tenant_scope(world.acme.id):
        source.refresh_from_db()
    return source


def committed(world: World, at: datetime, *given: Any) -> Import:
    source = checked(world, at, *given)
    commit_rows(DirectWork(world.acme.id), source.id, SYSTEM, at)
    with tenant_scope(world.acme.id):
        source.refresh_from_db()
    return source


def counts() -> dict[str, int]:
    models = (Referral, StageChange, Customer, RevenueEvent, Partner, Enrollment)
    return {model.__name__: model.objects.count() for model in models}


WHOLE = {
    "Referral": 5,
    "StageChange": 9,
    "Customer": 2,
    "RevenueEvent": 2,
    "Partner": 2,
    "Enrollment": 2,
}


def test_a_check_writes_nothing_but_its_report(world: World, at: datetime) -> None:
    source = checked(world, at)
    assert source.state == ImportState.CHECKED
    report = source.check_report
    assert (report["rows"], report["ready"], report["errors"]) == (5, 5, 0)
    assert (report["stages"], report["deal_minor"], report["currency"]) == (
        {"lost": 1, "opportunity": 1, "submitted": 1, "won": 2},
        121050,
        "EUR",
    )
    with tenant_scope(world.acme.id):
        assert set(counts().values()) == {0}


def test_the_commit_does_what_the_check_said(world: World, at: datetime) -> None:
    source = committed(world, at)
    assert source.state == ImportState.COMMITTED
    same = (
        "ready",
        "stages",
        "deal_minor",
        "sales",
        "customers",
        "partners",
        "first_on",
        "last_on",
    )
    assert {key: source.commit_report[key] for key in same} == {
        key: source.check_report[key] for key in same
    }
    with tenant_scope(world.acme.id):
        assert counts() == WHOLE


def test_rows_go_to_partners_of_the_same_name_whatever_its_case(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        known = a_partner("Brightwater")
    source = committed(world, at, HEADING + "1,BRIGHTWATER ,Kestrel,submitted,2024-01-10,,\n")
    assert source.check_report["partner_new"] == 0
    with tenant_scope(world.acme.id):
        assert Referral.objects.get().partner_id == known.id
        assert Partner.objects.count() == 1


def test_the_same_file_again_adds_nothing(world: World, at: datetime) -> None:
    committed(world, at)
    again = checked(world, at)
    assert (again.check_report["ready"], again.check_report["skipped"]) == (0, 5)
    with tenant_scope(world.acme.id), pytest.raises(NotNow):
        queue_commit(import_id=again.id, actor=SYSTEM, at=at)


def test_an_id_that_comes_twice_goes_in_once_and_is_told(world: World, at: datetime) -> None:
    twice = HEADING + "1,Brightwater,Kestrel,submitted,2024-01-10,,\n" * 2
    source = committed(world, at, twice)
    assert (source.check_report["ready"], source.check_report["errors"]) == (1, 1)
    with tenant_scope(world.acme.id):
        problem = ImportProblem.objects.get()
        assert (problem.line, problem.code, problem.value) == (3, "repeated_id", "1")
        assert Referral.objects.count() == 1


def test_another_tenants_import_is_out_of_sight(world: World, at: datetime) -> None:
    source = committed(world, at)
    with tenant_scope(world.globex.id):
        assert set(counts().values()) == {0}
        assert not Import.objects.filter(id=source.id).exists()


class Killed(RuntimeError):
    """Stands for the death of a worker inside a chunk."""


class MortalWork(DirectWork):
    """Dies while its second chunk is open."""

    def advance(self, done: int, total: int | None = None) -> None:
        """Die after the second chunk's rows, before its checkpoint."""
        if self.checkpoint:
            raise Killed


@pytest.mark.parametrize("remembers", [True, False], ids=["checkpoint", "forgotten"])
def test_a_killed_commit_goes_on_and_writes_nothing_twice(
    world: World,
    at: datetime,
    monkeypatch: pytest.MonkeyPatch,
    remembers: bool,
) -> None:
    monkeypatch.setattr(reading, "CHUNK", 2)
    source = checked(world, at)
    mortal = MortalWork(world.acme.id)
    with pytest.raises(Killed):
        commit_rows(mortal, source.id, SYSTEM, at)
    with tenant_scope(world.acme.id):
        assert Referral.objects.count() == 2
    kept = mortal.checkpoint if remembers else {}
    commit_rows(DirectWork(world.acme.id, checkpoint=kept), source.id, SYSTEM, at)
    with tenant_scope(world.acme.id):
        assert counts() == WHOLE
        assert Event.objects.filter(name="import.committed").count() == 1


NASTY = '7,Brightwater,"back\\slash \\N\tand ""tab""",submitted,2024-01-13,,\n'


def rows_in() -> list[tuple[Any, ...]]:
    names = ("number", "company", "stage_kind", "registered_at", "closed_at", "deal_minor")
    return list(Referral.objects.order_by("number").values_list(*names, "external_id"))


def test_the_commit_takes_what_the_check_left_and_reads_nothing_again(
    world: World, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tenant_scope(world.acme.id):
        source = an_import(HEADING + ROWS + NASTY, at)
        set_mapping(import_id=source.id, mapping=MAPPING, actor=SYSTEM, at=at)
        # Without a check before it a commit reads the file.
        reading_it = Import.objects.get(id=source.id)
    commit_rows(DirectWork(world.acme.id), reading_it.id, SYSTEM, at)
    with tenant_scope(world.acme.id):
        read = rows_in()
        assert ("R-2024-0006", 'back\\slash \\N and "tab"') in [row[:2] for row in read]
        undo_import(import_id=source.id, actor=SYSTEM, at=at)
        assert not rows_in()
    check_rows(DirectWork(world.acme.id), source.id, at)
    monkeypatch.setattr(RowReader, "read", None)
    folder = private_path(source.file).parent
    assert len(list(folder.iterdir())) == 2

    commit_rows(DirectWork(world.acme.id), source.id, SYSTEM, at)

    with tenant_scope(world.acme.id):
        assert [row[1:] for row in rows_in()] == [row[1:] for row in read]
    assert list(folder.iterdir()) == [private_path(source.file)]


def test_what_a_check_left_counts_only_for_what_it_was_made_from(
    world: World, at: datetime
) -> None:
    source = checked(world, at)
    with tenant_scope(world.acme.id):
        # As a change between check and commit would be, such as a stage that an editor retired.
        Import.objects.filter(id=source.id).update(
            mapping={**source.mapping, "stages": {"won": "lost"}}
        )
    commit_rows(DirectWork(world.acme.id), source.id, SYSTEM, at)
    with tenant_scope(world.acme.id):
        assert not Referral.objects.filter(stage_kind="won").exists()


def test_the_day_of_the_import_is_the_commits_day(world: World, at: datetime) -> None:
    text = HEADING + "1,Brightwater,Kestrel,submitted,,,\n"
    source = checked(world, at, text, replace(MAPPING, no_date="import_date"))
    later = at + timedelta(days=3)
    commit_rows(DirectWork(world.acme.id), source.id, SYSTEM, later)
    with tenant_scope(world.acme.id):
        assert Referral.objects.get().registered_at == later


def test_undo_removes_exactly_what_the_import_made(world: World, at: datetime) -> None:
    first = committed(world, at)
    text = (
        HEADING
        + "9,Brightwater,Falcon,won,2024-05-01,2024-06-01,70\n8,Newcomer,Owl,lost,2024-05-01,2024-06-01,\n"
    )
    with tenant_scope(world.acme.id):
        before = counts()
    second = committed(world, at, text)
    with tenant_scope(world.acme.id):
        assert counts() != before
        removed = undo_import(import_id=second.id, actor=SYSTEM, at=at)
        assert counts() == before
        assert removed == {
            "sales": 1,
            "customers": 1,
            "stage_changes": 4,
            "referrals": 2,
            "partners": 1,
            "partners_kept": 0,
        }
        assert undo_import(import_id=second.id, actor=SYSTEM, at=at) == removed
        assert Event.objects.filter(name="import.undone").count() == 1
        assert Import.objects.get(id=first.id).state == ImportState.COMMITTED
    committed(world, at, text)


def test_undo_is_refused_once_people_have_worked_on_the_rows(world: World, at: datetime) -> None:
    source = committed(world, at)
    with tenant_scope(world.acme.id):
        person = replace(SYSTEM, user_id=world.manager.id)
        add_note(
            referral_id=Referral.objects.get(external_id="4").id,
            text="Called them",
            internal=True,
            actor=person,
            at=at,
        )
        a_payment(Customer.objects.get(name="Kite"), at)
        before = counts()
        with pytest.raises(UndoRefused, match=r"1 note was written .* 1 payment was booked"):
            undo_import(import_id=source.id, actor=SYSTEM, at=at)
        assert counts() == before


def test_a_hook_may_forbid_the_undo_and_nothing_is_gone(
    world: World, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = committed(world, at)
    monkeypatch.setattr(hooks, "_before_undo", [])
    asked: list[UUID] = []

    @before_undo
    def refuse(import_id: UUID) -> None:
        asked.append(import_id)
        raise UndoRefused("A payout holds its commissions.")

    with tenant_scope(world.acme.id):
        with pytest.raises(UndoRefused, match="payout"):
            undo_import(import_id=source.id, actor=SYSTEM, at=at)
        assert asked == [source.id]
        assert counts() == WHOLE


@pytest.mark.slow
def test_a_worker_killed_in_the_middle_of_a_chunk_leaves_no_half(
    real_database: str, at: datetime
) -> None:
    """Kill -9 of a real process with an open transaction, then another process finishes."""
    world = make_world()
    lines = "".join(
        f"{key},Brightwater,Kestrel {key},won,2024-01-10,2024-02-01,{key}\n"
        for key in range(1, 401)
    )
    source = checked(world, at, HEADING + lines)
    script = """
        import os, signal, sys, django
        django.setup()
        from datetime import UTC, datetime
        from uuid import UUID
        from prm.events.services import SYSTEM
        from referrals.imports import reading
        from referrals.imports.committing import commit_rows
        from referrals.imports.work import DirectWork
        reading.CHUNK = 100
        class Work(DirectWork):
            def advance(self, done, total=None):
                if sys.argv[3] == "die" and done > 300:
                    os.kill(os.getpid(), signal.SIGKILL)
        commit_rows(Work(int(sys.argv[1])), UUID(sys.argv[2]), SYSTEM, datetime(2026, 11, 18, 12, tzinfo=UTC))
    """
    url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{real_database}").geturl()
    environment = {**os.environ, "DATABASE_URL": url}

    def worker(how: str) -> int:
        command = [
            sys.executable,
            "-c",
            textwrap.dedent(script),
            str(world.acme.id),
            str(source.id),
            how,
        ]
        return subprocess.run(command, env=environment, check=False, capture_output=True).returncode

    assert worker("die") == -signal.SIGKILL
    with tenant_scope(world.acme.id):
        assert Referral.objects.count() == 200
        assert Referral.objects.count() == RevenueEvent.objects.count()
    assert worker("finish") == 0
    with tenant_scope(world.acme.id):
        assert Referral.objects.count() == 400
        assert sum(RevenueEvent.objects.values_list("amount_minor", flat=True)) == 80200 * 100
        assert Referral.objects.values("number").distinct().count() == 400
        assert Event.objects.filter(name="import.committed").count() == 1
