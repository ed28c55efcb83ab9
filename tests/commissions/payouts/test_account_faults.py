"""After a payment came back because of its account nothing more goes there, until it is changed or confirmed."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from commissions.payouts.faults import DetailsChanged, confirm_account, open_faults
from commissions.payouts.models import (
    AccountFault,
    Payout,
    PayoutExclusion,
    PayoutRun,
    ReturnCause,
)
from commissions.payouts.rules import account_code, has_code
from commissions.payouts.selectors import preview_run
from commissions.payouts.services import (
    NothingToPay,
    RunChanged,
    approve_run,
    return_payout,
    settle_all,
)
from commissions.payouts.wording import bank_words
from prm.events.models import Event
from prm.events.services import Actor
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from tests.builders.payouts import (
    IBAN_GERMANY,
    a_payee,
    bank_details,
    exported_run,
    payable,
    submitted_run,
)
from tests.builders.people import PASSWORD
from tests.conftest import World

DAY = timedelta(days=1)


CODES = [
    *("AC01", "AC03", "AC04", "AC06", "AC07", "AC14", "AG01", "BE01", "BE06", "CNOR", "MD07"),
    *("RC01", "RC04", "R02", "R03", "R04", "R12", "R13", "R14", "R15", "R16", "R20"),
]


def _sent(world: World, at: datetime) -> PayoutRun:
    return exported_run(at=at, user_id=world.finance.id, approver_id=world.second_finance.id)


def _came_back(world: World, at: datetime, *, reason: str = "AC04", **fields: Any) -> Payout:
    """Pay a partner 100.00 and hear from the bank why it came back."""
    a_payee("Brightwater", 10_000, at=at)
    _sent(world, at)
    return return_payout(
        payout_id=Payout.objects.get().id, reason=reason, actor=Actor(None), at=at, **fields
    )


def _reason(at: datetime) -> list[str]:
    return [row.reason for row in preview_run(at=at).candidates]


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        pytest.param("AC04", "AC04", id="the bare code"),
        pytest.param("AC01 Wrong IBAN", "AC01", id="code and words"),
        pytest.param("Returned: R03 no account", "R03", id="a US bank's code behind words"),
        pytest.param("AM04 Insufficient funds", "", id="not the account"),
        pytest.param("R01", "", id="the sender's money was short"),
        pytest.param("Account closed", "", id="words alone are a person's to judge"),
        pytest.param("RAC04X", "", id="part of another word"),
    ],
)
def test_codes_that_blame_the_account(reason: str, code: str) -> None:
    assert account_code(reason) == code


@pytest.mark.parametrize("code", CODES)
def test_every_code_has_words(code: str) -> None:
    assert account_code(code) == code
    assert bank_words(code).endswith(f" ({code})")


def test_the_next_run_leaves_it_out_and_pays_once_when_finance_confirms(
    world: World, acme: Tenant, at: datetime
) -> None:
    back, actor = _came_back(world, at), Actor(world.finance.id)
    account = back.account
    a_payee("Alder", 500, at=at, number=IBAN_GERMANY)

    run = submitted_run(at=at + DAY, user_id=world.finance.id)

    left = PayoutExclusion.objects.get(run=run)
    assert (left.partner_id, left.reason, left.amount_minor) == (
        back.partner_id,
        "returned",
        10_000,
    )
    assert left.detail == {"payment": back.number, "bank_says": "AC04"}
    assert [row.amount_minor for row in Payout.objects.filter(run=run)] == [500]

    for _twice in range(2):
        confirm_account(
            partner_id=back.partner_id,
            account_id=account.id,
            reason="Called Niamh: the bank had blocked it for a day",
            actor=actor,
            at=at + DAY,
        )
    approve_run(run_id=run.id, digest=run.digest, actor=Actor(world.second_finance.id), at=at + DAY)
    again = _sent(world, at + 2 * DAY)
    settle_all(run_id=again.id, actor=actor, at=at + 3 * DAY)

    assert [(row.partner_id, row.amount_minor) for row in Payout.objects.filter(run=again)] == [
        (back.partner_id, 10_000)
    ]
    with pytest.raises(NothingToPay):
        submitted_run(at=at + 4 * DAY, user_id=world.finance.id)
    assert Event.objects.filter(name="payout_details.confirmed").count() == 1
    fault = AccountFault.objects.get()
    assert (fault.code, fault.cleared_by_id, fault.cleared_reason) == (
        "AC04",
        world.finance.id,
        "Called Niamh: the bank had blocked it for a day",
    )


def test_other_details_are_paid_and_a_confirmation_of_the_old_ones_is_refused(
    world: World, acme: Tenant, at: datetime
) -> None:
    back = _came_back(world, at)
    later = at + 40 * DAY
    heard = [_reason(at)]
    bank_details(back.partner_id, at=later, number=IBAN_GERMANY)
    heard.append(_reason(later))

    with pytest.raises(DetailsChanged):
        confirm_account(
            partner_id=back.partner_id,
            account_id=back.account_id,
            reason="Late",
            actor=Actor(None),
            at=later,
        )

    assert heard == [["returned"], [""]]
    assert len(open_faults(back.account_id)) == 1
    assert not Event.objects.filter(name="payout_details.confirmed").exists()


@pytest.mark.parametrize(
    ("reason", "cause", "kept", "found"),
    [
        pytest.param("Account closed", None, "unclear", "", id="words alone wait for a person"),
        pytest.param("AM04", None, "", "", id="a code that blames nobody is not asked about"),
        pytest.param("AC04", None, "", "returned", id="a code that blames the account"),
        pytest.param("Gone", "closed", "closed", "returned", id="a person says closed"),
        pytest.param("Wrong IBAN", "wrong", "wrong", "returned", id="a person says wrong"),
        pytest.param("Sanctions", "refused", "refused", "", id="a person says refused"),
        pytest.param("Holiday", "other", "other", "", id="a person says something else"),
    ],
)
def test_words_without_a_code_are_judged_by_a_person(
    world: World, acme: Tenant, at: datetime, reason: str, cause: str, kept: str, found: str
) -> None:
    said = {"cause": ReturnCause(cause)} if cause else {}
    back = _came_back(world, at, reason=reason, **said)

    assert back.return_cause == kept
    assert _reason(at) == [found]


@pytest.mark.parametrize(
    ("reason", "is_code"),
    [
        pytest.param("Returned: MS03 no reason", True, id="any ISO code"),
        pytest.param("R29 Not authorised", True, id="any code of a US bank"),
        pytest.param("CNOR", True, id="a code of four letters"),
        pytest.param("BANK CLOSED", False, id="words in capitals"),
        pytest.param("REF AB1234", False, id="a reference"),
        pytest.param("", False, id="nothing"),
    ],
)
def test_which_words_have_a_code(reason: str, is_code: bool) -> None:
    assert has_code(reason) is is_code


def test_finance_is_asked_what_words_without_a_code_mean(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        back = _came_back(world, at, reason="Konto erloschen")
    client = Client()
    client.force_login(world.finance)
    page = f"/acme/payouts/{back.id}/"
    ask = f"/acme/manage/payouts/payments/{back.id}/cause/"

    home = client.get("/acme/manage/finance/").content.decode()
    asked = client.get(page).content.decode()
    nothing = client.post(ask, {})
    for _twice in range(2):
        client.post(ask, {"cause": "closed"})
    client.post(ask, {"cause": "other"})

    assert (f"Say why {back.number} came back" in home, ask in asked) == (True, True)
    assert nothing.status_code == 422
    with tenant_scope(world.acme.id):
        assert Payout.objects.get().return_cause == "closed"
        assert _reason(at) == ["returned"]
        assert Event.objects.filter(name="payout.cause_said").count() == 1
    assert "Say why" not in client.get("/acme/manage/finance/").content.decode()
    assert ask not in client.get(page).content.decode()


def test_a_run_that_waits_when_the_bank_answers_is_not_approved(
    world: World, acme: Tenant, at: datetime
) -> None:
    partner = a_payee("Brightwater", 10_000, at=at)
    _sent(world, at)
    first = Payout.objects.get()
    payable(partner.id, 700, at=at)
    waiting = submitted_run(at=at, user_id=world.finance.id)
    return_payout(payout_id=first.id, reason="AC06 Blocked", actor=Actor(None), at=at)

    with pytest.raises(RunChanged) as refused:
        approve_run(
            run_id=waiting.id,
            digest=waiting.digest,
            actor=Actor(world.second_finance.id),
            at=at,
        )

    assert [(change.kind, change.after) for change in refused.value.changes] == [
        ("returned", first.number)
    ]


def test_finance_reads_why_and_confirms_in_the_browser(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        a_payee("Brightwater", 10_000, at=at)
        _sent(world, at)
        payout = Payout.objects.get()
    client = Client()
    client.force_login(world.finance)
    address = f"/acme/manage/partners/{payout.partner_id}/payout-details/confirm/"
    assert "reauthenticate" in client.get(address).headers["Location"]
    client.post("/acme/accounts/reauthenticate/", {"password": PASSWORD})

    client.post(
        f"/acme/manage/payouts/payments/{payout.id}/return/",
        {"reason": "The bank knows no such account", "cause": "wrong"},
    )
    preview = client.get("/acme/manage/payouts/new/").content.decode()
    asked = client.get(address).content.decode()
    empty = client.post(address, {"account": payout.account_id, "reason": ""})
    stale = client.post(address, {"account": payout.account_id + 1, "reason": "They say so"})
    done = client.post(address, {"account": payout.account_id, "reason": "Niamh read it out"})
    after = client.get("/acme/manage/payouts/new/").content.decode()
    payment = client.get(f"/acme/payouts/{payout.id}/").content.decode()

    words = f"{payout.number} came back from this account: The bank knows no such account. Held"
    assert words in preview
    assert address in preview
    assert "The bank knows no such account" in asked
    assert [empty.status_code, stale.status_code, done.status_code] == [422, 409, 303]
    assert [address in after, words in after] == [False, False]
    assert "by Fay Finance: Niamh read it out" in payment


def test_the_preview_costs_the_same_for_one_such_account_and_for_five(
    world: World, at: datetime
) -> None:
    client = Client()
    client.force_login(world.finance)

    def cost(faults: int) -> int:
        with CaptureQueriesContext(connection) as queries:
            page = client.get("/acme/manage/payouts/new/").content.decode()
        assert page.count("came back from this account") == faults
        return len(queries.captured_queries)

    def come_back(*names: str) -> None:
        for name in names:
            a_payee(name, 10_000, at=at)
        for payout in Payout.objects.filter(run=_sent(world, at)):
            return_payout(payout_id=payout.id, reason="AC04", actor=Actor(None), at=at)

    with tenant_scope(world.acme.id):
        come_back("Alder")
    # The first page of a visit asks for more: who it is, and when they were last here.
    one = [cost(1) for _visit in range(2)][-1]
    with tenant_scope(world.acme.id):
        come_back("Birch", "Cedar", "Dogwood", "Elm")

    assert cost(5) == one
