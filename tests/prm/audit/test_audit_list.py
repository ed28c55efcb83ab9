"""The audit trail can be searched by words, person, area and day, shows before and after, and is exported."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from partners.directory.services import edit_partner
from prm.accounts.models import User
from prm.events.services import Actor, emit
from prm.jobs.files import private_path
from prm.jobs.models import Job, JobState
from prm.jobs.services import run
from prm.tenancy.scope import tenant_scope
from tests.builders.partners import a_partner
from tests.conftest import World


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


@pytest.fixture
def happened(world: World, at: datetime) -> World:
    with tenant_scope(world.acme.id):
        partner = a_partner("Kestrel <Co>")
        edit_partner(
            partner_id=partner.id, name="Kestrel & Sons", actor=Actor(world.manager.id), at=at
        )
        early = datetime(2026, 1, 5, 12, tzinfo=UTC)
        emit(
            "tenant.settings_changed",
            subject="tenant:1",
            actor=Actor(world.admin.id),
            at=early,
            changes={"name": ["A", "B"]},
        )
    with tenant_scope(world.globex.id):
        emit("partner.added", subject="partner:secret", actor=Actor(world.stranger.id), at=at)
    return world


def names(world: World, query: str = "") -> list[str]:
    response = signed_in(world.admin).get(f"/acme/manage/audit/{query}")
    assert response.status_code == 200
    return [line.name for line in response.context["lines"]]


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "2026-02-30"])
def test_a_day_outside_every_calendar_filters_nothing(happened: World, day: str) -> None:
    assert names(happened, f"?since={day}&until={day}") == names(happened)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        pytest.param(
            "",
            ["tenant.settings_changed", "partner.edited", "partner.added"],
            id="all, newest first",
        ),
        pytest.param("?area=partner", ["partner.edited", "partner.added"], id="an area"),
        pytest.param("?q=mara", ["partner.edited"], id="a person by name"),
        pytest.param("?q=partner.ed", ["partner.edited"], id="an event by name"),
        pytest.param("?q=tenant:1", ["tenant.settings_changed"], id="a subject"),
        pytest.param("?since=2026-11-18&until=2026-11-18", ["partner.edited"], id="a day"),
        pytest.param(
            "?until=2026-01-05",
            ["tenant.settings_changed", "partner.added"],
            id="up to a day, included",
        ),
        pytest.param(
            "?since=nonsense&area=nonsense",
            ["tenant.settings_changed", "partner.edited", "partner.added"],
            id="nonsense",
        ),
        pytest.param(
            "?q=%00", ["tenant.settings_changed", "partner.edited", "partner.added"], id="a NUL"
        ),
        pytest.param("?q=nothing", [], id="nothing"),
    ],
)
def test_finds(happened: World, query: str, found: list[str]) -> None:
    assert names(happened, query) == found


def test_shows_before_and_after_escaped(happened: World) -> None:
    text = signed_in(happened.admin).get("/acme/manage/audit/").text

    assert "<del>Kestrel &lt;Co&gt;</del> <ins>Kestrel &amp; Sons</ins>" in text
    assert "Mara Manager" in text
    assert "secret" not in text


def test_shows_moments_as_people_read_them(happened: World, at: datetime) -> None:
    with tenant_scope(happened.acme.id):
        emit(
            "plan.published",
            subject="program:1",
            actor=Actor(happened.admin.id),
            at=at,
            changes={"starts_at": ["", "2026-03-31T22:00:00+00:00"]},
        )

    text = signed_in(happened.admin).get("/acme/manage/audit/").text

    assert "T22:00:00" not in text
    assert "2026, " in text[text.index("in force from") :]


def test_names_things_and_people(happened: World, at: datetime) -> None:
    with tenant_scope(happened.acme.id):
        partner = a_partner("Numera")
        edit_partner(
            partner_id=partner.id,
            manager_id=happened.finance.id,
            actor=Actor(happened.manager.id),
            at=at,
        )

    text = signed_in(happened.admin).get("/acme/manage/audit/").text

    assert f'<a href="/acme/manage/partners/{partner.id}/">Numera</a>' in text
    assert "manager: <ins>Fay Finance</ins>" in text


def test_is_exported_by_a_job_with_the_same_filters(
    happened: World, tmp_path: Path, settings: Any
) -> None:
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {**settings.STORAGES["default"], "OPTIONS": {"location": str(tmp_path)}},
    }

    signed_in(happened.admin).post("/acme/manage/audit/export/", {"area": "partner"})
    with tenant_scope(happened.acme.id):
        job = Job.objects.get()
    run(happened.acme.id, job.id)

    with tenant_scope(happened.acme.id):
        job.refresh_from_db()
        assert (job.state, job.result) == (JobState.DONE, {"rows": 2})
        lines = private_path(job.file).read_text(encoding="utf-8-sig").splitlines()
    assert lines[0].startswith("id,at,event,subject,who")
    assert "partner.edited" in lines[1]
    assert "Mara Manager" in lines[1]


def test_a_manager_may_not_read_it(happened: World) -> None:
    assert signed_in(happened.manager).get("/acme/manage/audit/").status_code == 403
