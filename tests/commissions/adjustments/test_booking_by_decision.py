"""Fees, write-offs and conversions: who may, what is booked, what is refused."""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile, UploadedFile
from django.db import IntegrityError, transaction
from django.utils.datastructures import MultiValueDict

from commissions.adjustments.forms import RatesFileForm
from commissions.adjustments.models import Conversion, WriteOff
from commissions.adjustments.rules import converted, deferred_target
from commissions.adjustments.selectors import NoRate, debts, fees_between, fees_of, restated
from commissions.adjustments.services import (
    AlreadyAsked,
    AlreadyDecided,
    AskedByYou,
    NewRate,
    NotConvertible,
    NotEnough,
    NothingToWriteOff,
    add_rates,
    approve_write_off,
    ask_write_off,
    book_fee,
    convert_payable,
    refuse_write_off,
)
from commissions.ledger.models import Transfer
from commissions.ledger.selectors import balances_of, partner_balances
from commissions.statements.models import StatementLine
from commissions.statements.papers import title_of, what_for_adjustment
from commissions.statements.services import issue_statement
from commissions.verification import faults
from prm.accounts.capabilities import Role
from prm.events.services import SYSTEM, Actor
from prm.money import Money
from prm.tenancy.keys import KeyReused
from prm.tenancy.models import Tenant
from tests.builders.partners import a_partner
from tests.builders.payouts import payable
from tests.builders.people import a_member

ONE = NewRate("USD", "EUR", date(2026, 11, 16), Decimal("0.91230000"), "ECB reference rate")


@pytest.fixture
def people(acme: Tenant) -> tuple[Actor, Actor]:
    """Two people of finance."""
    return (
        Actor(a_member(acme, Role.FINANCE, "ask@acme.example").id),
        Actor(a_member(acme, Role.FINANCE, "decide@acme.example").id),
    )


@pytest.fixture(autouse=True)
def _sound_books(acme: Tenant) -> Iterator[None]:
    yield
    # The builder's money has no accrual behind it; everything else must hold.
    assert [str(f) for f in faults() if f.check != "every movement has its reason"] == []


@pytest.mark.parametrize(
    ("minor", "currency", "rate", "into", "minor_then"),
    [
        pytest.param(10_000, "USD", "0.9123", "EUR", 9_123, id="plain"),
        pytest.param(50, "USD", "0.91", "EUR", 46, id="45.5 cents go to the even one above"),
        pytest.param(50, "USD", "0.93", "EUR", 46, id="46.5 cents go to the even one below"),
        pytest.param(1_000, "JPY", "0.0061", "EUR", 610, id="from no decimals"),
        pytest.param(1_000, "EUR", "163.45", "JPY", 1_634, id="to no decimals, half to even"),
        pytest.param(1_000, "EUR", "0.33", "KWD", 3_300, id="to three decimals"),
    ],
)
def test_a_conversion_rounds_once_half_even(
    minor: int, currency: str, rate: str, into: str, minor_then: int
) -> None:
    assert converted(Money(minor, currency), into, Decimal(rate)) == Money(minor_then, into)


@pytest.mark.parametrize(
    ("earned", "taken_back", "percent", "left"),
    [
        (10_000, 8_000, 50, 3_000),
        (10_000, 4_000, 50, 0),
        (10_000, 8_000, 100, 0),
        (101, 100, 50, 50),
        (0, 8_000, 50, 8_000),
    ],
)
def test_no_more_than_the_cap_is_deducted(
    earned: int, taken_back: int, percent: int, left: int
) -> None:
    assert deferred_target(earned_minor=earned, to_deduct_minor=taken_back, percent=percent) == left


def test_a_fee_is_the_vendors_cost_and_leaves_the_partner_what_was_advertised(
    acme: Tenant, at: datetime
) -> None:
    partner = a_partner()
    payable(partner.id, 10_000, at=at)
    fee: dict[str, Any] = {"journal": "payout:PR-1", "key": "bank-77", "actor": SYSTEM, "at": at}

    first = book_fee(fee=Money(250, "EUR"), **fee)
    again = book_fee(fee=Money(250, "EUR"), **fee)

    assert first == again
    assert balances_of(partner.id, "EUR").payable == 10_000
    assert fees_of("payout:PR-1") == [Money(250, "EUR")]
    assert fees_between(at.date(), at.date()) == [Money(250, "EUR")]
    with pytest.raises(KeyReused):
        book_fee(fee=Money(300, "EUR"), **fee)


