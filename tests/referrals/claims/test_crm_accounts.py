"""A file of the CRM's accounts: read by the worker, bad rows told, sent again it updates, and removes if wanted."""

import csv
import io
from collections.abc import Callable
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from prm.events.models import Event
from prm.jobs.files import open_private
from prm.jobs.models import Job, JobState
from prm.jobs.services import run as run_job
from prm.tenancy.scope import tenant_scope
from referrals.claims.models import CrmAccount, SameCompany
from tests.builders.referrals import a_partner, a_referral
from tests.conftest import World

HEAD = "id,name,website,tax_id,country,owner,customer"
Upload = Callable[..., Job]


def lines_of(count: int, *, owner: str = "Ann Lee") -> list[str]:
    return [
        f"A-{number},Company {number},https://www.c{number}.example/x,IT{number:05},it,{owner},no"
        for number in range(count)
    ]


@pytest.fixture
def manager(world: World) -> Client:
    client = Client()
    client.force_login(world.manager, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


@pytest.fixture
def upload(world: World, manager: Client) -> Upload:
    """Send a file on the page and let the worker read it; returns the finished job."""

    def do(lines: list[str], *, head: str = HEAD, remove_gone: bool = False) -> Job:
        sent = {"file": a_file("\n".join([head, *lines]))}
        answer = manager.post(
            "/acme/manage/imports/accounts/new/",
            {**sent, **({"remove_gone": "on"} if remove_gone else {})},
        )
        assert answer.status_code == 303, answer.content.decode()
        job_id = UUID(answer.headers["Location"].rstrip("/").rsplit("/", 1)[1])
        assert run_job(world.acme.id, job_id)
        with tenant_scope(world.acme.id):
            return Job.objects.get(id=job_id)

    return do


def a_file(text: str) -> SimpleUploadedFile:
    return SimpleUploadedFile("accounts.csv", text.encode(), "text/csv")


def ids(world: World) -> set[str]:
    with tenant_scope(world.acme.id):
        return set(CrmAccount.objects.values_list("external_id", flat=True))


def test_five_hundred_rows_are_read_and_bad_ones_told(
    world: World, manager: Client, upload: Upload
) -> None:
    lines = lines_of(500)
    lines[10] = ",Nameless id,,,,,"
    lines[20] = "A-20,,c20.example,,,,"
    lines[30] = "A-30,Company 30,,,Italy,,"

    job = upload(lines)

    assert (job.state, job.result) == (
        JobState.DONE,
        {"new": 497, "updated": 0, "removed": 0, "error": 3},
    )
    assert job.done_count == 500
    with open_private(job.file) as file:
        told = list(csv.reader(io.StringIO(file.read().decode("utf-8-sig"))))
    assert told[0] == ["line", *HEAD.split(","), "Reason"]
    assert [(row[0], row[-1]) for row in told[1:]] == [
        ("12", "Give each account its own id of up to 80 characters"),
        ("22", "Give each account a name of up to 160 characters"),
        ("32", "Write the country as two letters, such as IT"),
    ]
    with tenant_scope(world.acme.id):
        row = CrmAccount.objects.get(external_id="A-7")
        event = Event.objects.get(name="crm_accounts.imported")
    assert (row.domain, row.tax_id_norm, row.country, row.owner_name, row.is_customer) == (
        "c7.example",
        "IT00007",
        "IT",
        "Ann Lee",
        False,
    )
    assert event.payload == {"new": 497, "updated": 0, "gone": 0}
    page = manager.get(f"/acme/jobs/{job.id}/").content.decode()
    assert "497" in page
    assert "Company 0" in manager.get("/acme/manage/imports/accounts/").content.decode()


def test_sent_again_it_updates_and_leaves_the_rest(world: World, upload: Upload) -> None:
    upload(lines_of(5))

    job = upload(lines_of(2, owner="Bea Ray"))

    assert job.result == {"new": 0, "updated": 2, "removed": 0}
    with tenant_scope(world.acme.id):
        owners = dict(CrmAccount.objects.values_list("external_id", "owner_name"))
    assert [owners[f"A-{number}"] for number in range(5)] == ["Bea Ray"] * 2 + ["Ann Lee"] * 3


def test_those_gone_are_removed_by_choice_but_no_row_that_cannot_be_read(
    world: World, upload: Upload
) -> None:
    upload(lines_of(5))

    job = upload([*lines_of(2), "A-3,,,,,,"], remove_gone=True)

    assert job.result == {"new": 0, "updated": 2, "removed": 2, "error": 1}
    assert ids(world) == {"A-0", "A-1", "A-3"}


def test_a_file_without_a_readable_row_removes_nothing(world: World, upload: Upload) -> None:
    upload(lines_of(3))

    job = upload([",Nameless id,,,,,"], remove_gone=True)

    assert job.result == {"new": 0, "updated": 0, "removed": 0, "error": 1}
    assert len(ids(world)) == 3


def test_the_last_of_two_rows_with_one_id_counts(world: World, upload: Upload) -> None:
    upload(["A-1,First,,,,,", "A-1,Second,,,,,yes"])

    with tenant_scope(world.acme.id):
        row = CrmAccount.objects.get()
    assert (row.name, row.is_customer) == ("Second", True)


def test_headings_of_the_usual_systems_are_understood(world: World, upload: Upload) -> None:
    upload(
        ["001,Kestrel,kestrel.example,Customer"],
        head="Record ID,Company name,Company Domain Name,Lifecycle Stage",
    )

    with tenant_scope(world.acme.id):
        row = CrmAccount.objects.get()
    assert (row.external_id, row.domain, row.is_customer) == ("001", "kestrel.example", True)


def test_a_missing_column_is_told_at_the_file_and_nothing_starts(
    world: World, manager: Client
) -> None:
    answer = manager.post(
        "/acme/manage/imports/accounts/new/", {"file": a_file("id,website\n1,kestrel.example\n")}
    )

    assert answer.status_code == 422
    assert "The column name is missing" in answer.content.decode()
    with tenant_scope(world.acme.id):
        assert not Job.objects.exists()


def test_a_waiting_referral_is_put_beside_the_account(world: World, upload: Upload) -> None:
    with tenant_scope(world.acme.id):
        referral = a_referral(timezone.now(), partner=a_partner(), website="c1.example")

    upload(lines_of(3))

    with tenant_scope(world.acme.id):
        pair = SameCompany.objects.get()
        account = CrmAccount.objects.get(external_id="A-1")
    assert (pair.referral_id, pair.other_id, pair.why) == (referral.id, account.id, "domain")


def test_the_template_is_a_file_that_can_be_sent(world: World, manager: Client) -> None:
    answer = manager.get("/acme/manage/imports/accounts/template/")

    sent = SimpleUploadedFile("t.csv", answer.content, "text/csv")
    started = manager.post("/acme/manage/imports/accounts/new/", {"file": sent})
    job_id = UUID(started.headers["Location"].rstrip("/").rsplit("/", 1)[1])
    run_job(world.acme.id, job_id)

    assert ids(world) == {"A-1001", "A-1002"}
