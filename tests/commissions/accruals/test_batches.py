"""What is booked in sets is what the engine books event by event, and what is not plain is left to the engine."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction

from commissions.accruals.batches import book_payments
from commissions.accruals.models import Accrual
from commissions.accruals.services import accrue_chunk, accrue_for_events
from commissions.accruals.sources import REVENUE, Pending
from commissions.ledger.models import Account, Balance, Transfer
from commissions.plans.rules import Trace, reproduced_minor
from commissions.plans.selectors import plain_terms
from commissions.plans.services import RuleTerms
from prm.accounts.models import User
from prm.events.models import Event, QueuedEvent
from prm.events.services import SYSTEM
from prm.money import Money
from prm.tenancy.models import Tenant
from referrals.attribution.crediting import set_credits
from referrals.pipeline.models import Referral
from referrals.revenue.models import RevenueEvent
from referrals.revenue.services import record_refund
from tests.builders.commissions import a_payment, a_plan, a_won_deal, an_override
from tests.builders.referrals import a_partner, a_program
from tests.builders.refined import a_refined_plan

EIGHTH = RuleTerms("revenue", "percent", rate=Decimal("0.125"), scope="lifetime", label="Each")
FIRST = RuleTerms("revenue", "fixed", amount_minor=300, scope="first", label="A “first” sale")
ODD = RuleTerms("revenue", "percent", rate=Decimal("0.033335"), scope="first")
MONTHS = RuleTerms("revenue", "percent", rate=Decimal("0.1"), scope="months", months=12)

# What counts rows, and goes on counting when they are undone.
NUMBERS = {"accrual_id", "clawback_id"}


@contextmanager
def _undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def _payments() -> list[UUID]:
    return list(RevenueEvent.objects.order_by("id").values_list("id", flat=True))


def _books(earlier_events: int) -> dict[str, list[Any]]:
    """Return what the books hold, without the numbers that rows are counted by."""
    accounts = {row.id: (row.kind, row.partner_id, row.currency) for row in Account.objects.all()}
    transfers: dict[int, dict[str, Any]] = {
        row["id"]: dict(row) for row in Transfer.objects.values()
    }
    for row in transfers.values():
        del row["id"]
        for side in ("debit_account_id", "credit_account_id"):
            row[side] = accounts[row[side]]
        row["key"] = re.sub(r"^clawback:\d+", "clawback", row["key"])
        del row["recorded_at"]
    accruals: list[dict[str, Any]] = [dict(row) for row in Accrual.objects.values()]
    for accrual in accruals:
        del accrual["recorded_at"]
        accrual["transfer"] = transfers[accrual.pop("transfer_id")]["key"]
    subjects = {f"accrual:{row.pop('id')}": row["transfer"] for row in accruals}
    events = [
        (
            event.name,
            subjects[event.subject],
            event.partner_id,
            event.actor_kind,
            event.at,
            {name: value for name, value in event.payload.items() if name not in NUMBERS},
        )
        for event in Event.objects.filter(id__gt=earlier_events)
    ]
    balances = Balance.objects.values_list("debits_minor", "credits_minor")
    return {
        "accruals": sorted(accruals, key=str),
        "transfers": sorted(transfers.values(), key=str),
        "events": sorted(events, key=str),
        "balances": sorted(balances),
    }


def _both_ways(at: datetime, *, left: set[UUID]) -> dict[str, list[Any]]:
    """Book everything by the engine and in sets, hold both against each other, and return it; see who was left."""
    ids, newest = _payments(), Event.objects.order_by("-id").values_list("id", flat=True)[0]
    with _undone():
        accrue_for_events(revenue_event_ids=ids, actor=SYSTEM, at=at, tell=False)
        engine = _books(newest)
    with _undone():
        assert set(book_payments(ids, plain_terms(), actor=SYSTEM, at=at)[1]) == left
    with _undone():
        queued = QueuedEvent.objects.count()
        count, _ = accrue_chunk(kind=REVENUE, pending=Pending(), after=None, actor=SYSTEM, at=at)
        again, _ = accrue_chunk(kind=REVENUE, pending=Pending(), after=None, actor=SYSTEM, at=at)
        in_sets = _books(newest)
        assert (count, again) == (len(in_sets["accruals"]), 0)
        assert QueuedEvent.objects.count() == queued
    assert in_sets == engine
    return in_sets


def test_plain_payments_are_priced_as_the_engine_prices_them(acme: Tenant, at: datetime) -> None:
    # Cairo's clocks go forward at midnight of 24 April 2026: a hold may end in an hour that is not there.
    Tenant.objects.filter(id=acme.id).update(time_zone="Africa/Cairo")
    program = a_program()
    a_plan(program, EIGHTH, FIRST, ODD, hold_days=30)
    a_plan(program, FIRST, starts_at=at + timedelta(days=2), at=at, hold_days=0)
    customer = a_won_deal(at, program=program, deal_minor=105_401)
    for number in range(1, 25):
        a_payment(customer, number, datetime(2026, 3, 20, 9, tzinfo=UTC) + timedelta(days=number))
    later = a_won_deal(
        at + timedelta(days=3),
        program=program,
        partner=a_partner("Second", program=program),
        company="Later Ltd",
    )
    a_payment(later, 50_000, at + timedelta(days=4))

    books = _both_ways(at + timedelta(days=30), left=set())

    # 12.5 % of 4, 12 and 20 are halves: to the even one. What rounds to nothing is left out.
    eighths = {
        row["trace"]["base_minor"]: row["amount_minor"]
        for row in books["accruals"]
        if row["trace"]["label"] == "Each"
    }
    assert [eighths.get(base) for base in (4, 12, 20, 24)] == [None, 2, 2, 3]
    assert len(books["accruals"]) == 1 + 20 + 2 + 1
    for row in books["accruals"]:
        assert reproduced_minor(Trace.from_json(row["trace"])) == row["amount_minor"]


def test_what_is_not_plain_is_left_to_the_engine(acme: Tenant, at: datetime) -> None:
    plain, monthly, refined = a_program(), a_program("monthly"), a_program("refined")
    a_plan(plain, EIGHTH, FIRST)
    a_plan(monthly, MONTHS)
    a_refined_plan(program=refined)
    other = a_partner("Other", program=plain)
    deals = {
        "plain": a_won_deal(at, program=plain, company="Plain Ltd"),
        "shared": a_won_deal(at, program=plain, company="Shared Ltd"),
        "refunded": a_won_deal(at, program=plain, company="Refunded Ltd"),
        "declined": a_won_deal(at, program=plain, company="Declined Ltd"),
        "months": a_won_deal(at, program=monthly, company="Monthly Ltd"),
        "refined": a_won_deal(at, program=refined, company="Refined Ltd"),
    }
    asker, approver = (User.objects.create(email=f"{name}@acme.example") for name in ("a", "b"))
    an_override(other, plain, asked_by=asker, approved_by=approver, at=at)
    deals["exception"] = a_won_deal(
        at + timedelta(days=1), program=plain, partner=other, company="Exception Ltd"
    )
    sales = {name: RevenueEvent.objects.get(customer_id=deal.id).id for name, deal in deals.items()}
    set_credits(
        referral_id=deals["shared"].referral_id,
        credits=[
            (deals["shared"].partner_id, "source", 6_000),
            (other.id, "source", 4_000),
        ],
        reason="Both brought it",
        actor=SYSTEM,
        at=at,
    )
    record_refund(
        external_id="R-1",
        kind="refund",
        refunds_id=sales["refunded"],
        amount=Money(30_000, "EUR"),
        booked_at=at + timedelta(days=1),
        source="form",
        actor=SYSTEM,
        at=at,
    )
    Referral.objects.filter(id=deals["declined"].referral_id).update(declined_at=at)
    refund = RevenueEvent.objects.get(external_id="R-1").id

    left = {sales[name] for name in sales if name != "plain"} | {refund}
    books = _both_ways(at + timedelta(days=40), left=left)

    partners = {(row["revenue_event_id"], row["partner_id"]) for row in books["accruals"]}
    assert (sales["shared"], other.id) in partners
    assert sales["declined"] not in {event_id for event_id, _ in partners}


def test_another_currency_is_left_to_the_engine_which_refuses_it(
    acme: Tenant, at: datetime
) -> None:
    program = a_program()
    a_plan(program)
    deal = a_won_deal(at, program=program)
    ids = [RevenueEvent.objects.get(customer_id=deal.id).id]
    dollars = {
        key: [replace(row, currency="USD") for row in rows] for key, rows in plain_terms().items()
    }

    assert book_payments(ids, dollars, actor=SYSTEM, at=at) == (0, ids)
    assert not Transfer.objects.exists()