def test_a_debt_is_written_off_by_two_people(people: tuple[Actor, Actor], at: datetime) -> None:
    partner, (asking, deciding) = a_partner(), people
    payable(partner.id, -8_000, at=at)
    wish = ask_write_off(
        partner_id=partner.id, amount=Money(5_000, "EUR"), reason="Closed", actor=asking, at=at
    )

    with pytest.raises(AlreadyAsked):
        ask_write_off(
            partner_id=partner.id, amount=Money(1, "EUR"), reason="x", actor=asking, at=at
        )
    with pytest.raises(AskedByYou):
        approve_write_off(write_off_id=wish.id, actor=asking, at=at)
    assert debts()[0].debt_minor == 8_000
    approve_write_off(write_off_id=wish.id, actor=deciding, at=at)
    approve_write_off(write_off_id=wish.id, actor=deciding, at=at)

    assert [row.debt_minor for row in debts()] == [3_000]
    assert Transfer.objects.filter(kind="write_off").count() == 1
    with pytest.raises(AlreadyDecided):
        refuse_write_off(write_off_id=wish.id, answer="No", actor=deciding, at=at)


def test_no_more_is_written_off_than_is_owed_when_it_is_decided(
    people: tuple[Actor, Actor], at: datetime
) -> None:
    partner, (asking, deciding) = a_partner(), people
    payable(partner.id, -8_000, at=at)
    with pytest.raises(NothingToWriteOff):
        ask_write_off(
            partner_id=partner.id, amount=Money(8_001, "EUR"), reason="x", actor=asking, at=at
        )
    wish = ask_write_off(
        partner_id=partner.id, amount=Money(8_000, "EUR"), reason="x", actor=asking, at=at
    )
    payable(partner.id, 6_000, at=at)

    with pytest.raises(NothingToWriteOff) as refused:
        approve_write_off(write_off_id=wish.id, actor=deciding, at=at)

    assert refused.value.debt_minor == 2_000
    assert not Transfer.objects.filter(kind="write_off").exists()


def test_the_database_wants_two_people_too(people: tuple[Actor, Actor], at: datetime) -> None:
    partner, (asking, _) = a_partner(), people
    transfer = payable(partner.id, -8_000, at=at)
    wish = ask_write_off(
        partner_id=partner.id, amount=Money(1, "EUR"), reason="x", actor=asking, at=at
    )

    with pytest.raises(IntegrityError, match="two_people"), transaction.atomic():
        WriteOff.objects.filter(id=wish.id).update(
            state="approved", decided_by_id=asking.user_id, decided_at=at, transfer_id=transfer.id
        )


def test_a_conversion_is_two_balanced_legs_with_rate_day_and_source(
    acme: Tenant, at: datetime
) -> None:
    partner = a_partner()
    payable(partner.id, 10_000, "USD", at=at)
    wish: dict[str, Any] = {"partner_id": partner.id, "to_currency": "EUR", "reason": "Asked"}
    wish |= {"actor": SYSTEM, "at": at}
    with pytest.raises(NoRate):
        convert_payable(amount=Money(10_000, "USD"), key="c1", **wish)
    assert add_rates(rates=[ONE], actor=SYSTEM, at=at) == 1
    assert add_rates(rates=[ONE], actor=SYSTEM, at=at) == 0

    first = convert_payable(amount=Money(10_000, "USD"), key="c1", **wish)
    again = convert_payable(amount=Money(10_000, "USD"), key="c1", **wish)

    assert first == again
    assert (first.to_minor, first.rated_on, first.source) == (9_123, ONE.rated_on, ONE.source)
    assert {row.currency: row.payable for row in partner_balances(partner.id)} == {
        "USD": 0,
        "EUR": 9_123,
    }
    with pytest.raises(NotEnough):
        convert_payable(amount=Money(1, "USD"), key="c2", **wish)
    with pytest.raises(KeyReused):
        convert_payable(amount=Money(9_999, "USD"), key="c1", **wish)
    assert Conversion.objects.count() == 1


