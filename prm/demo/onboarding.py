"""The demo's onboarding: a track in two languages, partners at every point of it, conditions and rewards."""

from collections.abc import Callable
from datetime import datetime, timedelta
from io import BytesIO
from uuid import UUID

from django.db.models import Q

from partners.onboarding.building import StepDraft, add_step, create_track, publish_track
from partners.onboarding.models import (
    Entitlement,
    Fact,
    RewardKind,
    Run,
    StepDone,
    StepKind,
    StepState,
    Track,
)
from partners.onboarding.rewards import fulfil
from partners.onboarding.rules import EARNINGS
from partners.onboarding.services import (
    StepClosed,
    approve_step,
    confirm_read,
    hand_in,
    look_again,
    note_call,
    nudge,
    return_step,
    skip_step,
    start_onboarding,
)
from partners.onboarding.unlocks import set_unlock
from partners.programs.models import Program
from partners.training.models import Course, CourseState
from prm.demo.programs import publish_short_track
from prm.demo.stage import Stage
from prm.demo.story import Person
from prm.events.services import Actor
from prm.uploads.models import Upload
from prm.uploads.services import keep_upload

DAY = timedelta(days=1)
# The track is older than every run on it; those who joined before go on without.
PUBLISHED = 120 * DAY
PDF = (
    b"%PDF-1.4\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n"
    b"2 0 obj\n<</Type/Pages/Kids[]/Count 0>>\nendobj\ntrailer\n<</Root 1 0 R>>\n%%EOF\n"
)

GIVEN = {
    "en": "20% off from the next invoice on",
    "it": "20% di sconto dalla prossima fattura",
}
HOW = {
    "en": "A referral needs three things: the company, a person there, and what they want to change.\n\n"
    "* Ask first whether we may call.\n* Write down the one thing that annoys them today.\n"
    "* Send it the same day: who comes first is credited.\n",
    "it": "Una segnalazione ha bisogno di tre cose: l'azienda, una persona e che cosa vuole cambiare.\n\n"
    "* Chiedi prima se possiamo chiamare.\n* Scrivi la cosa che oggi pesa di più.\n"
    "* Inviala lo stesso giorno: conta chi arriva per primo.\n",
}
PROOF = {
    "en": "An extract of the commercial register or a business card with your tax number. A photo is enough.",
    "it": "Una visura camerale o un biglietto da visita con la partita IVA. Basta una foto.",
}
STEPS = (
    StepDraft(kind=StepKind.FACT, fact=Fact.AGREEMENT, due_days=5, blocks_next=True),
    StepDraft(
        kind=StepKind.READ,
        title={"en": "How a good referral reads", "it": "Come si scrive una buona segnalazione"},
        body=HOW,
        due_days=7,
    ),
    StepDraft(
        kind=StepKind.UPLOAD,
        title={"en": "Proof of your company", "it": "Prova della tua azienda"},
        body=PROOF,
        due_days=10,
        needs_approval=True,
        milestone={"en": "Verified partner", "it": "Partner verificato"},
        reward_kind=RewardKind.DISCOUNT,
        reward_text={
            "en": "20% off your own subscription for a year",
            "it": "20% di sconto sul tuo abbonamento per un anno",
        },
    ),
    StepDraft(kind=StepKind.FACT, fact=Fact.PAYOUT_DETAILS, due_days=14),
    StepDraft(
        kind=StepKind.APPROVAL,
        title={
            "en": "First call with your channel manager",
            "it": "Prima chiamata con il tuo referente",
        },
        body={
            "en": "Twenty minutes about your clients and who could need us.",
            "it": "Venti minuti sui tuoi clienti e su chi potrebbe aver bisogno di noi.",
        },
        due_days=14,
        may_skip=True,
    ),
    StepDraft(
        kind=StepKind.FACT,
        fact=Fact.REFERRAL,
        due_days=21,
        milestone={"en": "Ready to earn", "it": "Pronto a guadagnare"},
        reward_kind=RewardKind.GIFT_CARD,
        reward_minor=5000,
        reward_text={"en": "for a lunch with your team", "it": "per un pranzo con il team"},
    ),
)


def seed_onboarding(stage: Stage, *, now: datetime) -> None:
    """Build the first program's track and put the tenant's partners on it, each at another point; a scope is open.

    Everything goes through the services at moments of the past. A tenant that has a track is left alone.
    """
    if Track.objects.exists():
        return
    admin = stage.actor(stage.story.staff[3])
    program = stage.programs[stage.story.programs[0].slug]
    track = create_track(
        program_id=program.id,
        name={"en": "First steps", "it": "Primi passi"},
        partner_type="",
        finish_days=21,
        actor=admin,
        at=now - PUBLISHED,
    )
    for draft in _steps(program.id, program.currency):
        add_step(track_id=track.id, draft=draft, actor=admin, at=now - PUBLISHED)
    publish_track(track_id=track.id, actor=admin, at=now - PUBLISHED)
    for other in stage.programs.values():
        if other.id != program.id:
            publish_short_track(other, admin=admin, at=now - PUBLISHED)
    set_unlock(
        program_id=program.id,
        feature=EARNINGS,
        keys=["agreement"],
        actor=admin,
        at=now - PUBLISHED,
    )
    _put_on_track(stage, program, admin, now)
    first = Entitlement.objects.filter(kind=RewardKind.DISCOUNT).order_by("earned_at", "id").first()
    if first:
        fulfil(
            entitlement_id=first.id,
            text=GIVEN[stage.story.language],
            actor=stage.manager,
            at=now - 10 * DAY,
        )


