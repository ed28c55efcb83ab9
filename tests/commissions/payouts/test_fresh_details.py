"""Who approves a run sees which bank details nothing was paid to yet, and whether the preparer entered them."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils.html import strip_tags

from commissions.payouts.details import PayoutDetails, save_payout_details
from commissions.payouts.models import PayoutMethod, PayoutRun
from commissions.payouts.selectors import fresh_details
from commissions.payouts.services import approve_run, export_run, settle_all
from prm.accounts.models import User
from prm.events.services import Actor
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from tests.builders.partners import a_partner
from tests.builders.payouts import IBAN_GERMANY, IBAN_IRELAND, a_payee, payable, submitted_run
from tests.builders.people import PASSWORD
from tests.conftest import World

FIRST = "goes to bank details that nothing was paid to yet"


def _enter(partner: Any, number: str, who: User | None, at: datetime) -> None:
    save_payout_details(
        partner_id=partner.id,
        details=PayoutDetails(PayoutMethod.SEPA, "Brightwater Ltd", number, country=number[:2]),
        actor=Actor(who.id if who else None),
        at=at,
    )


def _paid(world: World, at: datetime) -> PayoutRun:
    run = submitted_run(at=at, user_id=world.finance.id)
    second = Actor(world.second_finance.id)
    approve_run(run_id=run.id, digest=run.digest, actor=second, at=at)
    export_run(run_id=run.id, actor=second, at=at)
    settle_all(run_id=run.id, actor=second, at=at)
    return run


def _page(user: User, run: PayoutRun, rest: str = "") -> str:
    client = Client()
    client.force_login(user)
    client.post("/acme/accounts/reauthenticate/", {"password": PASSWORD})
    answer = client.get(f"/acme/manage/payouts/{run.id}/{rest}")
    assert answer.status_code == 200
    return " ".join(strip_tags(answer.content.decode()).split())


@pytest.mark.parametrize("rest", ["", "approve/"])
def test_the_approver_is_told_that_the_preparer_entered_the_account(
    world: World, at: datetime, rest: str
) -> None:
    with tenant_scope(world.acme.id):
        partner = a_partner(name="Brightwater")
        _enter(partner, IBAN_IRELAND, world.finance, at - timedelta(days=10))
        payable(partner.id, 10_000, at=at)
        run = submitted_run(at=at, user_id=world.finance.id)

    page = _page(world.second_finance, run, rest)

    name = world.finance.get_full_name()
    assert f"by {name}, who prepared this run" in page
    assert "entered on" in page
    assert f"1 payment {FIRST}" in page
    assert "Call the partner on the number on file before you approve." in page
    with tenant_scope(world.acme.id):
        approve_run(run_id=run.id, digest=run.digest, actor=Actor(world.second_finance.id), at=at)


def test_details_that_were_paid_on_are_silent_until_they_change(
    world: World, acme: Tenant, at: datetime
) -> None:
    partner = a_payee("Brightwater", 10_000, at=at)
    _paid(world, at)
    payable(partner.id, 20_000, at=at)
    calm = submitted_run(at=at + timedelta(days=30), user_id=world.finance.id)
    assert fresh_details(calm, limit=10) == ([], 0)
    approve_run(
        run_id=calm.id,
        digest=calm.digest,
        actor=Actor(world.second_finance.id),
        at=at + timedelta(days=30),
    )

    _enter(partner, IBAN_GERMANY, world.admin, at + timedelta(days=40))
    _enter(partner, IBAN_IRELAND, world.admin, at + timedelta(days=41))
    payable(partner.id, 5_000, at=at)
    later = submitted_run(at=at + timedelta(days=60), user_id=world.finance.id)

    rows, count = fresh_details(later, limit=10)
    assert count == 1
    assert (rows[0].replaced, rows[0].by_preparer) == (True, False)
    assert rows[0].changed_by == world.admin.get_full_name()
    assert rows[0].changed_at == at + timedelta(days=41)


def test_details_of_the_last_days_are_said_even_after_a_payment(
    world: World, acme: Tenant, at: datetime
) -> None:
    partner = a_partner(name="Brightwater")
    _enter(partner, IBAN_IRELAND, None, at - timedelta(days=2))
    payable(partner.id, 10_000, at=at)
    _paid(world, at)
    payable(partner.id, 10_000, at=at)

    soon = submitted_run(at=at + timedelta(hours=1), user_id=world.finance.id)

    assert fresh_details(soon, limit=10)[1] == 1


def test_the_preparers_own_come_first_and_the_rest_is_counted(
    world: World, acme: Tenant, at: datetime
) -> None:
    for name, minor in (("Alder", 90_000), ("Birch", 80_000)):
        a_payee(name, minor, at=at)
    mine = a_partner(name="Cobalt")
    _enter(mine, IBAN_GERMANY, world.finance, at - timedelta(days=10))
    payable(mine.id, 1_000, at=at)

    rows, count = fresh_details(submitted_run(at=at, user_id=world.finance.id), limit=2)

    assert ([row.partner_name for row in rows], count) == (["Cobalt", "Alder"], 3)
    assert [row.by_preparer for row in rows] == [True, False]
