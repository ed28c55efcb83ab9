"""Contacts that the partner did not bring are covered for it alike in page, list, CSV, XLSX, JSON and mail."""

import json
from collections.abc import Callable
from datetime import datetime
from io import BytesIO
from pathlib import Path

import pytest
from django.test import Client
from openpyxl import load_workbook

from prm.api.referrals import referral_out
from prm.events.services import SYSTEM
from prm.notices.models import Mail
from prm.tenancy.scope import tenant_scope
from prm.web.exports import csv_lines
from referrals.capture.privacy import set_privacy_rules
from referrals.capture.rules import Privacy
from referrals.pipeline.exporting import copy_referrals
from referrals.pipeline.listings import export_header, export_rows
from referrals.pipeline.masking import contact_of
from referrals.pipeline.models import Referral
from referrals.pipeline.wanted import Wanted
from tests.builders.referrals import People, a_program, a_referral, people_of
from tests.conftest import World

SECRETS = (
    "Greta Lindqvist",
    "greta@nordvik.example",
    "+46 8 123 45 67",
    "Head of secrets",
    "her daughter",
)


@pytest.fixture
def people(world: World) -> People:
    with tenant_scope(world.acme.id):
        return people_of(world.acme)


def a_lead(people: People, at: datetime, *, source: str = "link") -> Referral:
    return a_referral(
        at,
        partner=people.partner,
        by=people.rep,
        source=source,
        company="Nordvik",
        contact_name=SECRETS[0],
        contact_email=SECRETS[1],
        contact_phone=SECRETS[2],
        contact_title=SECRETS[3],
        context=f"Ask about {SECRETS[4]}",
    )


def readings(client: Client, referral: Referral) -> dict[str, str]:
    """Return what a partner's person can read of a referral, by way."""
    export = {"query": ""}
    book = client.post("/acme/referrals/export/", {**export, "format": "xlsx"}).content
    sheet = load_workbook(BytesIO(book)).active
    assert sheet is not None
    return {
        "page": client.get(f"/acme/referrals/{referral.id}/").content.decode(),
        "list": client.get("/acme/referrals/").content.decode(),
        "home": client.get("/acme/").content.decode(),
        "csv": client.post("/acme/referrals/export/", {**export, "format": "csv"}).content.decode(),
        "xlsx": repr([cell.value for row in sheet.iter_rows() for cell in row]),
        "json": client.post(
            "/acme/referrals/export/", {**export, "format": "json"}
        ).content.decode(),
    }


@pytest.mark.parametrize("source", ["link", "staff", "coupon"])
def test_nothing_of_the_person_reaches_the_partner(
    world: World,
    people: People,
    client: Client,
    deliver: Callable[[], int],
    at: datetime,
    source: str,
) -> None:
    with tenant_scope(world.acme.id):
        referral = a_lead(people, at, source=source)
    deliver()
    client.force_login(people.rep)

    read = readings(client, referral)
    with tenant_scope(world.acme.id, people.partner.id):
        read["api"] = json.dumps(
            referral_out(Referral.objects.select_related("stage", "program").get())
        )
    with tenant_scope(world.acme.id):
        read["mail"] = Mail.objects.get(kind="referral.milestone").text

    leaks = {way: [secret for secret in SECRETS if secret in text] for way, text in read.items()}
    assert not any(leaks.values()), leaks
    assert "G•••" in read["page"]
    assert "g•••@nordvik.example" in read["csv"]


def test_the_vendor_and_partners_that_brought_it_read_all(
    world: World, people: People, client: Client, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        own = a_lead(people, at, source="form")
    client.force_login(people.rep)
    read = readings(client, own)
    client.force_login(world.manager)
    read["staff"] = client.get(f"/acme/manage/referrals/{own.id}/").content.decode()

    assert {way for way, text in read.items() if SECRETS[0] in text} == set(read)


def test_a_program_may_share_them_and_cover_them_again(
    world: World, people: People, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        lead, own = a_lead(people, at), a_lead(people, at, source="form")
        program = a_program().id

        for shares in (True, False):
            rules = Privacy(shares_contacts=shares)
            set_privacy_rules(program_id=program, rules=rules, actor=SYSTEM, at=at)
            lead.refresh_from_db()
            own.refresh_from_db()
            assert contact_of(lead, staff=False).is_covered is not shares
            assert contact_of(own, staff=False).is_covered is False


def test_files_that_the_database_writes_hold_the_same_words(
    world: World, people: People, at: datetime, tmp_path: Path
) -> None:
    with tenant_scope(world.acme.id):
        a_lead(people, at)
        a_lead(people, at, source="form")
        a_referral(at, partner=people.partner, source="link", contact_phone="")
        rows, header = Referral.objects.all(), export_header(staff=False)

        copy_referrals(tmp_path / "copied.csv", rows, header=header, staff=False)
        written = "".join(csv_lines(header, export_rows(Wanted(), rows, staff=False)))

    assert (tmp_path / "copied.csv").read_text(
        encoding="utf-8"
    ).splitlines() == written.splitlines()


def test_the_json_holds_history_and_notes_of_the_own_alone(
    world: World, people: People, client: Client, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        a_referral(at, partner=people.partner, by=people.rep, stage="qualified")
        a_referral(at, partner=people_of(world.acme, "Solea").partner, company="Secret")
    client.force_login(people.admin)

    answer = client.post("/acme/referrals/export/", {"query": "", "format": "json"})

    (row,) = json.loads(answer.content)["referrals"]
    assert [step["to"] for step in row["history"]] == ["submitted", "accepted", "qualified"]
    assert row["notes"] == row["questions"] == row["files"] == []
    assert answer.headers["Content-Disposition"].endswith('.json"')
