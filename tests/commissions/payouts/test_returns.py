"""Money that came back is said wherever the run is named, with what became of it, and is stated once."""

import csv
import io
import zipfile
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from django.test import Client

from commissions.payouts.archive import statement_for
from commissions.payouts.models import Payout, PayoutRun
from commissions.payouts.returns import paid_again, returned_totals
from commissions.payouts.services import (
    approve_run,
    cancel_run,
    export_run,
    return_payout,
    settle_all,
    settle_payout,
)
from commissions.payouts.wording import again_words, left_out_stat
from commissions.statements.models import Statement
from commissions.statements.services import issue_statement
from prm.events.services import Actor
from prm.jobs.files import open_private
from prm.jobs.models import Job
from prm.jobs.services import run as run_job
from prm.jobs.services import start_job
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from tests.builders.payouts import (
    IBAN_GERMANY,
    a_payee,
    exported_run,
    payable,
    submitted_run,
)
from tests.conftest import World


def _sent(world: World, at: datetime) -> PayoutRun:
    return exported_run(at=at, user_id=world.finance.id, approver_id=world.second_finance.id)


def _back(payout: Payout, world: World, at: datetime) -> Payout:
    return return_payout(
        payout_id=payout.id, reason="Account closed", actor=Actor(world.finance.id), at=at
    )


def _words(payout: Payout) -> str:
    return again_words(paid_again([payout.id]).get(payout.id))


def test_what_became_of_returned_money_is_followed_to_the_run_that_paid_it(
    world: World, acme: Tenant, at: datetime
) -> None:
    a_payee("Brightwater", 10_000, at=at)
    first = _sent(world, at)
    payout = Payout.objects.get()
    settle_payout(payout_id=payout.id, actor=Actor(world.finance.id), at=at)
    _back(payout, world, at)
    heard = [_words(payout)]

    second = submitted_run(at=at, user_id=world.finance.id)
    heard.append(_words(payout))
    cancel_run(run_id=second.id, reason="Wait", actor=Actor(world.finance.id), at=at)
    heard.append(_words(payout))
    third = submitted_run(at=at, user_id=world.finance.id)
    approve_run(run_id=third.id, digest=third.digest, actor=Actor(world.second_finance.id), at=at)
    heard.append(_words(payout))
    export_run(run_id=third.id, actor=Actor(world.finance.id), at=at)
    heard.append(_words(payout))
    settle_all(run_id=third.id, actor=Actor(world.finance.id), at=at)
    heard.append(_words(payout))
    _back(Payout.objects.get(run=third), world, at)
    heard.append(_words(payout))

    assert heard == [
        "Payable again, in the next run",
        f"In {second.number}, which waits for approval",
        "Payable again, in the next run",
        f"In {third.number}, which is approved",
        f"Sent to the bank again with {third.number}",
        f"Paid by {third.number}",
        f"Sent again with {third.number} and came back again",
    ]
    totals = returned_totals([first.id, second.id, third.id])
    assert {
        run: [(row.currency, row.amount_minor, row.payout_count) for row in rows]
        for run, rows in totals.items()
    } == {first.id: [("EUR", 10_000, 1)], third.id: [("EUR", 10_000, 1)]}


