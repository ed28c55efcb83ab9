"""What partners, visitors and files bring runs in nobody's spreadsheet, whichever file it leaves in (S14)."""

import csv
import io
from typing import Any

import openpyxl
import pytest
from django.test import Client
from django.utils import timezone

from prm.jobs.files import open_private
from prm.jobs.models import Job
from prm.jobs.services import run
from prm.tenancy.scope import tenant_scope
from prm.web.exports import HIDING, STARTS
from referrals.pipeline.exporting import copy_referrals
from referrals.pipeline.listings import export_header
from referrals.pipeline.models import Referral
from tests.builders.referrals import People, a_referral, people_of
from tests.builders.uploads import brought
from tests.conftest import World

BEGINNINGS = ("=", "+", "-", "@", "\t=", "\r=", "\n=", " =", "\uff1d", "\u200b=", "x;=")
HOSTILE = "{}HYPERLINK(1)"
COLUMNS = """
company website contact_name contact_title contact_email contact_phone submitted_by_name product context tax_id
channel campaign next_step
"""


@pytest.fixture
def people(world: World) -> People:
    """Make a partner with a referral for each beginning, which stands in every text of it."""
    now = timezone.now()
    with tenant_scope(world.acme.id):
        people = people_of(world.acme)
        for number, start in enumerate(BEGINNINGS):
            row = a_referral(
                now, partner=people.partner, by=people.rep, contact_email=f"a@b{number}.example"
            )
            text = HOSTILE.format(start)
            Referral.objects.filter(id=row.id).update(
                **dict.fromkeys(COLUMNS.split(), text), external_id=f"{text}{number}"
            )
    return people


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def running(text: str) -> list[str]:
    """Return the cells that a spreadsheet would run, also one that cuts at semicolons."""
    found = []
    for delimiter in (",", ";", "\t"):
        rows = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=delimiter)
        cells = [cell.lstrip(HIDING + "\t\r\n") for row in rows for cell in row]
        found += [cell for cell in cells if cell[:1] in set(STARTS) and "HYPERLINK" in cell]
    return found


def test_no_cell_of_the_list_runs(world: World, people: People, tmp_path: Any) -> None:
    files = {
        who: signed_in(user).post(path, {"format": "csv", "query": ""}).content.decode("utf-8")
        for who, user, path in (
            ("partner", people.admin, "/acme/referrals/export/"),
            ("staff", world.manager, "/acme/manage/referrals/export/"),
        )
    }
    with tenant_scope(world.acme.id):
        target = tmp_path / "large.csv"
        copy_referrals(target, Referral.objects.all(), header=export_header(staff=True), staff=True)
        files["large"] = target.read_text("utf-8")

    assert {who: running(text) for who, text in files.items()} == {
        "partner": [],
        "staff": [],
        "large": [],
    }
    # Three texts of each row at least are there, harmless.
    assert {
        who: text.count("HYPERLINK(1)") >= 3 * len(BEGINNINGS) for who, text in files.items()
    } == {
        "partner": True,
        "staff": True,
        "large": True,
    }


def test_a_workbook_holds_text_only(world: World, people: People) -> None:
    content = (
        signed_in(people.admin)
        .post("/acme/referrals/export/", {"format": "xlsx", "query": ""})
        .content
    )

    cells = [
        cell
        for row in openpyxl.load_workbook(io.BytesIO(content)).active.iter_rows()
        for cell in row
    ]
    hostile = [cell for cell in cells if "HYPERLINK" in str(cell.value)]
    assert len(hostile) >= 3 * len(BEGINNINGS)
    assert {cell.data_type for cell in hostile} == {"s"}


def test_no_cell_of_a_bulk_result_runs(world: World) -> None:
    with tenant_scope(world.acme.id):
        client = signed_in(people_of(world.acme).rep)
    book = io.StringIO()
    rows = [
        [HOSTILE.format(start), HOSTILE.format(start), "nothing", HOSTILE.format(start)]
        for start in BEGINNINGS
    ]
    csv.writer(book).writerows([["company", "contact_name", "contact_email", "context"], *rows])
    path = client.post(
        "/acme/referrals/bulk/", {"file": brought(book.getvalue().encode(), "leads.csv")}
    )["Location"]
    client.post(path)
    with tenant_scope(world.acme.id):
        job = Job.objects.get().id
    run(world.acme.id, job)

    with tenant_scope(world.acme.id), open_private(Job.objects.get().file) as file:
        result = file.read().decode("utf-8")
    assert running(result) == []
    assert result.count("HYPERLINK(1)") >= 3 * len(BEGINNINGS)
