"""What becomes of the demo's referrals: answered, moved on, lost, won, paid and refunded."""

from datetime import date, datetime, timedelta
from functools import partial
from uuid import UUID

from prm.demo.answering import loss_reason_of
from prm.demo.stage import HISTORY_DAYS, Stage
from prm.demo.story import PartnerStory, ProgramStory
from prm.money import Money
from referrals.intake.services import ReferralDraft, submit_referral
from referrals.pipeline.models import Referral, StageKind
from referrals.pipeline.selectors import stage_of_kind
from referrals.pipeline.services import add_note, change_stage, set_next_step
from referrals.revenue.models import Customer, RevenueEvent, RevenueKind
from referrals.revenue.services import record_payment, record_refund, win_referral


def plan_referrals(stage: Stage, first_day: date) -> None:
    """Put every referral of the year on the calendar; how it goes is decided as it comes in."""
    active = [story for story in stage.story.partners if story.state == "active"]
    weights = [story.weight for story in active]
    companies = list(stage.story.companies)
    for number in range(stage.story.referral_count):
        # More towards the end: a program that grows.
        day = first_day + timedelta(days=int(HISTORY_DAYS * stage.dice.random() ** 0.8))
        partner = stage.dice.choices(active, weights)[0]
        base = companies[number % len(companies)]
        branch = stage.story.branches[number // len(companies) - 1]
        company = base if number < len(companies) else f"{base} {branch}"
        moment = stage.at(day, stage.dice.randint(8, 18), stage.dice.randint(0, 59))
        stage.plan(
            moment,
            partial(submit, stage, partner, company),
        )


def submit(stage: Stage, story: PartnerStory, company: str, at: datetime) -> None:
    """Let somebody of a partner refer a company, and plan what becomes of it."""
    person = stage.dice.choice(story.people)
    program = stage.programs[story.program or stage.story.programs[0].slug]
    terms = next(entry for entry in stage.story.programs if entry.slug == program.slug)
    name, title = stage.dice.choice(stage.story.contacts)
    host = "".join(letter for letter in company.lower() if letter.isalnum()) + ".example"
    custom = (
        {"employees": stage.dice.randint(12, 400), "need": "Payroll"} if terms.custom_fields else {}
    )
    referral = submit_referral(
        draft=ReferralDraft(
            program_id=program.id,
            company=company,
            contact_name=name,
            contact_email=f"{name.split()[0].lower()}@{host}",
            website=f"https://{host}",
            country=story.country,
            contact_title=title,
            context=stage.dice.choice(stage.story.contexts),
            product=stage.dice.choice(terms.products),
            consent=True,
            custom=custom,
        ),
        partner_id=stage.partners[story.name].id,
        submitted_by_id=stage.people[person.email].id,
        actor=stage.actor(person),
        at=at,
        key=None,
    )
    _plan_life(stage, referral, story, terms, at)


def _plan_life(
    stage: Stage, referral: Referral, story: PartnerStory, terms: ProgramStory, at: datetime
) -> None:
    """Decide how the referral goes and put its steps on the calendar."""
    dice = stage.dice

    def later(moment: datetime, low: float, high: float) -> datetime:
        return moment + timedelta(days=dice.uniform(low, high))

    answered = later(at, 0.1, 3)
    if dice.random() < 0.08:
        reason = dice.choice(stage.story.reasons_declined)
        stage.plan(
            answered, lambda when: _move(stage, referral.id, StageKind.REJECTED, when, reason)
        )
        return
    stage.plan(answered, lambda when: _move(stage, referral.id, StageKind.ACCEPTED, when))
    qualified = later(answered, 3, 16)
    won = dice.random() < story.skill
    lost_at = dice.random()
    reason = dice.choice(stage.story.reasons_lost)
    if not won and lost_at < 0.35:
        stage.plan(
            later(answered, 5, 25),
            lambda when: _move(stage, referral.id, StageKind.LOST, when, reason),
        )
        return
    stage.plan(qualified, lambda when: _move(stage, referral.id, StageKind.QUALIFIED, when))
    offered = later(qualified, 5, 25)
    stage.plan(offered, lambda when: _offer(stage, referral.id, when))
    closed = later(offered, 8, 45)
    if not won:
        stage.plan(closed, lambda when: _move(stage, referral.id, StageKind.LOST, when, reason))
        return
    deal = Money(dice.randrange(terms.deal_minor[0], terms.deal_minor[1], 5_000), terms.currency)
    stage.plan(closed, lambda when: _win(stage, referral.id, deal, when))


def _move(stage: Stage, referral_id: UUID, kind: str, at: datetime, reason: str = "") -> None:
    referral = Referral.objects.get(id=referral_id)
    target = stage_of_kind(referral.program_id, kind)
    if target is None or referral.stage_id == target.id:
        return
    change_stage(
        referral_id=referral_id,
        to_stage_id=target.id,
        reason=reason,
        loss_reason_id=loss_reason_of(referral.program_id, reason),
        actor=stage.manager,
        at=at,
    )


def _offer(stage: Stage, referral_id: UUID, at: datetime) -> None:
    _move(stage, referral_id, StageKind.OPPORTUNITY, at)
    sales = (
        stage.story.staff[-1]
        if stage.story.staff[-1].role == "channel_manager"
        else stage.story.staff[0]
    )
    set_next_step(
        referral_id=referral_id,
        text=stage.dice.choice(stage.story.next_steps),
        due_on=(at + timedelta(days=stage.dice.randint(4, 20))).date(),
        owner_id=stage.people[sales.email].id,
        actor=stage.manager,
        at=at,
    )
    if stage.dice.random() < 0.4:
        text = stage.dice.choice([text for text in stage.story.contexts if text])
        add_note(
            referral_id=referral_id,
            text=text,
            internal=stage.dice.random() < 0.3,
            actor=stage.manager,
            at=at,
        )


def _win(stage: Stage, referral_id: UUID, deal: Money, at: datetime) -> None:
    referral = Referral.objects.get(id=referral_id)
    target = stage_of_kind(referral.program_id, StageKind.WON)
    if target is None:
        return
    customer = win_referral(
        referral_id=referral_id, to_stage_id=target.id, deal=deal, actor=stage.manager, at=at
    )
    if stage.dice.random() < 0.35:
        extra = Money(deal.minor // 4 // 100 * 100, deal.currency)
        stage.plan(
            at + timedelta(days=stage.dice.randint(40, 120)),
            lambda when: _expand(stage, customer, extra, when),
        )
    if stage.dice.random() < 0.09:
        part = stage.dice.choice([0.25, 0.5, 1])
        stage.plan(
            at + timedelta(days=stage.dice.randint(12, 50)),
            lambda when: _refund(stage, customer, part, when),
        )


def _expand(stage: Stage, customer: Customer, amount: Money, at: datetime) -> None:
    record_payment(
        external_id=f"INV-{at:%y%m}-{next(stage.order):05d}",
        kind=RevenueKind.EXPANSION,
        customer_id=customer.id,
        amount=amount,
        booked_at=at,
        source="form",
        actor=stage.actor(stage.story.staff[1]),
        at=at,
    )


def _refund(stage: Stage, customer: Customer, part: float, at: datetime) -> None:
    sale = RevenueEvent.objects.filter(customer_id=customer.id, kind=RevenueKind.SALE).first()
    if sale is None:
        return
    record_refund(
        external_id=f"CN-{at:%y%m}-{next(stage.order):05d}",
        kind=RevenueKind.REFUND,
        refunds_id=sale.id,
        amount=Money(round(sale.amount_minor * part), sale.currency),
        booked_at=at,
        source="form",
        actor=stage.actor(stage.story.staff[1]),
        at=at,
        note="Contract reduced" if part < 1 else "Contract cancelled",
    )
