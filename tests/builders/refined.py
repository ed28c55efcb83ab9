"""A year of one partner under a plan that looks at its history; a scope must be open."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from commissions.accruals.models import Accrual
from commissions.plans.models import PlanVersion
from commissions.plans.services import PlanTerms, RuleTerms, create_version, publish_version
from commissions.plans.terms import Band, Bands, Bonus, Policy, Terms
from partners.programs.models import Program
from prm.events.services import SYSTEM
from prm.money import Money
from referrals.pipeline.services import change_stage
from referrals.revenue.models import Customer, RevenueEvent
from referrals.revenue.services import (
    NOTHING_SAID,
    Sold,
    record_payment,
    record_receipt,
    record_refund,
)
from tests.builders.commissions import LONG_AGO
from tests.builders.referrals import a_partner, a_program, a_referral, stage_of
from tests.builders.revenue import a_win


def bands_at(edge_minor: int) -> RuleTerms:
    """A tenth of every payment, 15 % of what lies above the edge of all payments together."""
    bands = Bands((Band(0, Decimal("0.1")), Band(edge_minor, Decimal("0.15"))), measure="revenue")
    return RuleTerms(
        "revenue",
        "percent",
        rate=Decimal("0.1"),
        scope="lifetime",
        terms=Terms(bands=bands),
        label="Bands",
    )


THIRD_WIN = RuleTerms(
    "won",
    "fixed",
    amount_minor=30_000,
    terms=Terms(bonus=Bonus("nth", n=3, period="year")),
    label="Third win",
)
QUALIFIED = RuleTerms("qualified", "fixed", amount_minor=5_000, label="Qualified")
WON = RuleTerms("won", "fixed", amount_minor=50_000, label="Won")


def a_refined_plan(
    *rules: RuleTerms,
    policy: Policy | None = None,
    program: Program | None = None,
    starts_at: datetime = LONG_AGO,
    at: datetime = LONG_AGO,
) -> PlanVersion:
    """Publish a plan of bands, a third win, and 50 on qualified that are taken off the win, unless told otherwise."""
    terms = PlanTerms(
        rules or (QUALIFIED, WON, THIRD_WIN, bands_at(270_000)),
        hold_days=0,
        policy=policy or Policy(two_stage="deductible"),
    )
    draft = create_version(
        program_id=(program or a_program()).id,
        terms=terms,
        starts_at=starts_at,
        actor=SYSTEM,
        at=at,
    )
    return publish_version(version_id=draft.id, actor=SYSTEM, at=at)


@dataclass
class Year:
    """What happened, by what names it: (kind, id) of everything that may earn."""

    partner_id: UUID
    events: list[tuple[str, UUID]] = field(default_factory=list)
    refunds: list[UUID] = field(default_factory=list)


def a_year(at: datetime) -> Year:
    """Record three wins, renewals, a refund that lowers the sum and an invoice in parts; nothing is booked yet."""
    partner = a_partner()
    year = Year(partner.id)
    customers: list[Customer] = []
    for place in range(3):
        moment = at + timedelta(days=20 * place)
        referral = a_referral(moment, partner=partner, stage="accepted", company=f"Company {place}")
        change_stage(
            referral_id=referral.id,
            to_stage_id=stage_of(referral.program_id, "qualified").id,
            actor=SYSTEM,
            at=moment + timedelta(days=1),
        )
        customers.append(a_win(referral, moment + timedelta(days=2), minor=60_000 + place))
        year.events += [("qualified", referral.id), ("won", referral.id)]
    for place, customer in enumerate(customers):
        year.events.append(("revenue", RevenueEvent.objects.get(customer=customer).id))
        paid = _paid(customer, 33_333 + place, at + timedelta(days=90 + place))
        year.events.append(("revenue", paid.id))
    refund = record_refund(
        external_id="refund",
        kind="refund",
        refunds_id=year.events[-1][1],
        amount=Money(11_111, "EUR"),
        booked_at=at + timedelta(days=100),
        source="form",
        actor=SYSTEM,
        at=at + timedelta(days=100),
    )
    year.refunds.append(refund.id)
    late = _paid(customers[0], 20_000, at + timedelta(days=110))
    year.events.append(("revenue", late.id))
    return year


def an_invoice(customer: Customer, minor: int, at: datetime, *parts: int) -> list[UUID]:
    """Book an invoice that is paid in parts, a day apart; return the ids of the receipts."""
    invoice = _paid(customer, minor, at, sold=Sold(unpaid=True))
    return [
        record_receipt(
            external_id=f"{invoice.external_id}-{place}",
            revenue_event_id=invoice.id,
            amount=Money(part, "EUR"),
            received_at=at + timedelta(days=place),
            actor=SYSTEM,
            at=at + timedelta(days=place),
        ).id
        for place, part in enumerate(parts, start=1)
    ]


def live_amounts() -> list[tuple[datetime, str, int, int]]:
    """Return the rewards that count: moment, rule, amount, taken back; by moment."""
    rows = Accrual.objects.filter(replaced_at=None).select_related("rule")
    return sorted(
        (row.earned_at, row.rule.label, row.amount_minor, row.clawed_minor) for row in rows
    )


def _paid(
    customer: Customer, minor: int, at: datetime, *, sold: Sold = NOTHING_SAID
) -> RevenueEvent:
    return record_payment(
        external_id=f"INV-{customer.id}-{at:%Y%m%d}",
        kind="renewal",
        customer_id=customer.id,
        amount=Money(minor, "EUR"),
        booked_at=at,
        source="form",
        actor=SYSTEM,
        at=at,
        sold=sold,
    )
