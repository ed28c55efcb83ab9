"""Play the demo's year through the product's own services, day by day, each step at its own moment."""

import random
from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime, timedelta
from functools import partial
from heapq import heappop
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from allauth.account.models import EmailAddress
from django.db import connection
from schwifty import IBAN

from commissions.accruals.services import release_due
from commissions.payouts.details import PayoutDetails, save_debtor_account, save_payout_details
from commissions.payouts.models import Payout, PayoutRun
from commissions.payouts.services import (
    NothingToPay,
    RunDraft,
    approve_run,
    export_run,
    return_payout,
    settle_payout,
    submit_run,
)
from commissions.statements.services import NothingToState, issue_statement
from partners.directory.models import Partner
from partners.directory.services import add_partner, change_partner_state
from partners.programs.models import Program
from partners.programs.services import create_program
from prm.accounts.models import Membership, User
from prm.accounts.services import add_membership
from prm.demo.agreements import plan_new_version, publish_first, sign
from prm.demo.answering import loss_reason_of, seed_answering, seed_loss_reasons
from prm.demo.applying import seed_applying
from prm.demo.asking import seed_asking
from prm.demo.books import seed_books
from prm.demo.capturing import seed_capturing
from prm.demo.cases import seed_cases
from prm.demo.claims import seed_claims
from prm.demo.contests import seed_contests
from prm.demo.gifts import seed_gifts
from prm.demo.lives import seed_lives
from prm.demo.onboarding import seed_onboarding
from prm.demo.paying import seed_paying
from prm.demo.profiles import seed_profiles
from prm.demo.programs import publish_plan
from prm.demo.recruiting import seed_applications
from prm.demo.refining import seed_refining
from prm.demo.sharing import seed_sharing
from prm.demo.stage import Stage
from prm.demo.story import ADDRESSES, PASSWORD, PartnerStory, Person, ProgramStory, TenantStory
from prm.demo.terms import seed_terms
from prm.demo.tiers import seed_tiers
from prm.demo.training import seed_training
from prm.events.relay import relay_tenant
from prm.events.seals import seal_tenant
from prm.events.services import SYSTEM, Actor
from prm.money import Money
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from prm.tenancy.services import create_tenant
from referrals.intake.services import ReferralDraft, submit_referral
from referrals.pipeline.models import Referral, StageKind
from referrals.pipeline.selectors import stage_of_kind
from referrals.pipeline.services import add_note, change_stage, set_next_step
from referrals.revenue.models import Customer, RevenueEvent, RevenueKind
from referrals.revenue.services import record_payment, record_refund, win_referral

HISTORY_DAYS = 365


def seed_tenant(story: TenantStory, *, now: datetime, say: Callable[[str], None]) -> Tenant:
    """Make a tenant and play its last 365 days up to now; a tenant that exists is left alone.

    Everything goes through the services, so events, mails, accruals and statements are the real ones. Mails of the
    past are marked as sent; those of the last day really go out.
    """
    found = Tenant.objects.filter(slug=story.slug).first()
    if found:
        return found
    tenant = create_tenant(
        slug=story.slug,
        name=story.name,
        legal_name=story.legal_name,
        legal_address=story.legal_address,
        tax_number=story.tax_number,
        country=story.country,
        time_zone=story.time_zone,
        language=story.language,
        accent=story.accent,
        accent_foreground=story.accent_foreground,
        reply_to=story.staff[0].email,
        support_email=story.staff[0].email,
        privacy_url=f"https://{story.slug}.example/privacy",
        is_demo=True,
    )
    stage = Stage(
        story,
        tenant,
        now.astimezone(ZoneInfo(story.time_zone)).date(),
        random.Random(story.seed),  # noqa: S311  a story, not a secret
    )
    first_day = stage.today - timedelta(days=HISTORY_DAYS)
    with tenant_scope(tenant.id):
        _staff(stage, stage.at(first_day - timedelta(days=20)))
        for program in story.programs:
            _program(stage, program, stage.at(first_day - timedelta(days=14)))
        for number, partner in enumerate(story.partners):
            _partner(
                stage,
                partner,
                stage.at(first_day - timedelta(days=10 - number % 9), 10 + number % 7),
            )
    plan_new_version(stage)
    _referrals(stage, first_day)
    _money_calendar(stage, first_day)
    _play(stage, now, say)
    with tenant_scope(tenant.id):
        _end_of_story(stage, now)
    relay_tenant(tenant.id)
    for seed in (
        seed_training,
        seed_onboarding,
        seed_profiles,
        seed_applying,
        seed_applications,
        seed_lives,
        seed_answering,
        seed_claims,
        seed_cases,
        seed_capturing,
        seed_asking,
        seed_sharing,
        seed_tiers,
        seed_contests,
        seed_gifts,
        seed_terms,
        seed_refining,
        seed_paying,
        seed_books,
    ):
        with tenant_scope(tenant.id):
            seed(stage, now=now)
        relay_tenant(tenant.id)
    _mails_of_the_past(stage, now)
    seal_tenant(tenant.id)
    return tenant


