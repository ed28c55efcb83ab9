"""What an event earns is booked once, with its explanation, at the terms pinned to its referral."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from commissions.accruals.models import Accrual, Release
from commissions.accruals.services import accrue_for_events, accrue_pending
from commissions.ledger.models import Transfer
from commissions.ledger.selectors import balances_of
from commissions.plans.rules import Trace, reproduced_minor
from commissions.plans.services import RuleTerms
from prm.events.models import Event
from prm.events.services import SYSTEM
from prm.notices.models import Notice
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from referrals.revenue.models import RevenueEvent
from tests.builders.commissions import (
    QUALIFIED_150,
    TWENTY_PERCENT,
    WON_500,
    a_payment,
    a_plan,
    a_won_deal,
    an_accrual,
)
from tests.builders.referrals import a_program, a_referral
from tests.conftest import World


def test_a_payment_earns_its_share_with_its_trace(acme: Tenant, at: datetime) -> None:
    accrual = an_accrual(at, deal_minor=105_400)

    assert (accrual.amount_minor, accrual.currency, str(accrual.earned_on)) == (
        21_080,
        "EUR",
        "2026-11-18",
    )
    assert accrual.payable_at == datetime(2026, 12, 17, 23, 0, tzinfo=UTC)
    assert reproduced_minor(Trace.from_json(accrual.trace)) == 21_080
    assert balances_of(accrual.partner_id, "EUR").pending == 21_080
    assert Transfer.objects.get(id=accrual.transfer_id).amount_minor == 21_080


def test_a_repeat_books_nothing_and_tells_nobody(acme: Tenant, at: datetime) -> None:
    accrual = an_accrual(at)
    assert accrual.revenue_event_id

    again = accrue_for_events(revenue_event_ids=[accrual.revenue_event_id], actor=SYSTEM, at=at)

    assert again == []
    assert balances_of(accrual.partner_id, "EUR").pending == 20_000
    assert Event.objects.filter(name="commission.earned").count() == 1


def test_a_referral_keeps_the_terms_of_its_registration(acme: Tenant, at: datetime) -> None:
    program = a_program()
    a_plan(program)
    customer = a_won_deal(at, program=program)
    a_plan(
        program,
        RuleTerms("revenue", "percent", rate=Decimal("0.5"), scope="lifetime"),
        starts_at=at + timedelta(days=1),
        at=at,
    )

    year_later = at + timedelta(days=365)
    payment = a_payment(customer, 10_000, year_later)
    accrue_for_events(revenue_event_ids=[payment.id], actor=SYSTEM, at=year_later)

    accrual = Accrual.objects.get(revenue_event_id=payment.id)
    assert (accrual.amount_minor, accrual.trace["version_number"]) == (2_000, 1)


def test_a_referral_registered_before_the_first_version_earns_nothing(
    acme: Tenant, at: datetime
) -> None:
    a_plan(a_program(), starts_at=at + timedelta(days=1))
    customer = a_won_deal(at)

    booked = accrue_for_events(
        revenue_event_ids=[RevenueEvent.objects.get(customer_id=customer.id).id],
        actor=SYSTEM,
        at=at,
    )

    assert booked == []
    assert not Transfer.objects.exists()


def test_handlers_book_every_trigger_once(
    world: World, at: datetime, deliver: Callable[[], int]
) -> None:
    with tenant_scope(world.acme.id):
        a_plan(a_program(), QUALIFIED_150, WON_500, TWENTY_PERCENT)
        referral = a_referral(at, stage="qualified", company="Qualified only")
        customer = a_won_deal(at, deal_minor=100_000)

    deliver()

    with tenant_scope(world.acme.id):
        lines = {(a.source_kind, a.referral_id): a.amount_minor for a in Accrual.objects.all()}
        assert lines == {
            ("qualified", referral.id): 15_000,
            ("won", customer.referral_id): 50_000,
            ("revenue", customer.referral_id): 20_000,
        }


def test_only_the_first_payment_earns_under_a_first_payment_rule(
    acme: Tenant, at: datetime
) -> None:
    a_plan(a_program(), RuleTerms("revenue", "percent", rate=Decimal("0.2"), scope="first"))
    customer = a_won_deal(at, deal_minor=100_000)
    second = a_payment(customer, 100_000, at + timedelta(days=30))

    first_id = RevenueEvent.objects.get(source="won").id
    accrue_for_events(revenue_event_ids=[first_id, second.id], actor=SYSTEM, at=at)

    assert [a.revenue_event_id for a in Accrual.objects.all()] == [first_id]


@pytest.mark.parametrize(("months", "paid"), [(11, True), (12, False)])
def test_a_twelve_month_rule_ends_with_the_twelfth_month(
    acme: Tenant, at: datetime, months: int, *, paid: bool
) -> None:
    a_plan(
        a_program(), RuleTerms("revenue", "percent", rate=Decimal("0.1"), scope="months", months=12)
    )
    customer = a_won_deal(at)
    later = a_payment(
        customer, 50_000, at.replace(year=2026 + (10 + months) // 12, month=(10 + months) % 12 + 1)
    )

    accrue_for_events(revenue_event_ids=[later.id], actor=SYSTEM, at=later.booked_at)

    assert Accrual.objects.exists() is paid


def test_a_hold_of_no_days_is_payable_at_once(
    world: World, at: datetime, deliver: Callable[[], int]
) -> None:
    with tenant_scope(world.acme.id):
        a_plan(a_program(), hold_days=0)
        partner_id = a_won_deal(at).partner_id

    deliver()

    with tenant_scope(world.acme.id):
        assert balances_of(partner_id, "EUR").payable == 20_000
        assert Release.objects.count() == 1


def test_a_batch_books_what_single_events_would_and_a_second_run_nothing(
    world: World, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        a_plan(a_program(), QUALIFIED_150, TWENTY_PERCENT)
        for number in range(5):
            a_won_deal(at, deal_minor=1_000 * (number + 1), company=f"Company {number}")
        a_referral(at, stage="qualified", company="Qualified")

    first = accrue_pending(world.acme.id, at=at, limit=2)
    second = accrue_pending(world.acme.id, at=at, limit=2)

    assert (first, second) == (6, 0)
    with tenant_scope(world.acme.id):
        assert sorted(a.amount_minor for a in Accrual.objects.all()) == [
            200,
            400,
            600,
            800,
            1_000,
            15_000,
        ]
        assert Event.objects.filter(name="commission.earned").count() == 6
        assert not Notice.objects.filter(kind="commission.earned").exists()


def test_another_tenant_cannot_accrue_it(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        a_plan()
        sale_id = RevenueEvent.objects.get(customer_id=a_won_deal(at).id).id

    with tenant_scope(world.globex.id):
        assert accrue_for_events(revenue_event_ids=[sale_id], actor=SYSTEM, at=at) == []
    with tenant_scope(world.acme.id):
        assert not Accrual.objects.exists()
