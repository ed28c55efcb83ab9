"""What every program of the demo has before its public page opens: an aim, a commission plan, a short track."""

from datetime import datetime

from commissions.plans.services import PlanTerms, RuleTerms, create_version, publish_version
from partners.onboarding.building import StepDraft, add_step, create_track, publish_track
from partners.onboarding.models import Fact, StepKind
from partners.programs.models import Program
from prm.demo.story import PlanStory
from prm.events.services import Actor

SHORT = (
    StepDraft(kind=StepKind.FACT, fact=Fact.AGREEMENT, due_days=5, blocks_next=True),
    StepDraft(kind=StepKind.FACT, fact=Fact.PAYOUT_DETAILS, due_days=14),
    StepDraft(kind=StepKind.FACT, fact=Fact.REFERRAL, due_days=30),
)


def publish_plan(
    program: Program, plan: PlanStory, *, starts_at: datetime, admin: Actor, at: datetime
) -> None:
    """Publish the plan as the program's next version, in force from starts_at."""
    terms = PlanTerms(
        rules=[
            RuleTerms(
                trigger=rule.trigger,
                reward="fixed" if rule.fixed_minor else "percent",
                label=rule.label,
                amount_minor=rule.fixed_minor,
                rate=rule.rate,
                scope=rule.scope,
                months=rule.months,
            )
            for rule in plan.rules
        ],
        hold_days=plan.hold_days,
        minimum_payout_minor=plan.minimum_minor,
        note=plan.note,
    )
    version = create_version(
        program_id=program.id, terms=terms, starts_at=starts_at, actor=admin, at=at
    )
    publish_version(version_id=version.id, actor=admin, at=at)


def publish_short_track(program: Program, *, admin: Actor, at: datetime) -> None:
    """Publish a track of three steps, all done by facts; those who joined before go on without."""
    track = create_track(
        program_id=program.id,
        name={"en": "First steps", "it": "Primi passi"},
        partner_type="",
        finish_days=30,
        actor=admin,
        at=at,
    )
    for draft in SHORT:
        add_step(track_id=track.id, draft=draft, actor=admin, at=at)
    publish_track(track_id=track.id, actor=admin, at=at)
