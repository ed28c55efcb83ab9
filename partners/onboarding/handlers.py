"""Onboarding follows what happens elsewhere: enrolments start it, facts settle steps, people are told."""

from typing import Any
from uuid import UUID

from django.db.models import Q

from partners.agreements.models import Acceptance
from partners.onboarding.models import Entitlement, Fact, Run, Step, StepDone, StepKind, StepState
from partners.onboarding.panels import holders_of
from partners.onboarding.selectors import run_view
from partners.onboarding.services import (
    leave_onboarding,
    look_again,
    partner_is_new,
    start_onboarding,
    take_course,
    take_fact,
)
from partners.onboarding.words import TO_DO
from prm.accounts.capabilities import Capability, Role
from prm.accounts.models import Membership
from prm.accounts.selectors import members_with
from prm.events.models import Event
from prm.events.services import SYSTEM
from prm.events.subscriptions import on
from prm.notices.services import notify
from prm.tenancy.scope import current_scope

# Referrals tell their steps by these words; a later one includes the earlier ones.
ACCEPTED_KINDS = frozenset({"accepted", "qualified", "opportunity", "won"})
# Runs looked at in one handler; a nightly sweep does the rest.
AT_ONCE = 1000


@on("partner.enrolled", name="onboarding.start_when_enrolled")
def start_when_enrolled(event: Event) -> None:
    """A new partner of a program starts on the track that fits."""
    start_onboarding(
        partner_id=UUID(event.payload["partner_id"]),
        program_id=UUID(event.payload["program_id"]),
        actor=SYSTEM,
        at=event.at,
    )


@on("partner.unenrolled", name="onboarding.leave")
def leave_when_unenrolled(event: Event) -> None:
    """Who left the program has nothing more to do in it."""
    leave_onboarding(
        partner_id=UUID(event.payload["partner_id"]),
        program_id=UUID(event.payload["program_id"]),
        at=event.at,
    )


@on("agreement.accepted", name="onboarding.take_agreement")
def take_agreement(event: Event) -> None:
    """A first signature starts the track where enrolling has not; every one settles the step that asks for it."""
    partner_id, program_id = UUID(event.payload["partner_id"]), UUID(event.payload["program_id"])
    first = Acceptance.objects.filter(partner_id=partner_id, program_id=program_id).count() == 1
    if first and partner_is_new(partner_id, program_id):
        start_onboarding(partner_id=partner_id, program_id=program_id, actor=SYSTEM, at=event.at)
    take_fact(partner_id=partner_id, program_id=program_id, fact=Fact.AGREEMENT, at=event.at)


@on("partner.profile_completed", name="onboarding.take_profile")
def take_profile(event: Event) -> None:
    """The profile is complete."""
    _take(event, Fact.PROFILE)


@on("payout_details.changed", name="onboarding.take_payout_details")
def take_payout_details(event: Event) -> None:
    """Payout details are there."""
    _take(event, Fact.PAYOUT_DETAILS)


@on("membership.started", name="onboarding.take_team")
def take_team(event: Event) -> None:
    """Somebody joined; the second person settles the step."""
    if event.partner_id and holders_of(Fact.TEAM, [event.partner_id], None):
        _take(event, Fact.TEAM)


@on("referral.submitted", name="onboarding.take_referral")
def take_referral(event: Event) -> None:
    """The first referral came."""
    _take(event, Fact.REFERRAL)


@on("referral.stage_changed", name="onboarding.take_accepted")
def take_accepted(event: Event) -> None:
    """A referral was accepted, or went beyond that at once."""
    if event.payload.get("to_kind") in ACCEPTED_KINDS:
        _take(event, Fact.ACCEPTED)


@on("referral.won", name="onboarding.take_won")
def take_won(event: Event) -> None:
    """A referral was won."""
    _take(event, Fact.WON)


@on("course.passed", name="onboarding.take_course")
def take_passed_course(event: Event) -> None:
    """A person of the partner passed a course; applicants have no partner yet."""
    if event.partner_id or event.payload.get("partner_id"):
        take_course(
            partner_id=event.partner_id or UUID(event.payload["partner_id"]),
            course_id=UUID(event.payload["course_id"]),
            at=event.at,
        )


@on("course.handed_over", name="onboarding.take_handed_over")
def take_handed_over(event: Event) -> None:
    """Whoever passed a course to be let in need not take it again as a partner."""
    take_passed_course(event)


@on("track.step_added", name="onboarding.settle_added_step")
def settle_added_step(event: Event) -> None:
    """A step that joined running tracks is done where its fact is true already."""
    step = Step.objects.get(id=event.payload["step_id"])
    if step.kind in {StepKind.FACT, StepKind.COURSE}:
        _look_again(event, Q(id__in=StepDone.objects.filter(step=step).values("run_id")))


@on("track.step_removed", name="onboarding.finish_without_step")
def finish_without_step(event: Event) -> None:
    """Runs that waited for nothing but the removed step are finished."""
    ready = StepDone.objects.filter(step_id=event.payload["step_id"]).exclude(
        state__in=[StepState.DONE, StepState.SKIPPED]
    )
    _look_again(event, Q(id__in=ready.values("run_id")))


