"""A manager takes a file from upload to referrals and back, without a script in the page."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from prm.jobs.models import Job
from prm.jobs.services import run
from prm.tenancy.scope import tenant_scope
from referrals.imports.models import Import, ImportState
from referrals.pipeline.models import Referral
from tests.builders.referrals import a_program
from tests.conftest import World

BASE = "/acme/manage/imports/"
PIPELINE = (
    b"Deal id;Agent;Account;Deal stage;Create date;Close date;Amount\n"
    b"1;Moses Frase;Kestrel;Closed Won;20-10-16;01-03-17;1.054,00\n"
    b"2;Moses Frase;;Proposal;21-10-16;;\n"
    b"3;Zane Levy;Osprey;Thinking;;;\n"
)
PEOPLE = b"agent,manager\nMoses Frase,Dustin Brinkmann\nZane Levy,Summer Sewald\n"


@pytest.fixture
def manager(world: World) -> Client:
    with tenant_scope(world.acme.id):
        a_program()
    client = Client()
    client.force_login(world.manager, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


@pytest.fixture
def work(world: World) -> Callable[[], None]:
    """Do the queued jobs, as a worker does."""

    def do() -> None:
        with tenant_scope(world.acme.id):
            waiting = list(Job.objects.filter(state="queued").values_list("id", flat=True))
        for job_id in waiting:
            run(world.acme.id, job_id)

    return do


def upload(client: Client, world: World, **files: bytes) -> Any:
    with tenant_scope(world.acme.id):
        program = a_program()
    given = {name: SimpleUploadedFile(f"{name}.csv", content) for name, content in files.items()}
    return client.post(f"{BASE}new/", {"program": str(program.id), **given})


def the_import(world: World) -> Import:
    with tenant_scope(world.acme.id):
        return Import.objects.get()


def said_on(form: Any) -> dict[str, Any]:
    """Return what a browser would send of a form as it was shown."""
    return {bound.html_name: bound.value() for bound in form if bound.value() not in (None, "")}


def test_a_file_goes_in_step_by_step_and_out_again(  # noqa: PLR0915  one story, told in order
    manager: Client, world: World, work: Callable[[], None]
) -> None:
    answer = upload(manager, world, file=PIPELINE, people=PEOPLE)
    source = the_import(world)
    page = f"{BASE}{source.id}/"
    assert (answer.status_code, answer["Location"]) == (303, f"{page}columns/")

    columns = manager.get(f"{page}columns/")
    assert "Moses Frase" in columns.content.decode()
    answer = manager.post(f"{page}columns/", said_on(columns.context["form"]))
    assert answer["Location"] == f"{page}values/"

    values = manager.get(f"{page}values/")
    text = values.content.decode()
    assert "20-10-16 → 20 October 2016" in text.replace("\xa0", " ")
    assert "1.054,00 → €1,054.00" in text
    given = said_on(values.context["form"])
    assert (given["date_order"], given["decimal"]) == ("dmy", ",")
    assert (given["person"], given["person_partner"]) == ("agent", "manager")
    assert [given["word_0"], given["word_2"]][1] == "?"

    answer = manager.post(f"{page}values/", given)
    assert answer["Location"] == page
    assert "Being checked" in manager.get(page).content.decode()
    work()
    report = the_import(world).check_report
    assert (report["ready"], report["errors"]) == (1, 2)
    rows = manager.get(f"{page}rows/?result=error").content.decode()
    assert "No company" in rows
    assert "The stage word has no meaning yet" in rows
    file = manager.get(f"{page}rows/?format=csv").content.decode("utf-8-sig").splitlines()
    assert file[0].endswith(",Result,Reason")
    assert file[1].startswith("3,2,Moses Frase,,Proposal,21-10-16,,,Error,Account: No company")

    decided = {**given, "no_company": "name", "no_date": "skip", "unknown_stage": "submitted"}
    manager.post(f"{page}values/", decided)
    work()
    assert "Import 2 referrals" in manager.get(page).content.decode()
    manager.post(f"{page}commit/")
    work()
    assert "2 referrals were imported" in manager.get(page).content.decode()
    with tenant_scope(world.acme.id):
        won = Referral.objects.get(external_id="1")
        assert (won.partner.name, won.submitted_by_name) == ("Dustin Brinkmann", "Moses Frase")
        assert (won.stage_kind, won.deal_minor) == ("won", 105400)

    assert "2 referrals go" in manager.get(f"{page}undo/").content.decode()
    manager.post(f"{page}undo/")
    work()
    assert the_import(world).state == ImportState.UNDONE
    with tenant_scope(world.acme.id):
        assert not Referral.objects.exists()
    undone = manager.get(page)
    assert undone.context["stats"] == []
    assert "Import again" in undone.content.decode()

    manager.post(f"{page}check/")
    work()
    again = manager.get(page).content.decode()
    assert "Import 2 referrals" in again
    assert "Import again" not in again


def test_a_second_click_on_import_writes_nothing_twice(
    manager: Client, world: World, work: Callable[[], None]
) -> None:
    upload(manager, world, file=b"Company,Partner\nKestrel,Brightwater\n")
    page = f"{BASE}{the_import(world).id}/"
    manager.post(f"{page}columns/", said_on(manager.get(f"{page}columns/").context["form"]))
    given = said_on(manager.get(f"{page}values/").context["form"])
    manager.post(f"{page}values/", {**given, "no_date": "import_date"})
    work()
    for _ in range(2):
        manager.post(f"{page}commit/")
    with tenant_scope(world.acme.id):
        assert Job.objects.filter(kind="import.commit").count() == 1
    work()
    manager.post(f"{page}commit/")
    work()
    with tenant_scope(world.acme.id):
        assert Referral.objects.count() == 1


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"PK\x03\x04nonsense", "cannot be read"),
        (b"a,b\n\x00,1\n", "UTF-8"),
    ],
)
def test_a_file_that_is_no_table_is_refused_on_the_form(
    manager: Client, world: World, content: bytes, words: str
) -> None:
    answer = upload(manager, world, file=content)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    with tenant_scope(world.acme.id):
        assert not Import.objects.exists()


def test_a_workbook_is_read_by_a_job(
    manager: Client, world: World, work: Callable[[], None], tmp_path: Any
) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    book.active.append(["Company", "Partner"])
    book.active.append(["Kestrel", "Brightwater"])
    book.save(tmp_path / "file.xlsx")
    upload(manager, world, file=(tmp_path / "file.xlsx").read_bytes())
    source = the_import(world)
    answer = manager.get(f"{BASE}{source.id}/columns/")
    assert answer["Location"] == f"{BASE}{source.id}/"
    work()
    with tenant_scope(world.acme.id):
        assert Job.objects.get().error == ""
    assert the_import(world).row_count == 1
    assert "Kestrel" in manager.get(f"{BASE}{source.id}/columns/").content.decode()


def test_two_columns_of_one_meaning_are_refused(manager: Client, world: World) -> None:
    upload(manager, world, file=b"Company,Firm\nKestrel,Kestrel\n")
    page = f"{BASE}{the_import(world).id}/columns/"
    answer = manager.post(page, {"column_0": "company", "column_1": "company"})
    assert answer.status_code == 422
    assert "Company has this meaning already" in answer.content.decode()


def test_a_mapping_is_saved_and_used_again(manager: Client, world: World) -> None:
    upload(manager, world, file=b"Company,Partner\nKestrel,Brightwater\n")
    page = f"{BASE}{the_import(world).id}/"
    manager.post(f"{page}columns/", said_on(manager.get(f"{page}columns/").context["form"]))
    saved = manager.get(f"{page}mapping.toml").content
    assert b'company = "Company"' in saved
    answer = upload(manager, world, file=b"Company,Partner\nOsprey,Brightwater\n", preset=saved)
    assert answer.status_code == 303
    assert answer["Location"].endswith("/values/")


def test_finance_and_partners_have_no_way_in(manager: Client, world: World) -> None:
    finance = Client()
    finance.force_login(
        world.finance, backend="allauth.account.auth_backends.AuthenticationBackend"
    )
    assert finance.get(BASE).status_code == 403
    assert finance.post(f"{BASE}new/").status_code == 403


def test_the_list_costs_the_same_with_many_imports(
    manager: Client, world: World, at: datetime
) -> None:
    from tests.builders.revenue import an_import

    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            assert manager.get(BASE).status_code == 200
        return len(found)

    with tenant_scope(world.acme.id):
        an_import("Company\nKestrel\n", at)
    queries()
    one = queries()
    with tenant_scope(world.acme.id):
        for _ in range(5):
            an_import("Company\nKestrel\n", at)
    assert queries() == one
