"""A partner admin enters where to be paid: checked, sealed, masked, behind a fresh sign-in, told to all admins."""

from collections.abc import Callable
from typing import Any

import pytest
from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from django.test import Client
from django.utils import timezone

from commissions.payouts.details import debtor_account
from commissions.payouts.models import PayoutAccount
from prm.accounts.capabilities import Role
from prm.accounts.models import User
from prm.events.models import Event
from prm.notices.models import Mail
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from tests.builders.partners import a_partner
from tests.builders.payouts import IBAN_GERMANY, IBAN_IRELAND, payable
from tests.builders.people import PASSWORD, a_member
from tests.conftest import World

CHANGE = "/acme/payout-details/change/"


def _fresh(user: User, *, seconds_ago: int = 0) -> Client:
    client = Client()
    client.force_login(user)
    client.post("/acme/accounts/reauthenticate/", {"password": PASSWORD})
    session = client.session
    records = session[AUTHENTICATION_METHODS_SESSION_KEY]
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [
        {**row, "at": row["at"] - seconds_ago} for row in records
    ]
    session.save()
    return client


@pytest.fixture
def admin(world: World) -> User:
    with tenant_scope(world.acme.id):
        partner = a_partner(name="Brightwater")
        payable(partner.id, 5_000, at=timezone.now())
        inside: dict[str, Any] = {"partner_id": partner.id, "partner_name": partner.name}
        a_member(
            world.acme,
            Role.PARTNER_ADMIN,
            "second@brightwater.example",
            name="Second Admin",
            **inside,
        )
        a_member(world.acme, Role.PARTNER_REP, "rep@brightwater.example", name="Rep", **inside)
        return a_member(
            world.acme,
            Role.PARTNER_ADMIN,
            "boss@brightwater.example",
            name="Aoife Brennan",
            **inside,
        )


def _form(**fields: str) -> dict[str, str]:
    return {
        "method": "sepa",
        "holder": "Brightwater Ltd",
        "number": "IE29 AIBK 9311 5212 3456 78",
        "bic": "",
        **fields,
    }


def test_details_are_saved_sealed_shown_masked_and_told_to_every_admin(
    world: World, admin: User, deliver: Callable[[], int]
) -> None:
    client = _fresh(admin)
    assert (
        "€50.00 waits for your bank details" in client.get("/acme/payout-details/").content.decode()
    )

    assert client.post(CHANGE, _form()).status_code == 303
    client.post(CHANGE, _form(number=IBAN_GERMANY))
    deliver()

    page = client.get("/acme/payout-details/").content.decode()
    assert "DE\u00a0••\u00a03000" in page
    assert "Payouts are held until" in page
    assert IBAN_GERMANY not in page
    with tenant_scope(world.acme.id):
        assert [row.bic for row in PayoutAccount.objects.order_by("id")] == [
            "AIBKIE2DXXX",
            "COBADEFFXXX",
        ]
        mails = Mail.objects.filter(kind="payout.details_changed")
        assert (
            sorted(mails.values_list("to", flat=True))
            == ["boss@brightwater.example"] * 2 + ["second@brightwater.example"] * 2
        )
        text = mails.latest("id").text
        assert (
            "Payouts no longer go to IE\u00a0••\u00a05678 but to DE\u00a0••\u00a03000. Changed by Aoife Brennan."
            in text
        )
        facts = Event.objects.filter(name="payout_details.changed").values_list(
            "payload", "changes"
        )
        assert IBAN_GERMANY not in str(list(facts))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        pytest.param(
            {"number": "IE29AIBK93115212345679"},
            "The check digits do not fit",
            id="a mistyped IBAN",
        ),
        pytest.param({"number": "DE8937040044053201300"}, "wrong length", id="a digit too few"),
        pytest.param(
            {"number": "BR1800360305000010009795493C1"},
            "SEPA does not reach this country",
            id="outside SEPA",
        ),
        pytest.param(
            {"number": "<script>", "method": "bank"}, "letters and digits only", id="no number"
        ),
        pytest.param({"bic": "NOPE"}, "BIC of 8 or 11 characters", id="no BIC"),
    ],
)
def test_wrong_numbers_are_refused_in_words(
    world: World, admin: User, fields: dict[str, str], words: str
) -> None:
    answer = _fresh(admin).post(CHANGE, _form(**fields))

    assert answer.status_code == 422
    assert words in answer.content.decode()
    with tenant_scope(world.acme.id):
        assert not PayoutAccount.objects.exists()


def test_a_sign_in_of_six_minutes_ago_is_asked_again(world: World, admin: User) -> None:
    client = _fresh(admin, seconds_ago=360)

    answer = client.post(CHANGE, _form())

    assert answer.status_code == 302
    assert "reauthenticate" in answer.headers["Location"]
    with tenant_scope(world.acme.id):
        assert not PayoutAccount.objects.exists()


def test_the_number_is_checked_on_the_way(world: World, admin: User) -> None:
    client = _fresh(admin)

    good = client.post(
        "/acme/payout-details/check/", {"method": "sepa", "number": IBAN_IRELAND}
    ).content.decode()
    bad = client.post(
        "/acme/payout-details/check/", {"method": "sepa", "number": "IE29AIBK9311521234567"}
    ).content.decode()

    assert "AIBKIE2DXXX" in good
    assert "wrong length" in bad


def test_finance_enters_the_account_to_pay_from(world: World) -> None:
    client = _fresh(world.finance)

    assert (
        client.post("/acme/manage/payouts/source/", {"iban": "NL91 ABNA 0417 1643 01"}).status_code
        == 422
    )
    assert (
        client.post("/acme/manage/payouts/source/", {"iban": "NL91 ABNA 0417 1643 00"}).status_code
        == 303
    )

    account = debtor_account(Tenant.objects.get(id=world.acme.id))
    assert account is not None
    assert (account.iban, account.bic) == ("NL91ABNA0417164300", "ABNANL2A")
    assert "Paid from NL" in client.get("/acme/manage/payouts/").content.decode()


def test_finance_enters_the_first_details_of_a_partner_without_people(world: World) -> None:
    with tenant_scope(world.acme.id):
        partner = a_partner(name="Imported")
    client = _fresh(world.finance)
    page = f"/acme/manage/partners/{partner.id}/payout-details/"
    answers = {"method": "sepa", "holder": "Imported Ltd", "number": IBAN_IRELAND}
    assert "How the partner is paid" in client.get(page).content.decode()

    entered = client.post(page, answers)
    again = client.post(page, {**answers, "number": IBAN_GERMANY})

    assert (entered.status_code, entered.headers["Location"]) == (303, "/acme/manage/payouts/new/")
    assert again.headers["Location"] == f"/acme/manage/partners/{partner.id}/"
    with tenant_scope(world.acme.id):
        account = PayoutAccount.objects.get(partner_id=partner.id)
        event = Event.objects.get(name="payout_details.changed")
    assert (account.holder, account.cooling_until, account.changed_by_id) == (
        "Imported Ltd",
        None,
        world.finance.id,
    )
    assert event.actor_id == world.finance.id