@on("onboarding.started", name="onboarding.tell_started")
def tell_started(event: Event) -> None:
    """The partner's people see where to begin."""
    run = _run(event)
    _tell_partner(event, "onboarding.started", run, {"program": run.program.name})


@on("onboarding.step_handed_in", name="onboarding.tell_handed_in")
def tell_handed_in(event: Event) -> None:
    """The partner's channel manager, or all of them where there is none, learn that something waits."""
    run, done = _run(event), _done(event)
    facts = {"partner": run.partner.name, "step": _title(done)}
    for user_id in _managers(run):
        notify(
            kind="onboarding.waiting",
            key=f"step:{done.id}:{event.id}",
            user_id=user_id,
            facts=facts,
            path=f"manage/onboarding/steps/{done.id}/",
            at=event.at,
        )


@on("onboarding.step_returned", name="onboarding.tell_returned")
def tell_returned(event: Event) -> None:
    """The partner reads why a step came back."""
    run, done = _run(event), _done(event)
    facts = {"step": _title(done), "reply": done.reply}
    _tell_partner(event, "onboarding.returned", run, facts, f"onboarding/steps/{done.id}/")


@on("onboarding.step_done", name="onboarding.tell_approved")
def tell_approved(event: Event) -> None:
    """The partner reads that a step which somebody looked at is approved."""
    run, done = _run(event), _done(event)
    if done.step.needs_approval or done.step.kind == StepKind.APPROVAL:
        _tell_partner(event, "onboarding.approved", run, {"step": _title(done)})


@on("onboarding.nudged", name="onboarding.tell_nudge")
def tell_nudge(event: Event) -> None:
    """The partner's people are reminded of their next step, with the deadline that earns something."""
    run = _run(event)
    view = run_view(run, at=event.at)
    if (line := view.next) is None:
        return
    facts = {
        "step": _title(line.done),
        "program": run.program.name,
        "due_on": line.due_on.isoformat() if line.due_on else "",
        "left": view.total - view.settled_count,
    }
    _tell_partner(event, "onboarding.nudge", run, facts)


@on("entitlement.earned", name="onboarding.tell_earned")
def tell_earned(event: Event) -> None:
    """The partner reads what it has earned."""
    row = Entitlement.objects.get(id=event.payload["entitlement_id"])
    facts = {
        "kind": row.kind,
        "amount_minor": row.amount_minor,
        "currency": row.currency,
        "text": row.text,
    }
    for user in members_with(
        Capability.PARTNER_HOME, tenant_id=event.tenant_id, partner_id=row.partner_id
    ):
        notify(
            kind="entitlement.earned",
            key=f"entitlement:{row.id}",
            user_id=user.id,
            facts=facts,
            path="onboarding/",
            partner_id=row.partner_id,
            at=event.at,
        )


def _take(event: Event, fact: Fact) -> None:
    """Settle the steps of a fact for the event's partner, in the event's program when it names one."""
    if event.partner_id is None:
        return
    program = event.payload.get("program_id")
    take_fact(
        partner_id=event.partner_id,
        fact=fact,
        program_id=UUID(program) if program else None,
        at=event.at,
    )


def _look_again(event: Event, which: Q) -> None:
    runs = Run.objects.filter(which, finished_at=None, left_at=None).order_by("id")
    for run_id in list(runs.values_list("id", flat=True)[:AT_ONCE]):
        look_again(run_id=run_id, at=event.at)


def _run(event: Event) -> Run:
    return Run.objects.select_related("partner", "program", "track").get(id=event.payload["run_id"])


def _done(event: Event) -> StepDone:
    return StepDone.objects.select_related("step", "step__course").get(
        id=event.payload["step_done_id"]
    )


def _title(done: StepDone) -> dict[str, str]:
    """Return a step's title in all its languages, so that each reader gets their own."""
    step = done.step
    if step.title:
        return dict(step.title)
    if step.course:
        return dict(step.course.title)
    return {"en": str(TO_DO[Fact(step.fact)])} if step.fact else {}


def _tell_partner(
    event: Event, kind: str, run: Run, facts: dict[str, Any], path: str = "onboarding/"
) -> None:
    for user in members_with(
        Capability.PARTNER_HOME, tenant_id=event.tenant_id, partner_id=run.partner_id
    ):
        notify(
            kind=kind,
            key=f"{kind}:{event.id}",
            user_id=user.id,
            facts={**facts, "partner": run.partner.name},
            path=path,
            partner_id=run.partner_id,
            at=event.at,
        )


def _managers(run: Run) -> list[int]:
    people = set(
        Membership.objects.filter(
            tenant_id=current_scope().tenant_id,
            partner_id=None,
            ended_at=None,
            roles__contains=[Role.CHANNEL_MANAGER],
        ).values_list("user_id", flat=True)
    )
    if run.partner.manager_id in people:
        people = {run.partner.manager_id}
    return sorted(people)
