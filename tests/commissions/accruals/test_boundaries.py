"""Currencies without cents and with thousandths, days at the edge of a zone, and refunds in thirds: exact amounts."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from commissions.accruals.models import Accrual
from commissions.accruals.services import release_due
from commissions.ledger.selectors import balances_of, tenant_liability
from commissions.plans.services import RuleTerms
from commissions.verification import faults
from prm.events.services import SYSTEM
from prm.money import Money
from prm.tenancy.scope import tenant_scope
from referrals.revenue.models import Customer, RevenueEvent
from referrals.revenue.services import record_refund
from tests.builders.commissions import a_payment, a_plan, a_won_deal
from tests.builders.referrals import a_program
from tests.conftest import World

TWO_MONTHS = RuleTerms("revenue", "percent", rate=Decimal("0.1"), scope="months", months=2)
LIFETIME = RuleTerms("revenue", "percent", rate=Decimal("0.1"), scope="lifetime")


def give_back(payment: RevenueEvent, minor: int, at: datetime, name: str) -> None:
    record_refund(
        external_id=f"{name}-{payment.id}",
        kind="refund",
        refunds_id=payment.id,
        amount=Money(minor, payment.currency),
        booked_at=at,
        source="form",
        actor=SYSTEM,
        at=at,
    )


def sound() -> None:
    """Every check of verify_ledger finds the books right."""
    assert [str(fault) for fault in faults()] == []


@pytest.mark.parametrize(
    ("currency", "paid", "rate", "earned"),
    [
        pytest.param("JPY", 1_005, "0.1", 100, id="half a yen to the even yen below"),
        pytest.param("JPY", 1_015, "0.1", 102, id="half a yen to the even yen above"),
        pytest.param("KWD", 10_005, "0.1", 1_000, id="half a fils to the even one below"),
        pytest.param("KWD", 1_234_567, "0.0333", 41_111, id="thousandths of a dinar"),
        pytest.param("EUR", 99_999_999_999_999, "0.2", 20_000_000_000_000, id="the largest amount"),
    ],
)
@pytest.mark.parametrize("later", [True, False])
def test_thirds_of_any_currency_leave_exactly_nothing(
    world: World,
    deliver: Callable[[], int],
    at: datetime,
    currency: str,
    paid: int,
    rate: str,
    earned: int,
    later: bool,
) -> None:
    third = paid // 3
    with tenant_scope(world.acme.id):
        program = a_program(currency.lower(), currency=currency)
        a_plan(program, RuleTerms("revenue", "percent", rate=Decimal(rate), scope="lifetime"))
        customer = a_won_deal(at, deal_minor=paid, program=program)
        payment = RevenueEvent.objects.get()
    deliver()
    with tenant_scope(world.acme.id):
        assert balances_of(customer.partner_id, currency).pending == earned
        if later:
            at += timedelta(days=40)
            release_due(until=at, at=at)
            assert balances_of(customer.partner_id, currency).payable == earned
        sound()

    for number, part in enumerate((third, third, paid - 2 * third)):
        with tenant_scope(world.acme.id):
            payment.refresh_from_db()
            give_back(payment, part, at, str(number))
        deliver()
        with tenant_scope(world.acme.id):
            sound()

    with tenant_scope(world.acme.id):
        accrual = Accrual.objects.get()
        assert (accrual.amount_minor, accrual.clawed_minor) == (earned, earned)
        assert balances_of(customer.partner_id, currency).owed == 0
        assert [row.owed for row in tenant_liability()] == [0]


@pytest.fixture
def paying(
    world: World, deliver: Callable[[], int]
) -> Callable[[RuleTerms, datetime, datetime], list[int]]:
    """Pay once at each moment under a rule; return what was earned. The tenant's zone is ahead of UTC."""

    def do(rule: RuleTerms, first: datetime, again: datetime) -> list[int]:
        with tenant_scope(world.acme.id):
            a_plan(None, rule)
            customer: Customer = a_won_deal(first, deal_minor=0)
            a_payment(customer, 1_000, first)
        deliver()
        with tenant_scope(world.acme.id):
            a_payment(customer, 2_000, again)
        deliver()
        with tenant_scope(world.acme.id):
            sound()
            return list(Accrual.objects.order_by("id").values_list("amount_minor", flat=True))

    return do


@pytest.mark.parametrize(
    ("first", "again", "earned"),
    [
        pytest.param((2026, 1, 15, 12, 0), (2026, 3, 14, 12, 0), [100, 200], id="the day before"),
        pytest.param((2026, 1, 15, 12, 0), (2026, 3, 15, 12, 0), [100], id="the day itself"),
        pytest.param(
            (2026, 1, 15, 12, 0), (2026, 3, 14, 22, 59), [100, 200], id="a minute before midnight"
        ),
        pytest.param(
            (2026, 1, 15, 12, 0), (2026, 3, 14, 23, 30), [100], id="23:30 UTC is the day after"
        ),
        pytest.param(
            (2026, 1, 14, 23, 30), (2026, 3, 14, 12, 0), [100, 200], id="a first payment at 23:30"
        ),
        pytest.param((2027, 12, 29, 12, 0), (2028, 2, 28, 12, 0), [100, 200], id="before leap day"),
        pytest.param((2027, 12, 29, 12, 0), (2028, 2, 29, 12, 0), [100], id="on leap day"),
        pytest.param((2028, 2, 29, 12, 0), (2028, 4, 28, 12, 0), [100, 200], id="from leap day"),
        pytest.param((2028, 2, 29, 12, 0), (2028, 4, 29, 12, 0), [100], id="from leap day, over"),
        pytest.param((2026, 12, 31, 12, 0), (2027, 2, 27, 12, 0), [100, 200], id="31st, short"),
        pytest.param((2026, 12, 31, 12, 0), (2027, 2, 28, 12, 0), [100], id="31st, month is over"),
        pytest.param(
            (2026, 7, 31, 21, 59), (2026, 9, 29, 21, 59), [100, 200], id="summer time, in"
        ),
        pytest.param(
            (2026, 7, 31, 21, 59), (2026, 9, 30, 21, 59), [100], id="summer time, on the day"
        ),
    ],
)
def test_the_first_months_end_by_the_tenants_calendar(
    paying: Callable[[RuleTerms, datetime, datetime], list[int]],
    first: tuple[int, ...],
    again: tuple[int, ...],
    earned: list[int],
) -> None:
    assert paying(TWO_MONTHS, _utc(first), _utc(again)) == earned


def test_a_lifetime_never_ends(
    paying: Callable[[RuleTerms, datetime, datetime], list[int]],
) -> None:
    assert paying(LIFETIME, _utc((2028, 2, 29, 23, 30)), _utc((2078, 2, 28, 23, 30))) == [100, 200]


def _utc(parts: tuple[int, ...]) -> datetime:
    year, month, day, hour, minute = parts
    return datetime(year, month, day, hour, minute, tzinfo=UTC)
