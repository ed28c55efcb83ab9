"""The demo's people, programs and partners, as they stand before its year begins."""

from datetime import date, datetime, timedelta
from functools import cache, partial
from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from schwifty import IBAN

from commissions.payouts.details import PayoutDetails, save_debtor_account, save_payout_details
from partners.directory.models import Partner
from partners.directory.services import add_partner
from partners.programs.models import Program
from partners.programs.services import create_program
from prm.accounts.models import Membership, User
from prm.accounts.services import add_membership
from prm.demo.agreements import publish_first, sign
from prm.demo.answering import seed_loss_reasons
from prm.demo.programs import publish_plan
from prm.demo.stage import Stage
from prm.demo.story import ADDRESSES, PASSWORD, PartnerStory, Person, ProgramStory
from prm.events.services import SYSTEM, Actor


def seed_cast(stage: Stage, first_day: date) -> None:
    """Give the open tenant its staff, programs and partners in the weeks before the first day of its history."""
    _staff(stage, stage.at(first_day - timedelta(days=20)))
    for program in stage.story.programs:
        _program(stage, program, stage.at(first_day - timedelta(days=14)))
    for number, partner in enumerate(stage.story.partners):
        day = first_day - timedelta(days=10 - number % 9)
        _partner(stage, partner, stage.at(day, 10 + number % 7))


@cache
def _password() -> str:
    """Return the hash of everybody's password, made once: each takes a good part of a second on purpose."""
    return make_password(PASSWORD)


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


def _user(stage: Stage, person: Person) -> User:
    user = User.objects.filter(email=person.email).first()
    if user is None:
        user = User.objects.create(
            email=person.email,
            password=_password(),
            name=person.name,
            language=person.language,
        )
        EmailAddress.objects.create(user=user, email=person.email, verified=True, primary=True)
    stage.people[person.email] = user
    return user


def _publish(stage: Stage, program: Program, plan: Any, admin: Actor, at: datetime) -> None:
    starts_at = stage.month_start(plan.months_ago)
    publish_plan(program, plan, starts_at=starts_at, admin=admin, at=at)


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
