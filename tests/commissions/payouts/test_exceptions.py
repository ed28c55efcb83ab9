"""What keeps a balance from being paid is a task of the partner: told once, there as long as its reason, then gone."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.urls import set_urlconf

from commissions.payouts.exceptions import payout_tasks, return_tasks
from commissions.payouts.faults import confirm_account
from commissions.payouts.models import Payout, PayoutMethod
from commissions.payouts.services import cancel_run, return_payout
from prm.accounts.capabilities import Capability, Role
from prm.accounts.members import Member
from prm.accounts.models import User
from prm.events.services import Actor
from prm.notices.models import Mail
from prm.tenancy.scope import tenant_scope
from prm.web.parts import Task
from tests.builders.commissions import a_plan
from tests.builders.payouts import (
    IBAN_GERMANY,
    a_payee,
    bank_details,
    exported_run,
    payable,
    submitted_run,
)
from tests.builders.people import a_member
from tests.builders.referrals import a_partner, a_program
from tests.conftest import World


def _admin_of(world: World, partner: Any) -> User:
    return a_member(
        world.acme,
        Role.PARTNER_ADMIN,
        "boss@brightwater.example",
        name="Aoife Brennan",
        partner_id=partner.id,
        partner_name=partner.name,
    )


@pytest.fixture(autouse=True)
def _own_addresses() -> Iterator[None]:
    """Leave no addresses behind for other tests."""
    yield
    set_urlconf(None)


def _member(world: World, partner: Any, user: User) -> Member:
    return Member(
        user_id=user.id,
        name=user.name,
        email=user.email,
        tenant_id=world.acme.id,
        membership_id=0,
        partner_id=partner.id,
        partner_name=partner.name,
        roles=(Role.PARTNER_ADMIN,),
        capabilities=frozenset({Capability.MANAGE_PAYOUT_DETAILS}),
        sees_all_referrals=True,
        language="en",
        time_zone="UTC",
    )


def _returned(world: World, partner: Any, user: User) -> list[str]:
    set_urlconf("prm.tenant_urls")
    with tenant_scope(world.acme.id, partner.id):
        return [str(task.text) for task in return_tasks(partner.id, _member(world, partner, user))]


def _titles(world: World, partner: Any, user: User, at: datetime) -> list[str]:
    member = _member(world, partner, user)
    set_urlconf("prm.tenant_urls")
    with tenant_scope(world.acme.id, partner.id):
        return [str(task.title) for task in payout_tasks(partner.id, member, at=at)]


def test_a_run_that_leaves_a_partner_out_tells_it_once_and_the_task_closes_itself(
    world: World, at: datetime, deliver: Callable[[], int]
) -> None:
    with tenant_scope(world.acme.id):
        a_payee("Alder", 10_000, at=at)
        partner = a_partner("Brightwater", program=a_program())
        user = _admin_of(world, partner)
        payable(partner.id, 5_000, at=at)
    for _twice in range(2):
        with tenant_scope(world.acme.id):
            run = submitted_run(at=at, user_id=world.finance.id)
        deliver()
        with tenant_scope(world.acme.id):
            cancel_run(run_id=run.id, reason="Again", actor=Actor(world.finance.id), at=at)
    assert _titles(world, partner, user, at) == ["Add your bank details"]

    with tenant_scope(world.acme.id):
        mails = Mail.objects.filter(kind="payout.left_out", user=user)
        assert mails.count() == 1
        assert "€50.00 is ready, but there are no payout details yet." in mails.get().text
        bank_details(partner.id, at=at)
    assert _titles(world, partner, user, at) == []


def test_a_payment_that_came_back_is_a_task_until_the_details_change(
    world: World, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        partner = a_partner("Brightwater", program=a_program())
        user = _admin_of(world, partner)
        bank_details(partner.id, at=at)
        payable(partner.id, 5_000, at=at)
        exported_run(at=at, user_id=world.finance.id, approver_id=world.second_finance.id)
        payout = Payout.objects.get()
    heard = [_returned(world, partner, user)]
    with tenant_scope(world.acme.id):
        return_payout(
            payout_id=payout.id, reason="Account closed", actor=Actor(world.finance.id), at=at
        )
    heard.append(_returned(world, partner, user))
    with tenant_scope(world.acme.id):
        bank_details(partner.id, at=at, number=IBAN_GERMANY)
    heard.append(_returned(world, partner, user))

    assert [len(texts) for texts in heard] == [0, 1, 0]
    assert heard[1][0].endswith("What the bank says: Account closed")


def test_an_account_that_is_paid_no_more_is_one_task_until_finance_confirms_it(
    world: World, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        partner = a_partner("Brightwater", program=a_program())
        user = _admin_of(world, partner)
        account = bank_details(partner.id, at=at)
        payable(partner.id, 5_000, at=at)
        payable(partner.id, 700, "USD", at=at)
        exported_run(at=at, user_id=world.finance.id, approver_id=world.second_finance.id)
        payout = Payout.objects.get(currency="EUR")
        payable(partner.id, 300, "USD", at=at)
        return_payout(payout_id=payout.id, reason="AC04", actor=Actor(None), at=at)
    member = _member(world, partner, user)

    def asked() -> list[Task]:
        set_urlconf("prm.tenant_urls")
        with tenant_scope(world.acme.id, partner.id):
            return [*return_tasks(partner.id, member), *payout_tasks(partner.id, member, at=at)]

    heard = asked()
    with tenant_scope(world.acme.id):
        confirm_account(
            partner_id=partner.id,
            account_id=account.id,
            reason="Read it out",
            actor=Actor(world.finance.id),
            at=at,
        )

    # The home page shows equal ones once.
    assert len(heard) == 2
    assert len(set(heard)) == 1
    assert str(heard[0].text).endswith(f"{payout.number}: The account is closed (AC04)")
    assert asked() == []


@pytest.mark.parametrize(
    ("minor", "currency", "title"),
    [
        pytest.param(3_760, "EUR", "€12.40 to go until the next payout", id="below the minimum"),
        pytest.param(5_000, "EUR", None, id="at the minimum"),
        pytest.param(-100, "EUR", None, id="below zero is no task"),
    ],
)
def test_the_home_page_says_what_is_missing(
    world: World, at: datetime, minor: int, currency: str, title: str | None
) -> None:
    with tenant_scope(world.acme.id):
        program = a_program()
        a_plan(program, minimum_payout_minor=5_000)
        partner = a_partner("Brightwater", program=program)
        user = _admin_of(world, partner)
        bank_details(partner.id, at=at)
        payable(partner.id, minor, currency, at=at)

    assert _titles(world, partner, user, at) == ([title] if title else [])


def test_changed_details_and_a_method_that_carries_other_money_are_tasks_too(
    world: World, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        partner = a_partner("Brightwater", program=a_program())
        user = _admin_of(world, partner)
        bank_details(partner.id, at=at)
        bank_details(partner.id, at=at + timedelta(days=30), number=IBAN_GERMANY)
        payable(partner.id, 5_000, at=at)

    assert _titles(world, partner, user, at) == [
        "€50.00 is held because your payout details changed"
    ]
    later = at + timedelta(days=4)
    assert _titles(world, partner, user, later) == []
    with tenant_scope(world.acme.id):
        us = {"number": "4412345", "routing": "011401533", "ach_kind": "savings", "country": "US"}
        bank_details(partner.id, at=later + timedelta(days=20), method=PayoutMethod.ACH, **us)
    assert _titles(world, partner, user, later) == ["Choose another payout method for €50.00"]