def test_list_run_payment_and_overview_say_what_came_back(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        a_payee("Brightwater", 421_000, at=at)
        a_payee("Alder", 5_000, at=at, number=IBAN_GERMANY)
        run = _sent(world, at)
        payout = Payout.objects.get(amount_minor=421_000)
        _back(payout, world, at)
        settle_all(run_id=run.id, actor=Actor(world.finance.id), at=at)
    client = _client(world)

    listed = client.get("/acme/manage/payouts/").content.decode()
    page = client.get(f"/acme/manage/payouts/{run.id}/").content.decode()
    payment = client.get(f"/acme/payouts/{payout.id}/").content.decode()
    overview = client.get("/acme/manage/finance/").content.decode()

    assert "1 payment of €4,210.00 came back" in listed
    assert "1 payment of €4,210.00 came back" in page
    assert "Brightwater, €4,210.00: Payable again, in the next run" in page
    assert "Payable again, in the next run" in payment
    assert "1 payment of €4,210.00 came back" in overview


def _client(world: World) -> Client:
    client = Client()
    client.force_login(world.finance)
    return client


def _archive(world: World, run: PayoutRun, at: datetime) -> tuple[Job, dict[str, list[str]]]:
    """Make the run's archive; return the job and, for each payment, its statement and note."""
    with tenant_scope(world.acme.id):
        job = start_job(
            kind="payouts.statements",
            params={"run_id": str(run.id), "until_on": at.date().isoformat()},
            actor=Actor(world.finance.id),
            at=at,
        )
    assert run_job(world.acme.id, job.id)
    with tenant_scope(world.acme.id):
        job = Job.objects.get(id=job.id)
        with open_private(job.file) as file, zipfile.ZipFile(io.BytesIO(file.read())) as packed:
            listed = packed.read(f"{run.number}-contents.csv").decode("utf-8-sig")
            papers = {name.removesuffix(".pdf") for name in packed.namelist() if "pdf" in name}
    rows = list(csv.DictReader(io.StringIO(listed)))
    assert papers == {row["Statement"] for row in rows if row["Statement"]}
    return job, {row["Partner"]: [row["State"], row["Statement"], row["Note"]] for row in rows}


def test_the_archive_leaves_out_who_has_nothing_new_and_says_so(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        gone = a_payee("Brightwater", 421_000, at=at)
        paid = a_payee("Alder", 5_000, at=at, number=IBAN_GERMANY)
        for partner in (gone, paid):
            _issue(partner.id, at)
        run = _sent(world, at + timedelta(hours=1))
        _back(Payout.objects.get(partner=gone), world, at)
        settle_all(run_id=run.id, actor=Actor(world.finance.id), at=at + timedelta(hours=2))

    job, contents = _archive(world, run, at)

    assert job.result == {"statements": 1, "without_statement": 1}
    with tenant_scope(world.acme.id):
        newest = Statement.objects.latest("issued_at")
        assert (newest.partner_id, newest.paid_minor, newest.closing_minor) == (paid.id, 5_000, 0)
    assert contents == {
        "Alder": ["Paid", newest.number, ""],
        "Brightwater": [
            "Returned",
            "",
            (
                "Returned by the bank. Payable again, in the next run. "
                "Nothing new to state; everything is on earlier statements"
            ),
        ],
    }


def test_a_payment_that_was_booked_and_came_back_is_stated_with_its_return(
    world: World, acme: Tenant, at: datetime
) -> None:
    partner = a_payee("Brightwater", 421_000, at=at)
    _sent(world, at)
    payout = Payout.objects.get()
    settle_payout(payout_id=payout.id, actor=Actor(world.finance.id), at=at)
    _back(payout, world, at)
    actor = Actor(world.finance.id)

    first = statement_for(payout, until_on=at.date(), actor=actor, at=at)
    payable(partner.id, 100, at=at)
    again = statement_for(payout, until_on=at.date(), actor=actor, at=at)

    assert first is not None
    assert (first, first.run_id) == (again, payout.run_id)
    assert (first.earned_minor, first.paid_minor, first.closing_minor) == (421_000, 0, 421_000)
    assert first.line_count == 3


def test_a_statement_made_before_the_bank_paid_is_followed_by_one_that_shows_the_payment(
    world: World, acme: Tenant, at: datetime
) -> None:
    partner = a_payee("Brightwater", 421_000, at=at)
    run = _sent(world, at)
    payout, actor = Payout.objects.get(), Actor(world.finance.id)

    before = statement_for(payout, until_on=at.date(), actor=actor, at=at)
    same = statement_for(payout, until_on=at.date(), actor=actor, at=at)
    settle_all(run_id=run.id, actor=actor, at=at)
    _issue(partner.id, at)
    after = statement_for(payout, until_on=at.date(), actor=actor, at=at)

    assert before is not None
    assert after is not None
    assert (before, before.paid_minor, after.paid_minor) == (same, 0, 421_000)
    assert after.opening_minor == before.closing_minor


def _issue(partner_id: UUID, at: datetime) -> Statement:
    return issue_statement(
        partner_id=partner_id, currency="EUR", until_on=at.date(), actor=Actor(None), at=at
    )


@pytest.mark.parametrize(
    ("reasons", "note"),
    [
        pytest.param([], "", id="nobody"),
        pytest.param(["no_details"], "No bank details: 1", id="one"),
        pytest.param(
            ["left_out", "below_minimum", "cooling", "below_minimum"],
            "Bank details changed recently: 1 · Below the minimum payout: 2 · Left out by finance: 1",
            id="what a person can end comes first",
        ),
    ],
)
def test_who_is_left_out_is_counted_by_reason(reasons: list[str], note: str) -> None:
    assert left_out_stat(reasons).note == note


def test_ticking_rows_marks_only_what_the_bank_has_not_answered(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        a_payee("Brightwater", 421_000, at=at)
        a_payee("Alder", 5_000, at=at, number=IBAN_GERMANY)
        a_payee("Cedar", 3_000, at=at, number=IBAN_GERMANY)
        run = _sent(world, at)
        _back(Payout.objects.get(amount_minor=421_000), world, at)
        ids = {row.amount_minor: str(row.id) for row in Payout.objects.all()}
    client, address = _client(world), f"/acme/manage/payouts/{run.id}/"

    page = client.get(address).content.decode()
    picked = {"do": "picked", "pick": [ids[421_000], ids[5_000]]}
    asked = client.get(f"{address}settle/", picked).content.decode()
    client.post(f"{address}settle/", query_params=picked)
    none_left = client.get(f"{address}settle/", picked)

    assert "Mark the selected payments of" in asked
    assert ["EUR, 1 payment" in asked, "€50.00" in asked, "€30.00" in asked] == [True, True, False]
    assert none_left.status_code == 303
    assert [f'value="{ids[amount]}"' in page for amount in (421_000, 5_000)] == [False, True]
    with tenant_scope(world.acme.id):
        states = dict(Payout.objects.values_list("amount_minor", "state"))
    assert states == {421_000: "returned", 5_000: "settled", 3_000: "exported"}