def _user(stage: Stage, person: Person) -> User:
    user = User.objects.filter(email=person.email).first()
    if user is None:
        user = User.objects.create_user(
            person.email, PASSWORD, name=person.name, language=person.language
        )
        EmailAddress.objects.create(user=user, email=person.email, verified=True, primary=True)
    stage.people[person.email] = user
    return user


def _staff(stage: Stage, at: datetime) -> None:
    for person in stage.story.staff:
        user = _user(stage, person)
        add_membership(
            tenant_id=stage.tenant.id, user=user, roles=[person.role], actor=SYSTEM, at=at
        )
    Membership.objects.filter(tenant=stage.tenant).update(created_at=at)
    save_debtor_account(
        iban=stage.story.iban, bic=stage.story.bic, actor=stage.actor(stage.story.staff[2]), at=at
    )


def _program(stage: Stage, story: ProgramStory, at: datetime) -> None:
    admin = stage.actor(stage.story.staff[3])
    program = create_program(
        name=story.name,
        slug=story.slug,
        currency=story.currency,
        summary=story.summary,
        custom_fields=list(story.custom_fields),
        actor=admin,
        at=at,
    )
    stage.programs[story.slug] = program
    seed_loss_reasons(stage, program.id, admin, at)
    publish_first(program, story.agreement, admin, at)
    first, *later = story.plans
    _publish(stage, program, first, admin, at)
    for plan in later:
        moment = stage.month_start(plan.months_ago) - timedelta(days=30)
        stage.plan(moment, partial(_publish, stage, program, plan, admin))


def _publish(stage: Stage, program: Program, plan: Any, admin: Actor, at: datetime) -> None:
    starts_at = stage.month_start(plan.months_ago)
    publish_plan(program, plan, starts_at=starts_at, admin=admin, at=at)


def _partner(stage: Stage, story: PartnerStory, at: datetime) -> None:
    program = stage.programs[story.program or stage.story.programs[0].slug]
    partner = add_partner(
        name=story.name,
        type=story.type,
        country=story.country,
        segment=story.segment,
        legal_name=story.name,
        address=ADDRESSES[story.country],
        website=f"https://{story.people[0].email.partition('@')[2]}",
        manager_id=stage.people[stage.story.staff[0].email].id,
        program_ids=[program.id],
        actor=stage.manager,
        at=at,
    )
    Partner.objects.filter(id=partner.id).update(created_at=at)
    stage.partners[story.name] = partner
    for person in story.people:
        add_membership(
            tenant_id=stage.tenant.id,
            user=_user(stage, person),
            roles=[person.role],
            partner_id=partner.id,
            partner_name=partner.name,
            actor=stage.manager,
            at=at,
        )
    sign(stage, partner, story.people, at=at + timedelta(hours=4))
    if story.iban:
        details = _details(stage, story)
        admin = stage.actor(story.people[0])
        save_payout_details(
            partner_id=partner.id, details=details, actor=admin, at=at + timedelta(days=2)
        )


def _details(stage: Stage, story: PartnerStory) -> PayoutDetails:
    country, bank, account = story.iban or ("", "", "")
    if not country:
        return PayoutDetails(
            method="bank", holder=story.name, number=account, bic=bank, country="US"
        )
    iban = (
        IBAN.generate(country, "AIBK", account, branch_code=bank[4:])
        if bank
        else IBAN.random(country, random=stage.dice)
    )
    return PayoutDetails(
        method="sepa", holder=story.name, number=str(iban), bic="", country=country
    )


# ---------------------------------------------------------------- referrals


def _referrals(stage: Stage, first_day: date) -> None:
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
            partial(_submit, stage, partner, company),
        )


def _submit(stage: Stage, story: PartnerStory, company: str, at: datetime) -> None:
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


# ---------------------------------------------------------------- money


