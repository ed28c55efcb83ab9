"""What is owed at the end of any day, as known at any moment, equals the ledger; ages and months add up."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from commissions.accruals.services import claw_back, release_due
from commissions.closing.liability import AsOf, liability
from commissions.ledger.models import Transfer
from commissions.ledger.selectors import PartnerBalance, all_partner_balances
from prm.events.services import SYSTEM
from prm.tenancy.models import Tenant
from tests.builders.commissions import an_accrual
from tests.builders.partners import a_partner
from tests.builders.payouts import payable

NOON = datetime(2026, 6, 10, 12, tzinfo=UTC)
JUNE_END = date(2026, 6, 30)


def owed(as_of: AsOf) -> dict[str, int]:
    """Return what is owed by currency."""
    return {view.total.currency: view.total.owed for view in liability(as_of).currencies}


def test_the_answer_of_today_is_the_ledger_and_its_parts_add_up(acme: Tenant) -> None:
    accrual = an_accrual(NOON, company="First")
    an_accrual(NOON + timedelta(days=40), company="Second")
    claw_back(accrual_id=accrual.id, amount_minor=500, reason="x", key="k", actor=SYSTEM, at=NOON)
    release_due(until=NOON + timedelta(days=35), at=NOON + timedelta(days=35))
    other = a_partner("Debtor")
    payable(other.id, -300, at=NOON)
    payable(other.id, 4_000, "USD", at=NOON - timedelta(days=100))
    payable(other.id, 1_000, "USD", at=NOON + timedelta(days=60))

    with CaptureQueriesContext(connection) as asked:
        found = liability(AsOf(date(2026, 8, 15)))

    # However many partners and transfers there are.
    assert len(asked) <= 7
    # The same from the transfers as from the balances.
    assert found == replace(
        liability(AsOf(date(2026, 8, 15), datetime(2100, 1, 1, tzinfo=UTC))), as_of=found.as_of
    )
    ledger = all_partner_balances()
    assert {(row.partner_id, row.balance) for row in found.rows} == {
        (partner, balance) for partner, balances in ledger.items() for balance in balances
    }
    euro, dollar = found.currencies
    assert euro.total == PartnerBalance("EUR", pending=20_000, payable=19_200)
    assert (euro.ages, euro.below_zero) == ([0, 19_500, 0, 0], -300)
    assert sum(euro.ages) + euro.below_zero == euro.total.payable
    assert [(row.month, row.minor) for row in euro.coming if row.minor] == [
        (date(2026, 8, 1), 20_000)
    ]
    assert (euro.due, euro.undated) == (0, 0)
    assert dollar.ages == [1_000, 0, 0, 4_000]


@pytest.mark.parametrize(
    ("as_of", "minor"),
    [
        pytest.param(AsOf(date(2026, 6, 9)), 0, id="before anything"),
        pytest.param(AsOf(JUNE_END), 1_000, id="booked by the end of June"),
        pytest.param(AsOf(date(2026, 7, 3)), 1_200, id="with what was booked in July"),
        pytest.param(
            AsOf(JUNE_END, datetime(2026, 7, 1, tzinfo=UTC)), 1_000, id="as known on 1 July"
        ),
        pytest.param(
            AsOf(JUNE_END, datetime(2026, 6, 9, tzinfo=UTC)), 0, id="as known before anything"
        ),
        pytest.param(
            AsOf(date(2026, 7, 3), datetime(2026, 7, 5, tzinfo=UTC)),
            1_200,
            id="as known on 5 July, before the backdated one was recorded",
        ),
        pytest.param(
            AsOf(JUNE_END, datetime(2026, 7, 7, tzinfo=UTC)),
            1_050,
            id="as known on 7 July, with the backdated one",
        ),
    ],
)
def test_two_clocks(acme: Tenant, as_of: AsOf, minor: int) -> None:
    partner = a_partner()
    for amount, booked, recorded in (
        (1_000, NOON, NOON),
        (200, datetime(2026, 7, 2, 12, tzinfo=UTC), datetime(2026, 7, 2, 12, tzinfo=UTC)),
        # Of June, recorded on 6 July.
        (50, datetime(2026, 6, 20, 12, tzinfo=UTC), datetime(2026, 7, 6, 12, tzinfo=UTC)),
    ):
        _recorded(payable(partner.id, 9, at=booked), amount, recorded)
    # The builder's own rows are of today, after every moment that is asked about.
    known = as_of.known_at or datetime(2026, 7, 5 if as_of.on > JUNE_END else 4, tzinfo=UTC)

    assert owed(replace(as_of, known_at=known)).get("EUR", 0) == minor


def _recorded(transfer: Transfer, minor: int, at: datetime) -> None:
    """Write a transfer like another one, recorded at another moment."""
    transfer.id, transfer.key, transfer.amount_minor = None, f"{transfer.key}:{minor}", minor
    transfer.recorded_at = at
    transfer.save(force_insert=True)


def test_earned_by_a_day_counts_what_was_booked_later(acme: Tenant) -> None:
    accrual = an_accrual(NOON, company="Earned in June")
    transfer = accrual.transfer
    late = datetime(2026, 7, 3, 12, tzinfo=UTC)
    # Booked in July, as by a worker that was down: the same commission, its transfer of July.
    transfer.id, transfer.key, transfer.booked_at = None, "late", late
    transfer.booked_on, transfer.period, transfer.amount_minor = late.date(), 202607, 700
    transfer.save(force_insert=True)
    accrual.id, accrual.transfer, accrual.amount_minor, accrual.place = None, transfer, 700, 1
    accrual.save(force_insert=True)

    assert owed(AsOf(JUNE_END)) == {"EUR": 20_000}
    assert owed(AsOf(JUNE_END, by_earned=True)) == {"EUR": 20_700}
    # Written past the ledger, it stands in no balance: asked for as known at a moment, the transfers answer.
    known = datetime(2100, 1, 1, tzinfo=UTC)
    assert owed(AsOf(date(2026, 7, 3), known)) == {"EUR": 20_700}
