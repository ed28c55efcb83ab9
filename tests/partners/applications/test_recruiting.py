"""Prospects with an explained fit become invited partners; many are invited at once, with a result each."""

import csv
from datetime import datetime
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from partners.applications.fit import MOST, Facts, Field, fit_parts
from partners.applications.inviting import invite_row, pasted_rows
from partners.applications.links import invited_ticket
from partners.applications.models import Application, Prospect
from partners.applications.prospects import (
    CannotInvite,
    ProspectExists,
    edit_prospect,
    invite_to_apply,
    make_partner,
    move_prospect,
    prospect_row,
)
from partners.applications.sheets import RowRefused
from partners.directory.models import Enrollment, Partner
from prm.accounts.invitations import (
    accept_invitation,
    token_of,
)
from prm.accounts.models import Invitation
from prm.events.services import SYSTEM, Actor
from prm.jobs.files import private_path
from prm.jobs.models import Job
from prm.jobs.services import run
from prm.notices.models import Mail
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from tests.builders.applications import a_prospect, an_admission, an_application
from tests.builders.partners import a_partner, a_program
from tests.builders.people import a_person
from tests.conftest import World
from tests.partners.directory.test_partner_pages import signed_in

PARTNERS = Field(
    types={"accountant": 4, "agency": 1},
    countries={"IE": 3},
    won={("accountant", "IE"): 3, ("accountant", "IT"): 1},
)
ALL = Facts("accountant", "IE", 12, 60, "larkfield.example")


@pytest.mark.parametrize(
    ("change", "points"),
    [
        pytest.param({}, (20, 15, 15, 25, 10, 15), id="all fits"),
        pytest.param({"type": "agency"}, (12, 15, 15, 25, 10, 0), id="a type that never won"),
        pytest.param({"type": "reseller"}, (6, 15, 15, 25, 10, 0), id="a new type"),
        pytest.param({"country": "IT"}, (20, 5, 15, 25, 10, 10), id="a new country, one winner"),
        pytest.param({"country": ""}, (20, 0, 15, 25, 10, 0), id="no country"),
        pytest.param({"staff_count": None}, (20, 15, 0, 25, 10, 15), id="unknown size"),
        pytest.param({"staff_count": 900}, (20, 15, 8, 25, 10, 15), id="a large one"),
        pytest.param({"client_count": 9}, (20, 15, 15, 8, 10, 15), id="few clients"),
        pytest.param({"client_count": 0}, (20, 15, 15, 0, 10, 15), id="no clients"),
        pytest.param({"domain": ""}, (20, 15, 15, 25, 0, 15), id="free mail"),
    ],
)
def test_fit_lists_its_parts(change: dict[str, Any], points: tuple[int, ...]) -> None:
    parts = fit_parts(Facts(**{**ALL.__dict__, **change}), PARTNERS)
    assert tuple(part.points for part in parts) == points
    assert [part.of for part in parts] == list(MOST.values())
    assert all(part.why for part in parts)
    assert sum(MOST.values()) == 100


def test_a_prospect_keeps_its_fit(acme: Tenant, at: datetime) -> None:
    prospect = a_prospect(website="https://www.larkfield.example", client_count=3)
    assert prospect.domain == "larkfield.example"
    assert prospect.fit == sum(part["points"] for part in prospect.fit_parts)
    edit_prospect(prospect_id=prospect.id, client_count=60, actor=SYSTEM, at=at)
    before = prospect.fit
    prospect.refresh_from_db()
    assert prospect.fit == before + 17
    with pytest.raises(ProspectExists):
        a_prospect("LARKFIELD  Accounting")