def _money_calendar(stage: Stage, first_day: date) -> None:
    """A run on the 25th of each month, approved the day after, settled two days later; statements on the 1st."""
    month = first_day.replace(day=1)
    while month <= stage.today:
        stage.plan(stage.at(month.replace(day=25), 6), release_all)
        stage.plan(stage.at(month.replace(day=25), 9), lambda when: _run(stage, when))
        following = (month.replace(day=28) + timedelta(days=5)).replace(day=1)
        stage.plan(
            stage.at(following, 5),
            partial(_statements, stage, following - timedelta(days=1)),
        )
        month = following


def release_all(when: datetime) -> None:
    """End every hold that is over by then."""
    release_due(until=when, at=when)


def _run(stage: Stage, at: datetime) -> None:
    preparer, approver = stage.actor(stage.story.staff[1]), stage.actor(stage.story.staff[2])
    try:
        run = submit_run(
            draft=RunDraft(pay_on=(at + timedelta(days=3)).date()), actor=preparer, at=at
        )
    except NothingToPay:
        return
    next_day = at + timedelta(days=1)
    stage.plan(next_day, lambda when: _approve(run, approver, when))
    stage.plan(next_day + timedelta(hours=1), lambda when: _export(run, preparer, when))
    stage.plan(next_day + timedelta(days=2), lambda when: _settle(stage, run, preparer, when))


def _approve(run: PayoutRun, approver: Actor, at: datetime) -> None:
    approve_run(run_id=run.id, digest=run.digest, actor=approver, at=at)


def _export(run: PayoutRun, preparer: Actor, at: datetime) -> None:
    export_run(run_id=run.id, actor=preparer, at=at)


def _settle(stage: Stage, run: PayoutRun, preparer: Actor, at: datetime) -> None:
    payouts = list(Payout.objects.filter(run_id=run.id).order_by("id"))
    unlucky = stage.dice.randrange(40)
    for number, payout in enumerate(payouts):
        if number == unlucky and len(payouts) > 2:
            return_payout(payout_id=payout.id, reason="AC04 Account closed", actor=preparer, at=at)
        else:
            settle_payout(payout_id=payout.id, actor=preparer, at=at)


def _statements(stage: Stage, last: date, at: datetime) -> None:
    clerk = stage.actor(stage.story.staff[1])
    for partner_id, currency in _with_balances():
        with suppress(NothingToState):
            issue_statement(
                partner_id=partner_id, currency=currency, until_on=last, actor=clerk, at=at
            )


def _with_balances() -> list[tuple[UUID, str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "select distinct partner_id, currency from commissions_account where partner_id is not null order by 1, 2",
        )
        return [(row[0], row[1]) for row in cursor.fetchall()]


# ---------------------------------------------------------------- playing


def _play(stage: Stage, now: datetime, say: Callable[[str], None]) -> None:
    """Run all steps up to now in order of time, week by week: one transaction, then the handlers."""
    while stage.queue and stage.queue[0][0] < now:
        until = min(stage.queue[0][0] + timedelta(days=2), now)
        with tenant_scope(stage.tenant.id):
            while stage.queue and stage.queue[0][0] < until:
                moment, _order, step = heappop(stage.queue)
                step(moment)
        relay_tenant(stage.tenant.id)
        if until.day <= 2:
            say(f"{stage.story.name}: {until:%B %Y}")


def _end_of_story(stage: Stage, now: datetime) -> None:
    """Leave things for the reader to do, and partners in every state."""
    release_all(now)
    for story in stage.story.partners:
        if story.state != "active":
            change_partner_state(
                partner_id=stage.partners[story.name].id,
                state=story.state,
                reason="Takes a break until the new year, as agreed by phone.",
                actor=stage.manager,
                at=now - timedelta(days=30),
            )
    active = next(story for story in stage.story.partners if story.state == "active")
    for hours, company in zip((30, 52), stage.story.unanswered, strict=True):
        _submit(stage, active, company, now - timedelta(hours=hours))


def _mails_of_the_past(stage: Stage, now: datetime) -> None:
    """Date what the year's mails and notices would have been, and mark them sent and read, except the last days'."""
    with tenant_scope(stage.tenant.id), connection.cursor() as cursor:
        cursor.execute(
            """
            update prm_mail m set queued_at = n.created_at, sent_at = n.created_at, attempts = 1, state = 'sent'
              from prm_notice n
             where m.key = n.key || ':' || n.user_id and n.created_at < %s""",
            [now - timedelta(days=3)],
        )
        cursor.execute(
            "update prm_notice set read_at = created_at where read_at is null and created_at < %s",
            [now - timedelta(days=6)],
        )
