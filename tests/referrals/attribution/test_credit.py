"""Moving a referral and splitting its credit: money follows to the cent, in new lines, and both are told."""

from collections.abc import Callable
from datetime import datetime
from itertools import pairwise
from uuid import UUID

import pytest
from django.db import DatabaseError, transaction
from hypothesis import given
from hypothesis import strategies as st

from commissions.accruals.crediting import recredit
from commissions.accruals.models import Accrual, Clawback
from commissions.accruals.services import accrue_for_events, claw_back_refund
from commissions.earnings.moving import money_moves
from commissions.verification import faults
from partners.directory.models import Partner
from prm.events.models import Event
from prm.events.services import SYSTEM, Actor
from prm.money import Money
from prm.notices.models import Mail, Notice
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from referrals.attribution.crediting import (
    CreditChangedMeanwhile,
    NoReason,
    NotAPartner,
    reattribute,
    set_credits,
)
from referrals.attribution.models import Credit, Reattribution
from referrals.attribution.rules import Share, SharesDoNotAddUp, shares_of, split_minor
from referrals.pipeline.models import Referral
from referrals.revenue.models import Customer, RevenueEvent
from referrals.revenue.services import record_refund
from tests.builders.commissions import a_plan, a_won_deal
from tests.builders.referrals import a_partner, a_program, people_of
from tests.conftest import World

BOTH = st.lists(st.integers(1, 9_999), min_size=1, max_size=5)


def whole(cuts: list[int]) -> list[int]:
    """Return parts of 10,000 between the cuts."""
    edges = sorted({0, *cuts, 10_000})
    return [b - a for a, b in pairwise(edges)]


@given(st.integers(0, 10_000_000), BOTH, BOTH, st.integers(0, 10_000))
def test_parts_make_the_whole_and_pools_their_part(
    total: int, sources: list[int], services: list[int], pool: int
) -> None:
    parts = [(UUID(int=n), "source", share) for n, share in enumerate(whole(sources))]
    parts += [(UUID(int=n), "service", share) for n, share in enumerate(whole(services))]
    shares = shares_of(parts, service_share=pool)

    split = split_minor(total, [(row.role, row.share, row.pool) for row in shares])

    service = sum(part for part, row in zip(split, shares, strict=True) if row.role == "service")
    assert sum(split) == total
    assert min(split) >= 0
    assert abs(service * 10_000 - total * pool) < 10_000


@pytest.mark.parametrize(
    ("parts", "role"),
    [
        pytest.param([(1, "source", 9_999)], "source", id="less than all"),
        pytest.param([(1, "service", 10_000)], "source", id="nobody brought it"),
        pytest.param([(1, "source", 10_000), (2, "service", 1)], "service", id="service is short"),
        pytest.param([(1, "source", 5_000), (1, "source", 5_000)], "source", id="one twice"),
        pytest.param([(1, "source", 10_000), (2, "source", 0)], "source", id="nothing is no part"),
    ],
)
def test_refuses_shares_that_do_not_add_up(parts: list[tuple[int, str, int]], role: str) -> None:
    with pytest.raises(SharesDoNotAddUp) as refused:
        shares_of([(UUID(int=n), r, share) for n, r, share in parts], service_share=2_000)

    assert refused.value.role == role


def earned(at: datetime, *, deal_minor: int = 100_003) -> tuple[Customer, Partner]:
    """Return a won deal whose first payment earned its partner a fifth, and another partner."""
    a_plan()
    customer = a_won_deal(at, deal_minor=deal_minor)
    payment = RevenueEvent.objects.get(customer_id=customer.id)
    accrue_for_events(revenue_event_ids=[payment.id], actor=SYSTEM, at=at)
    return customer, a_partner("Kestrelwood")


def left() -> dict[str, int]:
    """Return what is left of all rewards, by partner's name."""
    found: dict[str, int] = {}
    for row in Accrual.objects.select_related("partner"):
        found[row.partner.name] = (
            found.get(row.partner.name, 0) + row.amount_minor - row.clawed_minor
        )
    return {name: minor for name, minor in found.items() if minor}


def test_a_split_books_new_lines_that_sum_to_the_reward(acme: Tenant, at: datetime) -> None:
    customer, other = earned(at)
    parts = [(customer.partner_id, "source", 7_000), (other.id, "source", 3_000)]
    before = list(Accrual.objects.values_list("id", "amount_minor", "trace"))

    set_credits(referral_id=customer.referral_id, credits=parts, reason="Both", actor=SYSTEM, at=at)
    booked = recredit(referral_id=customer.referral_id, actor=SYSTEM, at=at)
    again = recredit(referral_id=customer.referral_id, actor=SYSTEM, at=at)

    assert (booked, again) == (2, 0)
    assert left() == {"Brightwater": 14_001, "Kestrelwood": 6_000}
    assert (
        list(Accrual.objects.filter(split_no=0).values_list("id", "amount_minor", "trace"))
        == before
    )
    assert list(faults()) == []