def _put_on_track(stage: Stage, program: Program, admin: Actor, now: datetime) -> None:
    """Start the program's partners one after the other and leave each at another point."""
    points: list[Callable[[Stage, Run, Person, datetime], None]] = [
        _through,
        _sent_back,
        _waiting,
        _through,
        _stuck,
        _reading,
        _fresh,
    ]
    stories = [
        story
        for story in stage.story.partners
        if story.state == "active" and story.program in {"", program.slug}
    ]
    for number, story in enumerate(stories):
        play = points[number % len(points)]
        begun = now - (60 - number * 2) * DAY if play is _through else now - (16 - number) * DAY
        run = start_onboarding(
            partner_id=stage.partners[story.name].id,
            program_id=program.id,
            actor=admin,
            at=min(begun, now - DAY),
        )
        if run:
            play(stage, run, story.people[0], run.started_at)


def _steps(program_id: UUID, currency: str) -> list[StepDraft]:
    """Return the steps with the program's currency, and its course before the first referral where there is one."""
    course = (
        Course.objects.filter(state=CourseState.PUBLISHED)
        .filter(Q(program=None) | Q(program_id=program_id))
        .order_by("created_at")
        .first()
    )
    steps = [
        StepDraft(**{**draft.__dict__, "reward_currency": currency})
        if draft.reward_minor
        else draft
        for draft in STEPS
    ]
    if course:
        steps.insert(2, StepDraft(kind=StepKind.COURSE, course_id=course.id, due_days=14))
    return steps


# ---------------------------------------------------------------- how far partners are


def _through(stage: Stage, run: Run, person: Person, at: datetime) -> None:
    """Everything is done in time; what cannot be played is skipped by the manager."""
    _read(stage, run, person, at + DAY)
    _hand_in(stage, run, person, at + 2 * DAY)
    for done in _left(run, StepKind.UPLOAD):
        approve_step(done_id=done.id, actor=stage.manager, at=at + 3 * DAY)
    for done in _left(run):
        skip_step(done_id=done.id, actor=stage.manager, at=at + 9 * DAY, for_partner=True)


def _waiting(stage: Stage, run: Run, person: Person, at: datetime) -> None:
    _read(stage, run, person, at + DAY)
    _hand_in(stage, run, person, at + 3 * DAY)


def _sent_back(stage: Stage, run: Run, person: Person, at: datetime) -> None:
    _waiting(stage, run, person, at)
    for done in _left(run, StepKind.UPLOAD, StepState.WAITING):
        return_step(
            done_id=done.id,
            reply="The tax number cannot be read. Could you take the photo again in daylight?",
            actor=stage.manager,
            at=at + 4 * DAY,
        )


def _stuck(stage: Stage, run: Run, person: Person, at: datetime) -> None:
    _read(stage, run, person, at + DAY)
    nudge(run_id=run.id, actor=stage.manager, at=at + 2 * DAY)
    note_call(
        run_id=run.id,
        text="Wants to wait for the year-end closing, then starts.",
        actor=stage.manager,
        at=at + 3 * DAY,
    )


def _reading(stage: Stage, run: Run, person: Person, at: datetime) -> None:
    _read(stage, run, person, at + DAY)


def _fresh(stage: Stage, run: Run, person: Person, at: datetime) -> None:
    look_again(run_id=run.id, at=at)


def _read(stage: Stage, run: Run, person: Person, at: datetime) -> None:
    for done in _left(run, StepKind.READ):
        _quietly(confirm_read, done_id=done.id, actor=stage.actor(person), at=at)


def _hand_in(stage: Stage, run: Run, person: Person, at: datetime) -> None:
    for done in _left(run, StepKind.UPLOAD):
        _quietly(
            hand_in,
            done_id=done.id,
            file_id=_proof(run.partner_id, stage.actor(person), at).id,
            note="",
            actor=stage.actor(person),
            at=at,
        )


def _left(run: Run, kind: str = "", state: str = "") -> list[StepDone]:
    rows = StepDone.objects.filter(run=run).exclude(state__in=[StepState.DONE, StepState.SKIPPED])
    rows = rows.filter(step__kind=kind) if kind else rows
    rows = rows.filter(state=state) if state else rows
    return list(rows.order_by("step__position"))


def _quietly(service: Callable[..., object], **facts: object) -> None:
    """Leave out what an earlier step keeps closed."""
    try:
        service(**facts)
    except StepClosed:
        return


def _proof(partner_id: UUID, actor: Actor, at: datetime) -> Upload:
    file = BytesIO(PDF)
    file.name = "commercial-register.pdf"
    return keep_upload(
        file=file,
        purpose="onboarding.step",
        allowed=frozenset({"pdf"}),
        max_bytes=1_000_000,
        partner_id=partner_id,
        actor=actor,
        at=at,
    )
