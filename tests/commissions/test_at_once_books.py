"""Two who take from one balance, or book while a month is closed: nothing goes twice, nor into a closed month."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from commissions.accruals import batches, booking
from commissions.accruals.models import Accrual
from commissions.accruals.services import accrue_chunk, accrue_for_events
from commissions.accruals.sources import REVENUE, Pending
from commissions.adjustments import services as adjustments
from commissions.adjustments.models import Conversion, WriteOff
from commissions.adjustments.services import (
    NewRate,
    NotEnough,
    add_rates,
    approve_write_off,
    ask_write_off,
    convert_payable,
    set_cap,
)
from commissions.closing import services as closing
from commissions.closing.services import close_month
from commissions.ledger.models import ClosedPeriod, Transfer
from commissions.ledger.selectors import balances_of
from commissions.payouts import services as payouts
from commissions.payouts.models import PayoutRun
from commissions.payouts.services import approve_run
from commissions.verification import faults
from partners.directory.models import Partner
from prm.events.models import QueuedEvent
from prm.events.services import SYSTEM, Actor
from prm.money import Money
from prm.tenancy.scope import tenant_scope
from referrals.revenue.models import RevenueEvent
from tests.builders.commissions import a_plan, a_won_deal
from tests.builders.payouts import a_payee, bank_details, payable, submitted_run
from tests.builders.referrals import a_partner, a_program
from tests.commissions.meeting import in_the_middle_of
from tests.conftest import World, make_world

pytestmark = pytest.mark.race
AT = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)


@pytest.fixture
def real_world(real_database: str) -> World:
    return make_world()


def _converting(partner: Partner, key: str, *, back: bool = False) -> Callable[[], Any]:
    amount, into = (Money(11_000, "USD"), "EUR") if back else (Money(10_000, "EUR"), "USD")
    return lambda: convert_payable(
        partner_id=partner.id,
        amount=amount,
        to_currency=into,
        reason="Asked for",
        key=key,
        actor=SYSTEM,
        at=AT,
    )


def _rates(world: World) -> None:
    pairs = (("EUR", "USD", Decimal("1.1")), ("USD", "EUR", Decimal("0.9")))
    rates = [NewRate(*pair[:2], AT.date(), pair[2], "ECB") for pair in pairs]
    add_rates(rates=rates, actor=Actor(world.finance.id), at=AT)


def _in(partner: Partner) -> tuple[int, int, int]:
    """Return what of ten thousand cents is in euros, on its way to the bank, and in dollars."""
    euros, dollars = balances_of(partner.id, "EUR"), balances_of(partner.id, "USD")
    return euros.payable, euros.in_payout, dollars.payable + dollars.in_payout


def test_what_is_converted_is_not_paid_too(real_world: World) -> None:
    tenant_id, ended = real_world.acme.id, []
    with tenant_scope(tenant_id):
        _rates(real_world)

    def freeze() -> PayoutRun:
        return submitted_run(at=AT, user_id=real_world.finance.id)

    for name in ("run first", "converted first"):
        with tenant_scope(tenant_id):
            partner = a_payee(name, 10_000, at=AT)
        convert = _converting(partner, name)
        if name == "run first":
            found = in_the_middle_of(freeze, payouts, "freeze_staged", convert, tenant_id=tenant_id)
        else:
            found = in_the_middle_of(
                convert, adjustments, "_post_legs", freeze, tenant_id=tenant_id
            )
        with tenant_scope(tenant_id):
            for run in PayoutRun.objects.filter(state="prepared"):
                actor = Actor(real_world.admin.id)
                approve_run(run_id=run.id, digest=run.digest, actor=actor, at=AT)
            ended.append((_in(partner), NotEnough in {type(one) for one in found}))

    assert ended == [((0, 10_000, 0), True), ((0, 0, 11_000), False)]
    with tenant_scope(tenant_id):
        assert {fault.check for fault in faults()} <= {"every movement has its reason"}


def test_two_forms_take_what_is_there_once(real_world: World) -> None:
    tenant_id = real_world.acme.id
    with tenant_scope(tenant_id):
        _rates(real_world)
        same, both = a_partner("Same"), a_partner("Both")
        payable(same.id, 10_000, at=AT)
        payable(both.id, 10_000, at=AT)
        payable(both.id, 11_000, "USD", at=AT)

    found = [
        in_the_middle_of(first, adjustments, "_post_legs", second, tenant_id=tenant_id)
        for first, second in (
            (_converting(same, "same 1"), _converting(same, "same 2")),
            (_converting(both, "there"), _converting(both, "back", back=True)),
        )
    ]

    assert [[type(one) for one in two] for two in found] == [
        [Conversion, NotEnough],
        [Conversion, Conversion],
    ]
    with tenant_scope(tenant_id):
        assert [_in(partner) for partner in (same, both)] == [(0, 0, 11_000), (9_900, 0, 11_000)]


def test_a_debt_that_is_forgiven_while_a_run_is_frozen_ends_the_same(real_world: World) -> None:
    tenant_id, ended = real_world.acme.id, []
    with tenant_scope(tenant_id):
        set_cap(program_id=a_program().id, percent=50, actor=SYSTEM, at=AT)
    for name in ("run first", "forgiven first"):
        with tenant_scope(tenant_id):
            partner = a_partner(name)
            bank_details(partner.id, at=AT)
            payable(partner.id, 10_000, at=AT)
            payable(partner.id, -15_000, at=AT)
            wish = ask_write_off(
                partner_id=partner.id,
                amount=Money(5_000, "EUR"),
                reason="Closed",
                actor=Actor(real_world.finance.id),
                at=AT,
            )

        def forgive(wish: WriteOff = wish) -> WriteOff:
            return approve_write_off(write_off_id=wish.id, actor=Actor(real_world.admin.id), at=AT)

        def freeze() -> PayoutRun:
            return submitted_run(at=AT, user_id=real_world.finance.id)

        if name == "run first":
            found = in_the_middle_of(freeze, payouts, "freeze_staged", forgive, tenant_id=tenant_id)
        else:
            found = in_the_middle_of(
                forgive, adjustments, "_post_write_off", freeze, tenant_id=tenant_id
            )
        with tenant_scope(tenant_id):
            run = PayoutRun.objects.latest("prepared_at", "number")
            approve_run(run_id=run.id, digest=run.digest, actor=Actor(real_world.admin.id), at=AT)
            books = balances_of(partner.id, "EUR")
            kinds = {type(one) for one in found}
            ended.append((kinds, books.payable, books.deferred, books.in_payout))

    assert ended == [({PayoutRun, WriteOff}, 0, -5_000, 5_000)] * 2
    with tenant_scope(tenant_id):
        assert {fault.check for fault in faults()} <= {"every movement has its reason"}


def _one(sale_id: UUID, day: datetime) -> list[int]:
    return accrue_for_events(revenue_event_ids=[sale_id], actor=SYSTEM, at=day, tell=False)


def _many(sale_id: UUID, day: datetime) -> tuple[int, UUID | None]:
    return accrue_chunk(kind=REVENUE, pending=Pending(), after=None, actor=SYSTEM, at=day)


def test_what_is_booked_while_its_month_is_closed_is_counted_or_goes_into_the_next(
    real_world: World,
) -> None:
    tenant_id, found = real_world.acme.id, []
    with tenant_scope(tenant_id):
        a_plan(a_program())
    meetings = (
        # Who books has posted when the closing begins, or the closing has looked when it begins to post.
        (_one, booking, "insert_accruals"),
        (_many, batches, "emit_selected"),
        (_one, None, ""),
        (_many, None, ""),
    )
    for period, (book, place, name) in enumerate(meetings, start=202607):
        day = datetime(2026, period % 100, 20, 12, 0, tzinfo=UTC)
        with tenant_scope(tenant_id):
            sold = a_won_deal(day, company=f"Buyer {period}")
            sale_id = RevenueEvent.objects.get(customer_id=sold.id).id
            payable(sold.partner_id, 100, at=day)
            # What is told later would stop the closing.
            QueuedEvent.objects.all().delete()

        def deed(book: Any = book, sale_id: UUID = sale_id, day: datetime = day) -> Any:
            return book(sale_id, day)

        def close(period: int = period) -> ClosedPeriod:
            return close_month(period=period, actor=SYSTEM, at=AT)

        if place:
            in_the_middle_of(deed, place, name, close, tenant_id=tenant_id)
        else:
            in_the_middle_of(close, closing, "open_totals", deed, tenant_id=tenant_id)
        with tenant_scope(tenant_id):
            month = ClosedPeriod.objects.get(period=period)
            reward = Accrual.objects.get(revenue_event_id=sale_id)
            found.append((month.transfer_count, reward.transfer.period - period))

    # Each month has what was payable, and rewards: its own, or the one of the month before that came late.
    assert found == [(2, 0), (2, 0), (1, 1), (2, 1)]
    with tenant_scope(tenant_id):
        for month in ClosedPeriod.objects.all():
            assert month.transfer_count == Transfer.objects.filter(period=month.period).count()
        # The builder's amounts were earned by nothing.
        assert {fault.check for fault in faults()} <= {"every movement has its reason"}
