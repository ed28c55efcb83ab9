"""Builders of plans, won deals and what they earn; a scope must be open."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

from commissions.acceptances.selectors import newest_change, offer_of
from commissions.acceptances.services import accept_terms
from commissions.accruals.models import Accrual
from commissions.accruals.services import accrue_for_events
from commissions.overrides.models import PlanOverride
from commissions.overrides.services import OverrideTerms, approve_override, ask_override
from commissions.plans.models import PlanVersion
from commissions.plans.services import PlanTerms, RuleTerms, create_version, publish_version
from partners.directory.models import Partner
from partners.programs.models import Program
from prm.accounts.models import User
from prm.events.services import SYSTEM, Actor
from prm.money import Money
from referrals.revenue.models import Customer, RevenueEvent
from referrals.revenue.services import record_payment, win_referral
from tests.builders.objects import Cast, builds
from tests.builders.referrals import a_partner, a_program, a_referral, stage_of

LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)
QUALIFIED_150 = RuleTerms("qualified", "fixed", amount_minor=15_000, label="Qualified-lead bonus")
WON_500 = RuleTerms("won", "fixed", amount_minor=50_000)
TWENTY_PERCENT = RuleTerms("revenue", "percent", rate=Decimal("0.2"), scope="lifetime")


def a_plan(
    program: Program | None = None,
    *rules: RuleTerms,
    starts_at: datetime = LONG_AGO,
    at: datetime = LONG_AGO,
    hold_days: int = 30,
    minimum_payout_minor: int = 0,
) -> PlanVersion:
    """Publish the program's next plan version; 20 % of every payment unless rules are given."""
    program = program or a_program()
    draft = create_version(
        program_id=program.id,
        terms=PlanTerms(rules or (TWENTY_PERCENT,), hold_days, minimum_payout_minor),
        starts_at=starts_at,
        actor=SYSTEM,
        at=at,
    )
    return publish_version(version_id=draft.id, actor=SYSTEM, at=at)


def a_won_deal(
    at: datetime,
    *,
    deal_minor: int = 100_000,
    partner: Partner | None = None,
    program: Program | None = None,
    company: str = "Kestrel Logistics",
) -> Customer:
    """Win a referral; the events' handlers have not run."""
    program = program or a_program()
    referral = a_referral(
        at,
        partner=partner or a_partner(program=program),
        program=program,
        stage="accepted",
        company=company,
    )
    return win_referral(
        referral_id=referral.id,
        to_stage_id=stage_of(program.id, "won").id,
        deal=Money(deal_minor, referral.currency),
        actor=SYSTEM,
        at=at,
    )


def a_payment(
    customer: Customer, minor: int, at: datetime, *, external_id: str = ""
) -> RevenueEvent:
    """Book a renewal of a customer."""
    return record_payment(
        external_id=external_id or f"INV-{uuid4()}",
        kind="renewal",
        customer_id=customer.id,
        amount=Money(minor, customer.referral.currency),
        booked_at=at,
        source="form",
        actor=SYSTEM,
        at=at,
    )


def an_accrual(
    at: datetime,
    *,
    deal_minor: int = 100_000,
    partner: Partner | None = None,
    company: str = "Kestrel Logistics",
) -> Accrual:
    """Win a deal under a plan of 20 % and book what it earns."""
    program = a_program()
    if not PlanVersion.objects.filter(program=program, published_at__isnull=False).exists():
        a_plan(program)
    customer = a_won_deal(
        at, deal_minor=deal_minor, partner=partner, program=program, company=company
    )
    sale = RevenueEvent.objects.get(customer_id=customer.id)
    accrue_for_events(revenue_event_ids=[sale.id], actor=SYSTEM, at=at)
    return Accrual.objects.get(revenue_event_id=sale.id)


def an_override(
    partner: Partner,
    program: Program,
    *,
    asked_by: User,
    at: datetime,
    approved_by: User | None = None,
    terms: OverrideTerms | None = None,
    days: int = 180,
) -> PlanOverride:
    """Ask for an exception of some days, 25 % of every payment unless told; approved when somebody is named."""
    override = ask_override(
        program_id=program.id,
        partner_id=partner.id,
        terms=terms or OverrideTerms(rate=Decimal("0.25"), event="lifetime"),
        starts_at=at,
        ends_at=at + timedelta(days=days),
        reason="Brings a second country",
        actor=Actor(user_id=asked_by.id, name=asked_by.get_full_name()),
        at=at,
    )
    if approved_by is None:
        return override
    actor = Actor(user_id=approved_by.id, name=approved_by.get_full_name())
    return approve_override(override_id=override.id, note="", actor=actor, at=at)


def a_change_of_terms(program: Program, at: datetime, *rules: RuleTerms) -> PlanVersion:
    """Publish a first plan of 20 % and a second one that takes effect 40 days from the moment, 10 % unless given."""
    if not PlanVersion.objects.filter(program=program, published_at__isnull=False).exists():
        a_plan(program)
    tenth = RuleTerms("revenue", "percent", rate=Decimal("0.1"), scope="lifetime")
    return a_plan(program, *(rules or (tenth,)), starts_at=at + timedelta(days=40), at=at)


@builds("plan_acceptance")
def _plan_acceptance(cast: Cast) -> UUID:
    program = a_program("accepted")
    a_partner(cast.partner.name, program=program)
    now = datetime.now(UTC)
    found = PlanVersion.objects.filter(program=program, number=2).first()
    version = found or a_change_of_terms(program, now)
    due = newest_change(program.id, now)
    assert due is not None
    return accept_terms(
        version_id=version.id,
        partner_id=cast.partner.id,
        shown_hash=offer_of(due).digest,
        signer_name="Abe Brightwater",
        actor=Actor(user_id=cast.partner_admin.id, name="Abe"),
        at=now,
    ).id


@builds("program_with_new_terms")
def _program_with_new_terms(cast: Cast) -> UUID:
    program = a_program("renewed")
    a_partner(cast.partner.name, program=program)
    if not PlanVersion.objects.filter(program=program, number=2).exists():
        a_change_of_terms(program, datetime.now(UTC))
    return program.id


@builds("plan_override")
def _plan_override(cast: Cast) -> UUID:
    program = a_program()
    if not PlanVersion.objects.filter(program=program, published_at__isnull=False).exists():
        a_plan(program)
    now, partner = datetime.now(UTC), a_partner(cast.partner.name, program=program)
    return an_override(partner, program, asked_by=cast.manager, at=now).id


@builds("plan_version")
def _plan_version(cast: Cast) -> UUID:
    program = a_program()
    found = PlanVersion.objects.filter(program=program, published_at__isnull=False).first()
    return (found or a_plan(program)).id


@builds("plan_draft")
def _plan_draft(cast: Cast) -> UUID:
    program = a_program()
    create_version(
        program_id=program.id,
        terms=PlanTerms((TWENTY_PERCENT,)),
        starts_at=datetime.now(UTC) + timedelta(days=40),
        actor=SYSTEM,
        at=datetime.now(UTC),
    )
    return program.id


@builds("accrual")
def _accrual(cast: Cast) -> int:
    from tests.conftest import NOON

    return an_accrual(NOON, partner=a_partner(cast.partner.name), company=f"Kestrel {uuid4()}").id
