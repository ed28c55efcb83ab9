"""A bank's answer is booked once: payments settled, returns payable again, fees the vendor's own cost."""

from datetime import datetime
from unittest.mock import patch

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from commissions.ledger.models import Account, Balance
from commissions.ledger.selectors import partner_balances
from commissions.payouts.models import Payout, PayoutState, RunState
from commissions.results.models import Match, ResultFile, ResultRow
from commissions.results.services import ReadBefore, apply_chunk, finish_results
from commissions.verification import faults
from prm.events.services import Actor
from prm.jobs.models import Job
from prm.jobs.tasks import run_job
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from prm.uploads.selectors import space
from tests.builders.payouts import a_payee, exported_run
from tests.builders.results import a_csv, a_statement, an_entry, read_file
from tests.conftest import World


def _applied(file: ResultFile, world: World, at: datetime) -> None:
    actor = Actor(world.finance.id)
    while apply_chunk(file_id=file.id, actor=actor, at=at, limit=1):
        pass
    finish_results(file_id=file.id, actor=actor, at=at)


def _cash(kind: str) -> int:
    ids = Account.objects.filter(kind=kind, currency="EUR").values("id")
    return sum(row.debits_minor - row.credits_minor for row in Balance.objects.filter(id__in=ids))


def test_a_fee_of_2_50_on_100_00_leaves_100_00_for_the_partner(
    world: World, acme: Tenant, at: datetime
) -> None:
    paid = a_payee("Alder", 10_000, at=at)
    back = a_payee("Birch", 4_000, at=at)
    run = exported_run(at=at, user_id=world.finance.id, approver_id=world.second_finance.id)
    entries = [
        an_entry("PR-2026-11-0001", "100.00", fee="2.50"),
        an_entry("PR-2026-11-0002", "40.00", side="CRDT", reason="AC04"),
        an_entry("SALARY 11", "9000.00"),
    ]
    file = read_file(a_statement(entries), user_id=world.finance.id, name="statement.xml")
    assert list(ResultRow.objects.order_by("position").values_list("match", flat=True)) == [
        Match.MATCHED,
        Match.MATCHED,
        Match.UNMATCHED,
    ]

    _applied(file, world, at)

    run.refresh_from_db()
    assert run.state == RunState.SETTLED
    assert Payout.objects.get(partner=paid).amount_minor == 10_000
    assert partner_balances(paid.id)[0].payable == 0
    (balance,) = partner_balances(back.id)
    assert (balance.payable, balance.in_payout) == (4_000, 0)
    assert Payout.objects.get(partner=back).return_reason == "AC04"
    assert (_cash("cash"), _cash("fees")) == (-10_250, 250)
    # The builder's amounts are owed without a reward behind them.
    assert [fault for fault in faults() if fault.check != "every movement has its reason"] == []


def test_neither_the_same_file_nor_another_about_the_same_changes_anything(
    world: World, acme: Tenant, at: datetime
) -> None:
    a_payee("Alder", 10_000, at=at)
    exported_run(at=at, user_id=world.finance.id, approver_id=world.second_finance.id)
    row = "PR-2026-11-0001,paid,100.00,EUR,2.50,"
    _applied(read_file(a_csv(row), user_id=world.finance.id), world, at)
    after = (_cash("cash"), _cash("fees"))

    with pytest.raises(ReadBefore):
        read_file(a_csv(row), user_id=world.finance.id)
    other = read_file(a_csv(row, row), user_id=world.finance.id)
    _applied(other, world, at)

    assert list(
        ResultRow.objects.filter(file=other).order_by("position").values_list("match", flat=True)
    ) == [Match.KNOWN, Match.DOUBLE]
    assert (_cash("cash"), _cash("fees")) == after == (-10_250, 250)


def test_the_same_file_brought_twice_at_once_is_read_once(world: World) -> None:
    content = a_csv("PR-9,paid,1.00,EUR,,")
    client = Client()
    client.force_login(world.finance)
    with tenant_scope(world.acme.id):
        first = read_file(content, user_id=world.finance.id)

    # Committed by somebody else after this request had looked.
    with patch("commissions.results.views.read_before", return_value=None):
        given = SimpleUploadedFile("wise.csv", content)
        answer = client.post("/acme/manage/payouts/results/", {"file": given})

    assert (answer.status_code, answer["Location"].split("/")[-2]) == (303, str(first.id))


def test_finance_brings_a_list_sees_what_is_left_and_books_the_rest(
    world: World, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        a_payee("Alder", 10_000, at=at)
        exported_run(at=at, user_id=world.finance.id, approver_id=world.second_finance.id)
    client = Client()
    client.force_login(world.finance)
    given = SimpleUploadedFile(
        "wise.csv", a_csv("PR-2026-11-0001,paid,100.00,EUR,,", "PR-9,paid,1.00,EUR,,")
    )

    answer = client.post("/acme/manage/payouts/results/", {"file": given})

    assert answer.status_code == 303
    page = client.get(answer["Location"]).content.decode()
    assert "1 row matches no payment" in page
    assert "No payment of yours has this reference" in page
    assert "Book 1 row" in page
    assert client.post(answer["Location"] + "book/").status_code == 303
    with tenant_scope(world.acme.id):
        job = Job.objects.get(kind="payouts.results")
    run_job(tenant=world.acme.id, job=str(job.id))
    with tenant_scope(world.acme.id):
        assert Payout.objects.get().state == PayoutState.SETTLED
    assert "Booked by" in client.get(answer["Location"]).content.decode()
    with tenant_scope(world.acme.id):
        taken = space()
    bad = SimpleUploadedFile("x.csv", b"a,b\r\n1,2\r\n")
    refused = client.post("/acme/manage/payouts/results/", {"file": bad})
    assert refused.status_code == 422
    assert "The list lacks columns" in refused.content.decode()
    with tenant_scope(world.acme.id):
        assert space() == taken
