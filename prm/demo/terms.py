"""New terms that partners have begun to answer, and exceptions of single partners: one in force, one that waits."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from django.utils import translation

from commissions.acceptances.selectors import offer_of, terms_due
from commissions.acceptances.services import accept_terms
from commissions.overrides.rules import EVENTS, touches
from commissions.overrides.services import OverrideTerms, approve_override, ask_override
from commissions.plans.models import PlanVersion
from commissions.plans.selectors import newest_published, version_terms
from commissions.plans.services import create_version, publish_version, terms_of
from commissions.plans.templates import template_named
from partners.directory.models import Enrollment, Partner
from prm.accounts.models import Membership
from prm.demo.stage import Stage
from prm.events.services import Actor

ANSWERED = 3


def seed_terms(stage: Stage, *, now: datetime) -> None:
    """Publish the first program's next version for six weeks from now, and ask for two exceptions."""
    program = stage.programs[stage.story.programs[0].slug]
    former = newest_published(program.id)
    if former is None or former.starts_at > now:
        return
    admin = stage.actor(stage.story.staff[3])
    _exceptions(stage, former, now)
    at = now - timedelta(days=4)
    version = _new_version(stage, former, admin, at)
    partners = Partner.objects.filter(
        id__in=Enrollment.objects.filter(program=program, state="active", since__lt=at).values(
            "partner_id"
        )
    ).order_by("name")
    for place, partner in enumerate(partners[:ANSWERED]):
        _accept(stage, version, partner, at + timedelta(days=1 + place / 2))


def _new_version(stage: Stage, former: PlanVersion, admin: Actor, at: datetime) -> PlanVersion:
    """Publish what is in force with a longer hold and a bonus on renewals."""
    terms, template = terms_of(former), template_named("renewals")
    assert template is not None
    with translation.override(stage.tenant.language):
        renewals = template.terms(former.currency)
    draft = create_version(
        program_id=former.program_id,
        terms=replace(
            terms,
            rules=[*terms.rules, *[rule for rule in renewals.rules if rule.terms.bonus]],
            hold_days=max(terms.hold_days, 30),
            notice_days=30,
            rationale=renewals.rationale,
        ),
        starts_at=at + timedelta(days=46),
        actor=admin,
        at=at,
    )
    return publish_version(version_id=draft.id, actor=admin, at=at)


def _accept(stage: Stage, version: PlanVersion, partner: Partner, at: datetime) -> None:
    due = terms_due(partner.id, version.program_id, at)
    person = (
        Membership.objects.filter(
            tenant=stage.tenant, partner_id=partner.id, roles__contains=["partner_admin"]
        )
        .select_related("user")
        .first()
    )
    if due is None or person is None:
        return
    with translation.override(person.user.language or stage.tenant.language):
        accept_terms(
            version_id=version.id,
            partner_id=partner.id,
            shown_hash=offer_of(due).digest,
            signer_name=person.user.get_full_name(),
            actor=Actor(user_id=person.user_id, name=person.user.get_full_name()),
            at=at,
        )


def _exceptions(stage: Stage, former: PlanVersion, now: datetime) -> None:
    event = next((name for name in EVENTS if touches(version_terms(former), name)), "")
    if not event:
        return
    manager, second = stage.actor(stage.story.staff[0]), stage.actor(stage.story.staff[1])
    names = [story.name for story in stage.story.partners if not story.program][1:3]
    asked = [
        ask_override(
            program_id=former.program_id,
            partner_id=stage.partners[name].id,
            terms=OverrideTerms(rate=Decimal("0.25"), event=event),
            # Nothing that is booked was registered since: the books stay what the plan says.
            starts_at=now - timedelta(minutes=5),
            ends_at=now + timedelta(days=365),
            reason="Opens a second country for us and trains its own people",
            actor=manager,
            at=now - timedelta(days=2),
        )
        for name in names
    ]
    approve_override(
        override_id=asked[0].id,
        note="For one year, then we look at the numbers",
        actor=second,
        at=now - timedelta(minutes=5),
    )