def test_refunds_of_split_lines_sum_to_the_pools_refund(acme: Tenant, at: datetime) -> None:
    customer, other = earned(at)
    parts = [
        (customer.partner_id, "source", 3_333),
        (other.id, "source", 6_667),
        (other.id, "service", 10_000),
    ]
    set_credits(referral_id=customer.referral_id, credits=parts, reason="Both", actor=SYSTEM, at=at)
    recredit(referral_id=customer.referral_id, actor=SYSTEM, at=at)
    payment = RevenueEvent.objects.get(customer_id=customer.id, refunds=None)

    sums: list[int] = []
    for minor in (33_333, 1, 7, 66_662):
        refund = record_refund(
            external_id=f"refund {len(sums)}",
            kind="refund",
            refunds_id=payment.id,
            amount=Money(minor, "EUR"),
            booked_at=at,
            source="form",
            actor=SYSTEM,
            at=at,
        )
        claw_back_refund(refund_id=refund.id, actor=SYSTEM, at=at)
        rows = Accrual.objects.filter(split_no=1)
        sums.append(sum(row.clawed_minor for row in rows))

    assert sums == [6_667, 6_667, 6_668, 20_001]
    assert left() == {}
    assert list(faults()) == []


def test_a_move_carries_the_referral_its_money_and_its_payments(acme: Tenant, at: datetime) -> None:
    customer, other = earned(at)
    old = customer.partner_id
    expected = {
        move.partner: (move.back_minor, move.new_minor)
        for move in money_moves(customer.referral_id, [Share(other.id, "source", 10_000, 10_000)])
    }

    reattribute(
        referral_id=customer.referral_id,
        to_partner_id=other.id,
        reason="They were first",
        actor=SYSTEM,
        at=at,
    )
    recredit(referral_id=customer.referral_id, actor=SYSTEM, at=at)

    customer.refresh_from_db()
    assert Referral.objects.get(id=customer.referral_id).partner_id == other.id
    assert customer.partner_id == other.id
    assert set(RevenueEvent.objects.values_list("partner_id", flat=True)) == {other.id}
    assert left() == {"Kestrelwood": 20_001}
    assert expected == {"Brightwater": (20_001, 0), "Kestrelwood": (0, 20_001)}
    assert Clawback.objects.get().reason == "They were first"
    assert Reattribution.objects.get().from_partner_id == old
    assert list(faults()) == []


def test_a_move_there_and_back_ends_with_one_reward(acme: Tenant, at: datetime) -> None:
    customer, other = earned(at)
    old = customer.partner_id

    for goal in (other.id, old):
        reattribute(
            referral_id=customer.referral_id, to_partner_id=goal, reason="So", actor=SYSTEM, at=at
        )
        recredit(referral_id=customer.referral_id, actor=SYSTEM, at=at)

    assert left() == {"Brightwater": 20_001}
    assert Accrual.objects.count() == 3
    assert list(faults()) == []


def test_what_happens_after_a_split_is_split_too(acme: Tenant, at: datetime) -> None:
    program = a_program()
    a_plan(program)
    customer = a_won_deal(at, program=program)
    other = a_partner("Kestrelwood")
    parts = [(customer.partner_id, "source", 5_000), (other.id, "source", 5_000)]
    set_credits(referral_id=customer.referral_id, credits=parts, reason="Both", actor=SYSTEM, at=at)

    payment = RevenueEvent.objects.get(customer_id=customer.id)
    accrue_for_events(revenue_event_ids=[payment.id], actor=SYSTEM, at=at)

    assert left() == {"Brightwater": 10_000, "Kestrelwood": 10_000}


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        pytest.param({"reason": "  "}, NoReason, id="without a reason"),
        pytest.param({"to_partner_id": UUID(int=5)}, NotAPartner, id="to nobody"),
        pytest.param({"seen_number": 7}, CreditChangedMeanwhile, id="changed meanwhile"),
    ],
)
def test_a_refused_move_writes_nothing(
    acme: Tenant, at: datetime, changes: dict[str, object], refusal: type[Exception]
) -> None:
    customer, other = earned(at)
    given_facts = {"to_partner_id": other.id, "reason": "So", **changes}

    with pytest.raises(refusal):
        reattribute(referral_id=customer.referral_id, actor=SYSTEM, at=at, **given_facts)  # type: ignore[arg-type]

    assert not Credit.objects.exists()
    assert not Event.objects.filter(name="referral.reattributed").exists()


def test_a_payment_changes_hands_by_a_recorded_move_only(acme: Tenant, at: datetime) -> None:
    customer, other = earned(at)

    with pytest.raises(DatabaseError, match="recorded move only"), transaction.atomic():
        RevenueEvent.objects.filter(customer_id=customer.id).update(partner_id=other.id)

    assert set(RevenueEvent.objects.values_list("partner_id", flat=True)) == {customer.partner_id}


def test_both_partners_are_told_each_in_its_own_words(
    world: World, at: datetime, deliver: Callable[[], int]
) -> None:
    with tenant_scope(world.acme.id):
        loser = people_of(world.acme)
        gainer = people_of(world.acme, "Kestrelwood")
        a_plan()
        customer = a_won_deal(at, partner=loser.partner)
    deliver()
    with tenant_scope(world.acme.id):
        reattribute(
            referral_id=customer.referral_id,
            to_partner_id=gainer.partner.id,
            reason="Evidence of March",
            actor=Actor(user_id=world.manager.id),
            at=at,
        )
    deliver()
    deliver()

    with tenant_scope(world.acme.id):
        kinds = {
            kind: set(Notice.objects.filter(kind=kind).values_list("user_id", flat=True))
            for kind in ("referral.credit_left", "referral.credit_gained")
        }
        assert loser.admin.id in kinds["referral.credit_left"]
        assert gainer.admin.id in kinds["referral.credit_gained"]
        assert not kinds["referral.credit_left"] & kinds["referral.credit_gained"]
        mail = Mail.objects.filter(kind="referral.credit_left", user_id=loser.admin.id).get()
        assert "Evidence of March" in mail.text
        assert "Kestrelwood" not in mail.text + mail.html
        assert left() == {"Kestrelwood": 20_000}