def test_totals_are_restated_at_rates_on_file_only(acme: Tenant, at: datetime) -> None:
    add_rates(rates=[ONE], actor=SYSTEM, at=at)
    sums = [Money(500, "EUR"), Money(1_000, "USD")]

    total, used = restated(sums, "EUR", date(2026, 11, 23))

    assert (total, [rate.source for rate in used]) == (Money(1_412, "EUR"), [ONE.source])
    with pytest.raises(NoRate):
        restated(sums, "EUR", date(2026, 11, 24))
    with pytest.raises(NoRate):
        restated(sums, "GBP", date(2026, 11, 16))


def test_the_statement_says_what_was_forgiven_and_converted_and_why(
    people: tuple[Actor, Actor], at: datetime
) -> None:
    partner, (asking, deciding) = a_partner(), people
    payable(partner.id, -8_000, at=at)
    payable(partner.id, 1_000, "USD", at=at)
    add_rates(rates=[ONE], actor=SYSTEM, at=at)
    wish = ask_write_off(
        partner_id=partner.id, amount=Money(8_000, "EUR"), reason="Gone", actor=asking, at=at
    )
    approve_write_off(write_off_id=wish.id, actor=deciding, at=at)
    convert_payable(
        partner_id=partner.id,
        amount=Money(1_000, "USD"),
        to_currency="EUR",
        reason="Asked",
        key="c",
        actor=SYSTEM,
        at=at,
    )

    statement = issue_statement(
        partner_id=partner.id, currency="EUR", until_on=at.date(), actor=SYSTEM, at=at
    )

    lines = StatementLine.objects.filter(statement=statement).order_by("position")
    assert [(title_of(row), what_for_adjustment(row), row.amount_minor) for row in lines] == [
        ("Correction", "Commission reversed", -8_000),
        ("Debt written off", "Gone", 8_000),
        ("Converted into another currency", "Asked (USD/EUR 0.9123, ECB reference rate)", 912),
    ]
    assert statement.closing_minor == 912


@pytest.mark.parametrize("rate", ["0.00000001", "999999999"])
def test_nothing_and_more_than_anybody_books_are_not_converted(
    acme: Tenant, at: datetime, rate: str
) -> None:
    partner = a_partner()
    payable(partner.id, 10**13, "USD", at=at)
    add_rates(
        rates=[NewRate("USD", "EUR", at.date(), Decimal(rate), "Typed wrongly")],
        actor=SYSTEM,
        at=at,
    )

    with pytest.raises(NotConvertible):
        convert_payable(
            partner_id=partner.id,
            amount=Money(10**13 if Decimal(rate) > 1 else 1, "USD"),
            to_currency="EUR",
            reason="Asked for",
            key="k",
            actor=SYSTEM,
            at=at,
        )
    assert balances_of(partner.id, "USD").payable == 10**13


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        pytest.param('2026-01-01,EUR,USD,"' + "9" * 200_000 + '"', "CSV UTF-8", id="endless cell"),
        pytest.param("2026-01-01,EUR,USD,1,0842", "more cells", id="a decimal comma cut in two"),
        pytest.param("2026-01-03,EUR,USD,1.0842", "2 Jan 2026", id="tomorrow"),
        pytest.param("2026-01-02,EUR,USD,1.0842,", "", id="today, with an empty cell"),
    ],
)
def test_a_file_of_rates_is_taken_only_as_it_is_meant(rows: str, words: str) -> None:
    given = SimpleUploadedFile("rates.csv", f"date,from,to,rate\n{rows}\n".encode())
    files: MultiValueDict[str, UploadedFile[Any]] = MultiValueDict({"file": [given]})
    form = RatesFileForm({"source": "ECB"}, files, today=date(2026, 1, 2))

    assert form.is_valid() is not bool(words)
    assert words in form.errors.as_text().replace("\u00a0", " ")