def test_a_prospect_becomes_an_invited_partner_and_keeps_its_notes(
    world: World, deliver: Any, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        program = a_program()
        prospect = a_prospect(notes="Met at the fair", contact="Noor Lark", type="accountant")
        partner = make_partner(
            prospect_id=prospect.id,
            program_id=program.id,
            actor=Actor(user_id=world.manager.id, name="Mara"),
            at=at,
        )
        prospect.refresh_from_db()
        assert (prospect.state, prospect.partner_id) == ("invited", partner.id)
        assert (prospect.notes, prospect.invited_at) == ("Met at the fair", at)
        assert (partner.name, partner.type) == ("Larkfield Accounting", "accountant")
        assert Enrollment.objects.get(partner=partner).program_id == program.id
        token = token_of(Invitation.objects.get(email=prospect.email))
        person = a_person(prospect.email)
        accept_invitation(token=token, user=person, at=at)
    deliver()
    with tenant_scope(world.acme.id):
        prospect.refresh_from_db()
        assert prospect.state == "partner"
        with pytest.raises(CannotInvite, match="partner already"):
            make_partner(prospect_id=prospect.id, program_id=None, actor=SYSTEM, at=at)


def test_an_invited_prospect_applies_where_the_form_is_closed(
    world: World, deliver: Any, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        program = a_program()
        an_admission(program, "invitation")
        prospect = a_prospect()
        invite_to_apply(prospect_id=prospect.id, program_id=program.id, actor=SYSTEM, at=at)
        mail = Mail.objects.get(to=prospect.email)
        assert f"?invited={invited_ticket(prospect.id)[:20]}" in mail.text
        application = an_application(program, prospect_id=prospect.id, at=at)
        assert application.state == "approved"
    deliver()
    with tenant_scope(world.acme.id):
        prospect.refresh_from_db()
        assert (prospect.state, prospect.partner_id) == ("partner", application.partner_id)


def test_a_prospect_that_applies_by_itself_is_followed(
    world: World, deliver: Any, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        program = a_program()
        an_admission(program)
        prospect = a_prospect(email="office@larkfield.example")
        move_prospect(prospect_id=prospect.id, state="contacted", actor=SYSTEM, at=at)
        application = an_application(program, at=at)
    deliver()
    with tenant_scope(world.acme.id):
        prospect.refresh_from_db()
        assert prospect.state == "applied"
        assert Application.objects.get(id=application.id).prospect_id == prospect.id


def test_nobody_is_invited_without_an_address_or_a_page(acme: Tenant, at: datetime) -> None:
    program = a_program()
    silent, known = a_prospect("Silent Ltd", email=""), a_prospect("Known Ltd")
    for prospect in (silent, known):
        with pytest.raises(CannotInvite):
            invite_to_apply(prospect_id=prospect.id, program_id=program.id, actor=SYSTEM, at=at)
    assert not Mail.objects.exists()


@pytest.mark.parametrize(
    "cells",
    [
        pytest.param({}, id="no company"),
        pytest.param({"company": "A", "type": "bank"}, id="type"),
        pytest.param({"company": "A", "country": "Ireland"}, id="country"),
        pytest.param({"company": "A", "email": "a"}, id="email"),
        pytest.param({"company": "A", "staff_count": "ten"}, id="number"),
    ],
)
def test_a_row_of_a_prospect_is_refused(acme: Tenant, at: datetime, cells: dict[str, str]) -> None:
    with pytest.raises(RowRefused):
        prospect_row(cells, actor=SYSTEM, at=at)


def test_pasted_addresses() -> None:
    text = "a@x.example\nKim Elm <kim@elm.example>\n\nOak Ltd; olga@oak.example; Olga\nb@x.example, c@x.example"
    assert [row[:3] for row in pasted_rows(text)] == [
        ("", "a@x.example", ""),
        ("", "kim@elm.example", "Kim Elm"),
        ("Oak Ltd", "olga@oak.example", "Olga"),
        ("", "b@x.example", ""),
        ("", "c@x.example", ""),
    ]


def test_a_row_invites_into_a_new_or_a_known_partner(acme: Tenant, at: datetime) -> None:
    program = a_program()
    there = a_partner("Oak Group", website="https://oak.example")

    def done(**cells: str) -> str:
        return invite_row(cells, program_id=program.id, actor=SYSTEM, at=at)[0]

    assert done(email="kim@elm.example") == "done"
    assert done(email="olga@oak.example") == "done"
    assert done(email="olga@oak.example") == "there_already"
    assert Partner.objects.filter(name="elm.example").exists()
    assert Invitation.objects.get(email="olga@oak.example").partner_id == there.id
    assert Enrollment.objects.filter(program=program).count() == 2
    for cells in (
        {"email": "nobody"},
        {"email": "kim@gmail.com"},
        {"email": "x@y.example", "type": "bank"},
        {"email": "x@y.example", "country": "Ireland"},
        {"email": "x@oak.example", "company": "Oak Consulting"},
    ):
        with pytest.raises(RowRefused):
            done(**cells)


@pytest.fixture
def files(tmp_path: Any, settings: Any) -> None:
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {**settings.STORAGES["default"], "OPTIONS": {"location": str(tmp_path)}},
    }


def results_of(world: World, answer: Any) -> tuple[Job, list[dict[str, str]]]:
    """Run the job that a page queued and read the file it gives back."""
    assert answer.status_code == 303, answer.content.decode()[-2000:]
    with tenant_scope(world.acme.id):
        job = Job.objects.latest("created_at")
    run(world.acme.id, job.id)
    with tenant_scope(world.acme.id):
        job.refresh_from_db()
        assert job.state == "done", job.error
        with private_path(job.file).open(encoding="utf-8-sig", newline="") as file:
            return job, list(csv.DictReader(file))


def test_many_are_invited_on_screen_with_a_result_each(world: World, files: None) -> None:
    client = signed_in(world.manager)
    url = "/acme/manage/invitations/send/"
    assert client.post(url, {"addresses": " "}).status_code == 422
    file = SimpleUploadedFile("p.csv", b"email\namy@ash.example\n", content_type="text/csv")
    both = client.post(url, {"addresses": "kim@elm.example", "file": file})
    assert (both.status_code, both.context["form"].errors.keys()) == (422, {"addresses"})
    answer = client.post(url, {"addresses": "kim@elm.example\nnobody\nOak Ltd; olga@oak.example"})
    job, rows = results_of(world, answer)
    assert [row["result"] for row in rows] == ["Done", "Not done", "Done"]
    assert "nobody is no email address" in rows[1]["reason"]
    assert job.result == {"done": 2, "there_already": 0, "error": 1}
    page = client.get("/acme/manage/invitations/").content.decode()
    assert page.count("olga@oak.example") >= 1


def test_a_file_of_prospects(world: World, files: None) -> None:
    client = signed_in(world.manager)
    content = (
        b"company,email,type,client_count\nElm Ltd,kim@elm.example,agency,12\nElm Ltd,,,\n,x,,\n"
    )
    file = SimpleUploadedFile("p.csv", content, content_type="text/csv")
    _job, rows = results_of(world, client.post("/acme/manage/prospects/import/", {"file": file}))
    assert [row["result"] for row in rows] == ["Done", "There already", "Not done"]
    with tenant_scope(world.acme.id):
        assert Prospect.objects.get().client_count == 12


def test_open_invitations_are_sent_again_and_taken_back(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        actor = Actor(user_id=world.manager.id, name="Mara")
        invite_row({"email": "kim@elm.example"}, program_id=None, actor=actor, at=at)
        invitation = Invitation.objects.get()
        old = invitation.token_hash
    client = signed_in(world.manager)
    base = f"/acme/manage/invitations/{invitation.id}"
    assert client.post(f"{base}/resend/").status_code == 303
    with tenant_scope(world.acme.id):
        invitation.refresh_from_db()
        assert invitation.token_hash != old
    assert client.post(f"{base}/revoke/").status_code == 303
    assert client.post(f"{base}/resend/").status_code == 303
    with tenant_scope(world.acme.id):
        invitation.refresh_from_db()
        assert invitation.revoked_at is not None
    assert "kim@elm.example" not in client.get("/acme/manage/invitations/").content.decode()


def test_prospect_pages(world: World) -> None:
    client = signed_in(world.manager)
    url = "/acme/manage/prospects/"
    given = {"company": "Elm Ltd", "type": "agency", "country": "IE", "email": "kim@elm.example"}
    assert client.post(f"{url}new/", {"type": "agency"}).status_code == 422
    made = client.post(f"{url}new/", given)
    assert made.status_code == 303
    assert client.post(f"{url}new/", given).status_code == 422
    page = client.get(made["Location"]).content.decode()
    assert "of 100" in page
    assert "You have no partner in Ireland yet" in page
    assert [row.company for row in client.get(url).context["page"].rows] == ["Elm Ltd"]
    assert client.get(f"{url}?state=dropped&type=agency&q=x").context["page"].rows == []
    assert client.post(f"{made['Location']}state/", {"state": "dropped"}).status_code == 303
    assert client.post(f"{made['Location']}state/", {"state": "partner"}).status_code == 303
    assert len(client.get(f"{url}?state=dropped").context["page"].rows) == 1
    with tenant_scope(world.acme.id):
        program = a_program()
    sent = client.post(f"{made['Location']}invite/", {"how": "partner", "program": str(program.id)})
    assert sent.status_code == 303
    assert "Invited" in client.get(made["Location"]).content.decode()


def test_only_who_decides_sees_them(world: World) -> None:
    client: Client = signed_in(world.finance)
    for path in ("prospects", "applications", "invitations"):
        assert client.get(f"/acme/manage/{path}/").status_code == 403
