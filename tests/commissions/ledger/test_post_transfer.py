"""post_transfer moves money once per key and keeps the balances by the same statement."""

from datetime import UTC, datetime

import pytest
from django.db import DatabaseError, connection, transaction

from commissions.ledger.models import Balance, Transfer
from commissions.ledger.selectors import PartnerBalance, balances_of, tenant_liability
from commissions.ledger.services import (
    AlreadyReversed,
    KeyReused,
    NewTransfer,
    account_of,
    post_staged,
    post_transfer,
    reverse_transfer,
)
from partners.directory.models import Partner
from prm.money import Money
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from tests.conftest import World

AT = datetime(2026, 11, 30, 23, 30, tzinfo=UTC)


def a_partner(name: str = "Solea") -> Partner:
    return Partner.objects.create(name=name, name_norm=name.lower())


def an_accrual(
    partner: Partner, *, key: str = "accrual:1", minor: int = 1_000, currency: str = "EUR"
) -> Transfer:
    return post_transfer(
        kind="accrual",
        key=key,
        journal=key,
        debit=account_of("commission_expense", currency),
        credit=account_of("pending", currency, partner.id),
        amount=Money(minor, currency),
        partner_id=partner.id,
        at=AT,
    )


def test_moves_the_amount_and_both_balances(acme: Tenant) -> None:
    partner = a_partner()

    transfer = an_accrual(partner, minor=1_234)

    assert balances_of(partner.id, "EUR") == PartnerBalance("EUR", pending=1_234)
    expense = Balance.objects.get(id=account_of("commission_expense", "EUR").id)
    assert (expense.debits_minor, expense.credits_minor) == (1_234, 0)
    assert transfer.tenant_id == acme.id


def test_the_day_and_period_are_those_of_the_tenants_zone(acme: Tenant) -> None:
    transfer = an_accrual(a_partner())

    assert (str(transfer.booked_on), transfer.period) == ("2026-12-01", 202612)


def test_a_repeat_returns_the_first_and_moves_nothing(acme: Tenant) -> None:
    partner = a_partner()

    first = an_accrual(partner)
    again = an_accrual(partner)

    assert again.id == first.id
    assert balances_of(partner.id, "EUR").pending == 1_000


def test_the_same_key_with_another_amount_is_refused_and_moves_nothing(acme: Tenant) -> None:
    partner = a_partner()
    an_accrual(partner)

    with pytest.raises(KeyReused):
        an_accrual(partner, minor=999)

    assert balances_of(partner.id, "EUR").pending == 1_000


def test_currencies_never_meet(acme: Tenant) -> None:
    partner = a_partner()

    an_accrual(partner, key="accrual:1", minor=100)
    an_accrual(partner, key="accrual:2", minor=7, currency="JPY")

    assert [(row.currency, row.pending) for row in tenant_liability()] == [("EUR", 100), ("JPY", 7)]
    with pytest.raises(ValueError, match="between accounts"):
        post_transfer(
            kind="x",
            key="x",
            journal="x",
            debit=account_of("cash", "EUR"),
            credit=account_of("fees", "JPY"),
            amount=Money(1, "EUR"),
            at=AT,
        )


def test_a_batch_with_one_wrong_repeat_posts_nothing(acme: Tenant) -> None:
    partner = a_partner()
    an_accrual(partner, key="accrual:1")

    def wanted(key: str, minor: int) -> NewTransfer:
        return NewTransfer(
            kind="accrual",
            key=key,
            journal=key,
            debit=("commission_expense", None, "EUR"),
            credit=("pending", partner.id, "EUR"),
            amount_minor=minor,
            booked_at=AT,
            partner_id=partner.id,
        )

    posted = post_staged([wanted("accrual:2", 50), wanted("accrual:1", 1_000)])
    assert [row.is_new for row in posted] == [True, False]
    with pytest.raises(KeyReused):
        post_staged([wanted("accrual:3", 5), wanted("accrual:1", 5)])

    assert balances_of(partner.id, "EUR").pending == 1_050
    assert Transfer.objects.count() == 2


def test_a_reversal_takes_the_whole_back_once(acme: Tenant) -> None:
    partner = a_partner()
    transfer = an_accrual(partner)

    first = reverse_transfer(transfer=transfer, key="undo:1", at=AT)
    again = reverse_transfer(transfer=transfer, key="undo:1", at=AT)

    assert again.id == first.id
    assert first.reverses_id == transfer.id
    assert balances_of(partner.id, "EUR").owed == 0
    with pytest.raises(AlreadyReversed):
        reverse_transfer(transfer=transfer, key="undo:2", at=AT)


@pytest.mark.parametrize(
    "statement",
    [
        "update commissions_transfer set amount_minor = 1",
        "delete from commissions_transfer",
        "truncate commissions_transfer cascade",
        "update commissions_account set currency = 'USD'",
    ],
)
def test_the_books_refuse_to_be_rewritten(acme: Tenant, statement: str) -> None:
    an_accrual(a_partner())

    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_another_tenant_sees_no_book(world: World) -> None:
    with tenant_scope(world.acme.id):
        partner = a_partner()
        an_accrual(partner)

    with tenant_scope(world.globex.id):
        assert balances_of(partner.id, "EUR").owed == 0
        assert not Transfer.objects.exists()


def test_a_partners_person_sees_only_the_own_balance(world: World) -> None:
    with tenant_scope(world.acme.id):
        ours, theirs = a_partner("Ours"), a_partner("Theirs")
        an_accrual(ours, key="accrual:1", minor=5)
        an_accrual(theirs, key="accrual:2", minor=7)

    with tenant_scope(world.acme.id, ours.id):
        assert balances_of(ours.id, "EUR").pending == 5
        assert balances_of(theirs.id, "EUR").pending == 0
