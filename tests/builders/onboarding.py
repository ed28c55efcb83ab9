"""Builders of tracks, runs and entitlements; a scope must be open."""

from datetime import datetime
from io import BytesIO
from typing import Any
from uuid import UUID

from partners.onboarding.building import StepDraft, add_step, create_track, publish_track
from partners.onboarding.models import (
    Entitlement,
    Fact,
    RewardKind,
    Run,
    Step,
    StepDone,
    StepKind,
    Track,
)
from partners.onboarding.rewards import grant
from partners.onboarding.services import start_onboarding
from partners.programs.models import Program
from prm.events.services import SYSTEM
from prm.uploads.models import Upload
from prm.uploads.services import keep_upload
from tests.builders.objects import Cast, builds
from tests.builders.partners import LONG_AGO, the_program


def read_step(title: str = "Read the handbook", **more: Any) -> StepDraft:
    """Describe a step that is done by reading."""
    return StepDraft(kind=StepKind.READ, title={"en": title}, body={"en": "Some *text*"}, **more)


def upload_step(title: str = "Bring your certificate", **more: Any) -> StepDraft:
    """Describe a step that is done by handing in a file which somebody looks at."""
    return StepDraft(kind=StepKind.UPLOAD, title={"en": title}, **{"needs_approval": True, **more})


def approval_step(title: str = "First call", **more: Any) -> StepDraft:
    """Describe a step that the vendor confirms."""
    return StepDraft(kind=StepKind.APPROVAL, title={"en": title}, **more)


def fact_step(fact: Fact, **more: Any) -> StepDraft:
    """Describe a step that is done by itself."""
    return StepDraft(kind=StepKind.FACT, fact=fact, **more)


def a_track(
    program: Program,
    *steps: StepDraft,
    partner_type: str = "",
    finish_days: int | None = None,
    published_at: datetime | None = LONG_AGO,
    name: str = "First steps",
) -> Track:
    """Make a track with the steps given (one to read when none is), published unless published_at is None."""
    track = create_track(
        program_id=program.id,
        name={"en": name},
        partner_type=partner_type,
        finish_days=finish_days,
        actor=SYSTEM,
        at=LONG_AGO,
    )
    for draft in steps or (read_step(),):
        add_step(track_id=track.id, draft=draft, actor=SYSTEM, at=LONG_AGO)
    if published_at:
        publish_track(track_id=track.id, actor=SYSTEM, at=published_at)
    track.refresh_from_db()
    return track


def a_run(partner_id: UUID, program: Program, *, at: datetime) -> Run:
    """Start the partner on the track that fits; there must be one."""
    run = start_onboarding(partner_id=partner_id, program_id=program.id, actor=SYSTEM, at=at)
    assert run is not None
    return run


def steps_in(run: Run) -> list[StepDone]:
    """Return the steps of a run in order."""
    return list(StepDone.objects.filter(run=run).select_related("step").order_by("step__position"))


def _run_of(cast: Cast) -> Run:
    program = Program.objects.get(id=the_program(cast))
    run = Run.objects.filter(partner_id=cast.partner.id, program=program).first()
    if run is None:
        if not Track.objects.filter(program=program).exists():
            a_track(program, read_step(), upload_step())
        run = a_run(cast.partner.id, program, at=LONG_AGO)
    return run


@builds("onboarding_run")
def the_run(cast: Cast) -> object:
    """The cast's partner on a track of its program."""
    return _run_of(cast).id


@builds("onboarding_step")
def the_step_done(cast: Cast) -> object:
    """The first step of the partner's run, open."""
    return steps_in(_run_of(cast))[0].id


@builds("onboarding_file")
def the_step_with_file(cast: Cast) -> object:
    """The step of the run into which the partner has handed a file."""
    done = steps_in(_run_of(cast))[1]
    if done.file_id is None:
        done.file_id = a_file(cast.partner.id).id
        done.save(update_fields=["file"])
    return done.id


def a_file(partner_id: UUID) -> Upload:
    """Keep a small PDF for the partner."""
    file = BytesIO(b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n")
    file.name = "proof.pdf"
    return keep_upload(
        file=file,
        purpose="onboarding.step",
        allowed=frozenset({"pdf"}),
        max_bytes=10_000,
        partner_id=partner_id,
        actor=SYSTEM,
        at=LONG_AGO,
    )


@builds("track")
def the_track(cast: Cast) -> object:
    """A published track."""
    return _run_of(cast).track_id


@builds("track_step")
def the_step(cast: Cast) -> object:
    """The last step of the track."""
    return (
        Step.objects.filter(track_id=_run_of(cast).track_id, removed_at=None).latest("position").id
    )


@builds("entitlement")
def the_entitlement(cast: Cast) -> object:
    """Something the partner has earned."""
    row: Entitlement = grant(
        partner_id=cast.partner.id,
        program_id=Program.objects.get(id=the_program(cast)).id,
        key="built",
        kind=RewardKind.DISCOUNT,
        actor=SYSTEM,
        at=LONG_AGO,
    )
    return row.id
