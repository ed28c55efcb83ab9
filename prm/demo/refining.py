"""The demo's third program: bands, a bonus on the third win, rewards and shares for people, an invoice."""

from datetime import datetime, timedelta
from decimal import Decimal

from commissions.accruals.models import RepRewards
from commissions.accruals.reps import set_policy
from commissions.choices.models import Instead
from commissions.choices.services import set_exchange
from commissions.plans.services import PlanTerms, RuleTerms, create_version, publish_version
from commissions.plans.terms import Band, Bands, Bonus, Policy, Terms
from commissions.teams.services import set_team_split
from partners.directory.services import enroll
from partners.programs.models import Program
from partners.programs.services import create_program
from prm.demo.stage import Stage
from prm.money import Money
from referrals.intake.services import ReferralDraft, submit_referral
from referrals.pipeline.models import StageKind
from referrals.pipeline.selectors import stage_of_kind
from referrals.pipeline.services import change_stage
from referrals.revenue.models import Customer, RevenueKind
from referrals.revenue.services import Sold, record_payment, record_receipt, win_referral

SLUG = "integration-partners"
PRODUCT = "Payroll connector"
# Company, days before today when it is won, what it pays at once in minor units.
WINS = (
    ("Harrow Logistics", 16, 900_000),
    ("Eastgate Clinics", 12, 1_400_000),
    ("Morrow Foods", 7, 600_000),
)
INVOICE_MINOR, TAX_MINOR, FIRST_PART_MINOR = 1_230_000, 230_000, 492_000
RULES = (
    RuleTerms(
        "revenue",
        "percent",
        rate=Decimal("0.10"),
        scope="lifetime",
        label="Share of what customers pay",
        terms=Terms(
            bands=Bands(
                (Band(0, Decimal("0.10")), Band(2_000_000, Decimal("0.15"))),
                measure="revenue",
                period="year",
            )
        ),
    ),
    RuleTerms(
        "won",
        "fixed",
        amount_minor=50_000,
        label="Third win of the year",
        terms=Terms(bonus=Bonus("nth", n=3, period="year")),
    ),
    RuleTerms(
        "won",
        "fixed",
        amount_minor=10_000,
        label="For the person who sent it",
        terms=Terms(payee="rep"),
    ),
)


def seed_refining(stage: Stage, *, now: datetime) -> None:
    """Give the English tenant's first partner a program of refined terms, in the open scope; a repeat does nothing."""
    if stage.story.language != "en" or Program.objects.filter(slug=SLUG).exists():
        return
    story = stage.story.partners[0]
    boss = story.people[0]
    partner_id, begun = stage.partners[story.name].id, now - timedelta(days=25)
    program = _program(stage, begun)
    enroll(partner_id=partner_id, program_id=program.id, actor=stage.manager, at=begun)
    set_policy(
        partner_id=partner_id, allows=RepRewards.CASH.value, actor=stage.actor(boss), at=begun
    )
    _shares_and_choice(stage, program, begun)
    for company, days, deal_minor in WINS:
        customer = _won(stage, program, company, deal_minor, at=now - timedelta(days=days))
    _invoice_in_parts(stage, customer, now)


def _program(stage: Stage, at: datetime) -> Program:
    admin = stage.actor(stage.story.staff[3])
    program = create_program(
        name="Integration partners",
        slug=SLUG,
        currency="EUR",
        summary="For firms that connect payroll with what their clients already use.",
        custom_fields=[],
        actor=admin,
        at=at,
    )
    draft = create_version(
        program_id=program.id,
        terms=PlanTerms(
            list(RULES),
            hold_days=30,
            minimum_payout_minor=5_000,
            note="More for partners that bring more, on money that came in.",
            policy=Policy(base="net", basis="cash"),
        ),
        starts_at=at,
        actor=admin,
        at=at,
    )
    publish_version(version_id=draft.id, actor=admin, at=at)
    return program


def _shares_and_choice(stage: Stage, program: Program, at: datetime) -> None:
    """Share out what the partner earns between two of its people; offer everybody credit instead of money."""
    story = stage.story.partners[0]
    boss, rep = (stage.people[person.email].id for person in story.people[:2])
    set_team_split(
        partner_id=stage.partners[story.name].id,
        program_id=program.id,
        shares=[(boss, 6_000), (rep, 4_000)],
        from_on=at.date() + timedelta(days=1),
        is_shown=True,
        actor=stage.actor(story.people[0]),
        at=at,
    )
    set_exchange(
        program_id=program.id,
        kind=Instead.CREDIT.value,
        rate=Decimal("1.1"),
        actor=stage.actor(stage.story.staff[3]),
        at=at,
    )


def _won(
    stage: Stage, program: Program, company: str, deal_minor: int, *, at: datetime
) -> Customer:
    """Let the partner's person send the referral a week before, and win it."""
    story = stage.story.partners[0]
    rep = story.people[1]
    host = f"{company.split(maxsplit=1)[0].lower()}.example"
    referral = submit_referral(
        draft=ReferralDraft(
            program_id=program.id,
            company=company,
            contact_name="Orla Byrne",
            contact_email=f"orla@{host}",
            website=f"https://{host}",
            country="IE",
            product=PRODUCT,
            consent=True,
        ),
        partner_id=stage.partners[story.name].id,
        submitted_by_id=stage.people[rep.email].id,
        actor=stage.actor(rep),
        at=at - timedelta(days=6),
        key=None,
    )
    for kind, before in ((StageKind.ACCEPTED, 5), (StageKind.QUALIFIED, 3)):
        if target := stage_of_kind(program.id, kind):
            change_stage(
                referral_id=referral.id,
                to_stage_id=target.id,
                actor=stage.manager,
                at=at - timedelta(days=before),
            )
    won = stage_of_kind(program.id, StageKind.WON)
    assert won is not None
    return win_referral(
        referral_id=referral.id,
        to_stage_id=won.id,
        deal=Money(deal_minor, "EUR"),
        actor=stage.manager,
        at=at,
        sold=Sold(product=PRODUCT, term_months=12),
    )


def _invoice_in_parts(stage: Stage, customer: Customer, now: datetime) -> None:
    finance = stage.actor(stage.story.staff[1])
    booked, paid = now - timedelta(days=5), now - timedelta(days=4)
    invoice = record_payment(
        external_id="INV-CONNECT-1",
        kind=RevenueKind.EXPANSION,
        customer_id=customer.id,
        amount=Money(INVOICE_MINOR, "EUR"),
        booked_at=booked,
        source="form",
        actor=finance,
        at=booked,
        sold=Sold(tax_minor=TAX_MINOR, unpaid=True, product=PRODUCT, term_months=24),
    )
    for place, minor in enumerate((FIRST_PART_MINOR, INVOICE_MINOR - FIRST_PART_MINOR), start=1):
        moment = paid + timedelta(days=place)
        record_receipt(
            external_id=f"INV-CONNECT-1-{place}",
            revenue_event_id=invoice.id,
            amount=Money(minor, "EUR"),
            received_at=moment,
            actor=finance,
            at=moment,
        )
