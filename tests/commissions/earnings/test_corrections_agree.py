"""What a dispute put right is in the list, its tabs, the file and the balance alike, wherever its money goes."""

import csv
from datetime import datetime, timedelta
from decimal import Decimal
from io import StringIO

from django.test import Client

from commissions.ledger.selectors import balances_of
from commissions.payouts.models import Payout
from commissions.payouts.services import return_payout, settle_all
from commissions.statements.disputing import accept_dispute
from prm.events.services import Actor
from prm.tenancy.scope import tenant_scope
from tests.builders.disputes import disputed, line_of, released, stated
from tests.builders.payouts import bank_details, exported_run
from tests.builders.referrals import people_of
from tests.conftest import World

OPEN = {"Ready", "Payment returned", "In payout", "On hold", "Disputed"}


def _tabs(client: Client) -> list[str]:
    return [str(tab.count) for tab in client.get("/acme/earnings/").context["tabs"]]


def _rows(client: Client) -> list[tuple[str, str, str]]:
    text = client.get("/acme/earnings/export/?format=csv").content.decode("utf-8-sig")
    return [(row["Reward"], row["Left"], row["Status"]) for row in csv.DictReader(StringIO(text))]


def _pay(world: World, at: datetime) -> Payout:
    run = exported_run(at=at, user_id=world.finance.id, approver_id=world.second_finance.id)
    settle_all(run_id=run.id, actor=Actor(world.finance.id), at=at)
    return Payout.objects.get(run=run)


def test_list_tabs_file_and_balance_agree_at_every_step(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        people = people_of(world.acme)
        partner = people.partner
        bank_details(partner.id, at=at)
        reward = released(at, partner=partner, deal_minor=100_000, company="Kestrel")
        statement = stated(partner.id, at)
        accept_dispute(
            dispute_id=disputed(line_of(reward), at=at).id,
            correction_minor=3_000,
            answer="The deal was 1,150.00",
            actor=Actor(world.finance.id),
            at=at + timedelta(days=1),
        )
    client = Client()
    client.force_login(people.admin)
    correction = f"Correction of statement {statement.number}"

    def agrees() -> tuple[list[str], str]:
        rows = _rows(client)
        with tenant_scope(world.acme.id):
            owed = balances_of(partner.id, "EUR").owed
        assert sum(Decimal(left) for _, left, status in rows if status in OPEN) * 100 == owed
        return _tabs(client), next(status for name, _, status in rows if name == correction)

    heard = [agrees()]
    with tenant_scope(world.acme.id):
        first = _pay(world, at + timedelta(days=2))
    heard.append(agrees())
    with tenant_scope(world.acme.id):
        return_payout(payout_id=first.id, reason="AM05 Twice", actor=Actor(None), at=at)
    heard.append(agrees())
    with tenant_scope(world.acme.id):
        _pay(world, at + timedelta(days=3))
    heard.append(agrees())

    assert heard == [
        (["2", "0", "0"], "Ready"),
        (["0", "2", "0"], "Paid"),
        (["2", "0", "0"], "Payment returned"),
        (["0", "2", "0"], "Paid"),
    ]
    page = client.get("/acme/earnings/?view=paid").content.decode()
    assert correction in page
