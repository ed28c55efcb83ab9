"""What an import brings as history stays out of the queue and without deadlines until somebody takes it up."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from prm.events.models import Event
from prm.tenancy.scope import tenant_scope
from referrals.imports.checking import check_rows
from referrals.imports.committing import commit_rows
from referrals.imports.models import Import
from referrals.imports.presets import mapping_of_toml, toml_of
from referrals.imports.rules import Mapping
from referrals.imports.services import set_mapping
from referrals.imports.undoing import undo_import
from referrals.imports.work import DirectWork
from referrals.intake.services import take_import_into_queue, take_into_queue
from referrals.pipeline.models import Referral
from referrals.pipeline.selectors import waiting_referrals
from referrals.pipeline.services import change_stage
from tests.builders.referrals import a_referral, stage_of
from tests.builders.revenue import SYSTEM, an_import
from tests.conftest import World

ROWS = (
    "Id,Partner,Company,Stage,Start\n"
    "1,Brightwater,Kestrel,submitted,2024-01-10\n"
    "2,Brightwater,Osprey,submitted,2024-01-11\n"
    "3,Fairline,Harrier,opportunity,2024-01-12\n"
)
MAPPING = Mapping(
    columns={
        "external_id": "Id",
        "partner": "Partner",
        "company": "Company",
        "stage": "Stage",
        "registered_at": "Start",
    }
)


@pytest.fixture
def manager(world: World) -> Client:
    client = Client()
    client.force_login(world.manager, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


@pytest.fixture
def committed(world: World, at: datetime) -> Callable[..., Import]:
    """Take the file in, check it and commit it; returns the import. Outside a scope."""

    def do(mapping: Mapping = MAPPING, *, commit: bool = True) -> Import:
        with tenant_scope(world.acme.id):
            source = an_import(ROWS, at)
            set_mapping(import_id=source.id, mapping=mapping, actor=SYSTEM, at=at)
        check_rows(DirectWork(world.acme.id), source.id, at)
        if commit:
            commit_rows(DirectWork(world.acme.id), source.id, SYSTEM, at)
        with tenant_scope(world.acme.id):
            source.refresh_from_db()
        return source

    return do


def queued() -> list[str]:
    return sorted(waiting_referrals().values_list("company", flat=True))


def test_history_is_in_no_queue_and_has_no_deadline(
    world: World, at: datetime, committed: Callable[..., Import]
) -> None:
    source = committed()

    with tenant_scope(world.acme.id):
        assert queued() == []
        kestrel = Referral.objects.select_related("program").get(external_id="1")
        assert (kestrel.stage_kind, kestrel.queued_at, kestrel.answer_due_at) == (
            "submitted",
            None,
            None,
        )
        assert (source.check_report["history"], source.commit_report["history"]) == (2, 2)


def test_new_work_is_owed_an_answer_from_the_day_of_the_import(
    world: World, at: datetime, committed: Callable[..., Import]
) -> None:
    source = committed(replace(MAPPING, waiting="queue"))

    with tenant_scope(world.acme.id):
        assert queued() == ["Kestrel", "Osprey"]
        kestrel = Referral.objects.select_related("program").get(external_id="1")
        # Sixteen business hours after Wednesday, 18 November.
        assert kestrel.answer_due_at == at + timedelta(days=2)
        assert (source.check_report["history"], source.commit_report["history"]) == (0, 0)


def test_one_is_taken_up_once_and_waits_from_then_on(
    world: World, at: datetime, committed: Callable[..., Import]
) -> None:
    committed()
    later = at + timedelta(days=1)
    with tenant_scope(world.acme.id):
        rows = {row.external_id: row.id for row in Referral.objects.all()}

        def take(moment: datetime) -> int:
            wanted = [rows["1"], rows["3"], uuid4()]
            return take_into_queue(referral_ids=wanted, actor=SYSTEM, at=moment)

        assert (take(later), take(later + timedelta(days=1))) == (1, 0)
        assert queued() == ["Kestrel"]
        assert Referral.objects.get(external_id="1").queued_at == later
        assert Referral.objects.get(external_id="3").queued_at is None
        assert Event.objects.filter(name="referral.queued").count() == 1


def test_a_whole_import_is_taken_up_and_undone_exactly(
    world: World, at: datetime, committed: Callable[..., Import]
) -> None:
    source = committed()
    with tenant_scope(world.acme.id):
        other = a_referral(at, company="Merlin")

        def take() -> int:
            return take_import_into_queue(import_id=source.id, actor=SYSTEM, at=at)

        assert (take(), take()) == (2, 0)
        assert queued() == ["Kestrel", "Merlin", "Osprey"]
        assert Event.objects.filter(name="import.queued").count() == 1
        removed = undo_import(import_id=source.id, actor=SYSTEM, at=at)
        assert removed["referrals"] == 3
        assert list(Referral.objects.all()) == [other]


def test_history_is_answered_without_the_queue(
    world: World, at: datetime, committed: Callable[..., Import]
) -> None:
    committed()
    with tenant_scope(world.acme.id):
        kestrel = Referral.objects.get(external_id="1")
        accepted = stage_of(kestrel.program_id, "accepted").id
        change_stage(referral_id=kestrel.id, to_stage_id=accepted, actor=SYSTEM, at=at)

        assert not Referral.objects.unanswered_history().filter(id=kestrel.id).exists()
        assert queued() == []


def test_the_choice_travels_in_the_mapping_file() -> None:
    chosen = replace(MAPPING, waiting="queue")

    assert mapping_of_toml(toml_of(chosen)) == chosen
    assert mapping_of_toml('[columns]\ncompany = "Company"\n').waiting == "history"


def test_the_pages_say_it_and_take_it_up(
    world: World, manager: Client, at: datetime, committed: Callable[..., Import]
) -> None:
    with tenant_scope(world.acme.id):
        a_referral(at, company="Merlin")
    source = committed(commit=False)
    page = f"/acme/manage/imports/{source.id}/"
    assert "2 open referrals come in as history" in manager.get(page).content.decode()
    commit_rows(DirectWork(world.acme.id), source.id, SYSTEM, at)
    assert "2 open referrals are history" in manager.get(page).content.decode()

    queue = manager.get("/acme/manage/review/").content.decode()
    assert "Merlin" in queue
    assert "Kestrel" not in queue
    assert '?view=history">Imported history <span class="count">2</span>' in queue
    past = manager.get("/acme/manage/review/?view=history").content.decode()
    assert "Merlin" not in past
    assert "Osprey" in past

    with tenant_scope(world.acme.id):
        kestrel = Referral.objects.get(external_id="1")
    detail = manager.get(f"/acme/manage/referrals/{kestrel.id}/").content.decode()
    assert "This referral came in as history" in detail
    assert "Take into the queue" in detail
    answer = manager.post("/acme/manage/review/take/", {"pick": [str(kestrel.id), "nonsense"]})
    assert (answer.status_code, answer["Location"]) == (303, "/acme/manage/review/")
    detail = manager.get(f"/acme/manage/referrals/{kestrel.id}/").content.decode()
    assert "Take into the queue" not in detail
    assert "answers by" in detail

    assert "Take 1 into the queue" in manager.get(page).content.decode()
    manager.post(f"{page}queue/")
    assert "history" not in said(manager.get(page))
    with tenant_scope(world.acme.id):
        assert queued() == ["Kestrel", "Merlin", "Osprey"]


def said(response: Any) -> str:
    text = response.content.decode()
    return str(text[text.index('id="state"') :])


def test_taking_nothing_says_so(world: World, manager: Client) -> None:
    answer = manager.post("/acme/manage/review/take/", {}, follow=True)

    assert answer.status_code == 200
    assert "Nothing was chosen" in answer.content.decode()
    assert "No history is left" in answer.content.decode()
