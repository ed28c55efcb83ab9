"""A partner's file: each row on its own, one mistake stops no other, a repeat makes nothing twice."""

import csv
import io
from datetime import datetime, timedelta

import pytest
from django.test import Client

from partners.directory.models import Enrollment
from prm.jobs.files import open_private
from prm.jobs.models import Job
from prm.jobs.services import run
from prm.tenancy.scope import tenant_scope
from referrals.capture.models import BulkSubmission
from referrals.pipeline.models import Referral
from tests.builders.referrals import People, a_program, a_referral, people_of
from tests.builders.uploads import brought
from tests.conftest import World

HEAD = "company,contact_name,contact_email,country,role,consent"


@pytest.fixture
def people(world: World) -> People:
    with tenant_scope(world.acme.id):
        return people_of(world.acme)


def a_file(*rows: str, head: str = HEAD) -> bytes:
    return "\n".join([head, *rows]).encode()


def good(number: int) -> str:
    return f"Company {number},Person {number},p{number}@company{number}.example,GB,cosell,yes"


def bring(client: Client, content: bytes, name: str = "leads.csv") -> str:
    answer = client.post("/acme/referrals/bulk/", {"file": brought(content, name)})
    assert answer.status_code == 303, answer.content.decode()[-3000:]
    return str(answer.headers["Location"])


def send(client: Client, world: World, path: str) -> Job:
    """Press the button, do the job as the worker does, and return it."""
    client.post(path)
    with tenant_scope(world.acme.id):
        job = Job.objects.order_by("-created_at").first()
        assert job is not None
    run(world.acme.id, job.id)
    with tenant_scope(world.acme.id):
        return Job.objects.get(id=job.id)


def results(world: World, job: Job) -> list[dict[str, str]]:
    with tenant_scope(world.acme.id), open_private(job.file) as file:
        return list(csv.DictReader(io.StringIO(file.read().decode("utf-8-sig"))))


def test_one_bad_row_does_not_stop_forty_nine(world: World, people: People, client: Client) -> None:
    client.force_login(people.rep)
    rows = [good(number) for number in range(1, 50)]
    rows.insert(20, "Broken,Nobody,not-an-address,GB,,")

    path = bring(client, a_file(*rows))
    page = client.get(path).content.decode()
    with tenant_scope(world.acme.id):
        assert not Referral.objects.exists()
    job = send(client, world, path)

    assert "contact_email: Enter an email address" in page
    assert job.result == {"sent": 49, "there_already": 0, "error": 1}
    written = results(world, job)
    assert [row["line"] for row in written if row["result"] == "Not sent"] == ["22"]
    assert "contact_email:" in written[20]["reason"]
    with tenant_scope(world.acme.id):
        assert Referral.objects.filter(source="bulk", role="cosell").count() == 49
        assert set(Referral.objects.values_list("number", flat=True)) == {
            row["number"] for row in written if row["number"]
        }
        kept = BulkSubmission.objects.get()
        assert (kept.stored, kept.counts) == ("", {"accepted": 49, "error": 1})


def test_rows_of_one_company_and_of_an_open_referral_are_pointed_out(
    world: World, people: People, client: Client, at: datetime
) -> None:
    client.force_login(people.rep)
    with tenant_scope(world.acme.id):
        a_referral(at, partner=people.partner, contact_email="tom@company2.example")
    again = "Company One,Ann,ann@sales.company1.example,GB,cosell,yes"

    path = bring(client, a_file(good(1), good(2), again, good(4)))

    shown = client.get(path)
    found = {row.line: (row.result, row.reason) for row, _words, _tone in shown.context["rows"]}
    lines = sorted(found)
    assert [found[line] for line in lines] == [
        ("accepted", ""),
        ("accepted", "Your company has an open referral of it already"),
        ("accepted", f"Same company as line {lines[0]}"),
        ("accepted", ""),
    ]


def test_the_same_file_again_makes_nothing_twice(
    world: World, people: People, client: Client
) -> None:
    client.force_login(people.rep)
    send(client, world, bring(client, a_file(good(1), good(2))))

    path = bring(client, a_file(good(2), good(3)))
    page = client.get(path).content.decode()
    job = send(client, world, path)

    assert page.count("Sent before") == 2  # the figure's name and the row's
    assert job.result == {"sent": 1, "there_already": 1, "error": 0}
    with tenant_scope(world.acme.id):
        assert Referral.objects.count() == 3


def test_a_killed_run_begins_again_and_counts_the_same(
    world: World, people: People, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from referrals.capture import jobs

    client.force_login(people.rep)
    path = bring(client, a_file(good(1), good(2), good(3)))
    client.post(path)
    with tenant_scope(world.acme.id):
        job = Job.objects.get()
    monkeypatch.setattr(jobs, "CHUNK", 2)

    def die(*_args: object, **_options: object) -> None:
        raise RuntimeError("the worker dies here")

    monkeypatch.setattr(jobs, "write_outcomes", die)
    run(world.acme.id, job.id)
    monkeypatch.undo()
    with tenant_scope(world.acme.id):
        assert Referral.objects.count() == 3
        Job.objects.filter(id=job.id).update(state="queued", leased_until=None, attempts=0)

    run(world.acme.id, job.id)

    with tenant_scope(world.acme.id):
        assert Job.objects.get(id=job.id).result == {"sent": 3, "there_already": 0, "error": 0}
        assert Referral.objects.count() == 3


def test_probation_refuses_row_by_row(
    world: World, people: People, client: Client, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        Enrollment.objects.filter(partner=people.partner).update(
            probation_until=at + timedelta(days=9999), probation_referrals=2
        )
    client.force_login(people.rep)

    job = send(client, world, bring(client, a_file(good(1), good(2), good(3))))

    assert job.result == {"sent": 2, "there_already": 0, "error": 1}
    assert "can have 2 open referrals" in results(world, job)[2]["reason"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"company,website\nA,b.example\n", "contact_name, contact_email"),
        (a_file(*[good(number) for number in range(501)]), "more than 500 rows"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest", "old Excel file"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_in_words(
    world: World, people: People, client: Client, content: bytes, words: str
) -> None:
    client.force_login(people.rep)

    answer = client.post("/acme/referrals/bulk/", {"file": brought(content, "leads.csv")})

    assert answer.status_code == 422
    assert words in answer.content.decode()
    with tenant_scope(world.acme.id):
        assert not BulkSubmission.objects.exists()


def test_the_template_holds_the_programs_own_questions_and_reads_back(
    world: World, people: People, client: Client
) -> None:
    with tenant_scope(world.acme.id):
        program = a_program()
        program.custom_fields = [
            {"key": "seats", "label": "How many seats?", "type": "number", "required": True}
        ]
        program.save()
    client.force_login(people.rep)

    template = client.get("/acme/referrals/bulk/template/").content
    page = client.get(bring(client, template, "template.csv")).content.decode()

    assert template.decode("utf-8-sig").splitlines()[0].endswith(",consent,seats")
    assert "seats: Answer “How many seats?”" in page
    # Nothing else of the example is wrong.
    assert page.count("Answer “") == page.count(": Answer “") == 1
    assert "tax_id:" not in page
    assert "estimate:" not in page


def test_only_its_author_sees_the_file(world: World, people: People, client: Client) -> None:
    client.force_login(people.rep)
    path = bring(client, a_file(good(1)))

    for person, status in ((people.colleague, 404), (world.stranger, 404), (world.manager, 403)):
        client.force_login(person)
        assert client.get(path).status_code == status
