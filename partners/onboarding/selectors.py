"""Reads about tracks, runs and what was earned."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Count, F, Q, QuerySet
from django.urls import NoReverseMatch, reverse
from django.utils.translation import get_language, gettext

from partners.agreements.models import Acceptance, AgreementVersion
from partners.onboarding import rules
from partners.onboarding.models import (
    Entitlement,
    Fact,
    Run,
    Step,
    StepDone,
    StepKind,
    StepState,
    Track,
    Unlock,
)
from partners.onboarding.words import FACT_PAGES, FEATURES, STEP_ICONS, TO_DO, reward_words
from partners.programs.texts import said
from prm.tenancy.models import Tenant
from prm.tenancy.scope import current_scope
from prm.web.formats import day_text, number_text
from prm.web.parts import Task

SETTLED = frozenset({StepState.DONE, StepState.SKIPPED})


@dataclass(frozen=True)
class StepLine:
    """One step of a run as a page shows it, in one language."""

    done: StepDone
    step: Step
    number: int
    title: str
    icon: str
    # The title of the earlier step that keeps this one closed; empty when it is open.
    closed_by: str
    is_overdue: bool
    # Last day in the tenant's zone; None without a deadline.
    due_on: date | None
    # What doing it pays and which features it opens, in words.
    milestone: str
    reward: str
    opens: list[str]
    # Where it is done: the page of a fact or course, else the step's own page.
    url: str

    @property
    def is_settled(self) -> bool:
        """Whether nothing is left to do."""
        return self.done.state in SETTLED

    @property
    def is_waiting(self) -> bool:
        """Whether the vendor looks at it."""
        return self.done.state == StepState.WAITING

    @property
    def is_next(self) -> bool:
        """Whether the partner can do it now."""
        return not self.is_settled and not self.is_waiting and not self.closed_by


@dataclass(frozen=True)
class RunView:
    """A partner on a track, with all steps that count."""

    run: Run
    title: str
    lines: list[StepLine]
    # Last day on which finishing earns the first lead; None without such a promise.
    finish_on: date | None

    @property
    def total(self) -> int:
        """How many steps there are."""
        return len(self.lines)

    @property
    def settled_count(self) -> int:
        """How many are done or skipped."""
        return sum(line.is_settled for line in self.lines)

    @property
    def next(self) -> StepLine | None:
        """The first step the partner can do now."""
        return next((line for line in self.lines if line.is_next), None)

    @property
    def waiting(self) -> list[StepLine]:
        """The steps that the vendor looks at."""
        return [line for line in self.lines if line.is_waiting]


def holds_back(step: Step) -> bool:
    """Tell whether later steps stay closed until this one is settled; what needs an approval always does so."""
    return step.blocks_next or step.needs_approval or step.kind == StepKind.APPROVAL


def steps_of(track_id: UUID) -> list[Step]:
    """Return a track's live steps in order."""
    return list(
        Step.objects.filter(track_id=track_id, removed_at=None)
        .select_related("course")
        .order_by("position", "id")
    )


def dones_of(run_id: UUID) -> list[StepDone]:
    """Return the steps of a run that still count, in order."""
    return list(
        StepDone.objects.filter(run_id=run_id, step__removed_at=None)
        .select_related("step", "step__course", "file", "done_by")
        .order_by("step__position", "step_id")
    )


def closed_steps(dones: Sequence[StepDone]) -> dict[int, int]:
    """Return step id -> id of the step that keeps it closed."""
    return rules.closed_by(
        [rules.Way(row.step_id, holds_back(row.step), row.state in SETTLED) for row in dones]
    )


def run_view(run: Run, *, at: datetime) -> RunView:
    """Return a run with its steps in the active language; four statements. The run's track is loaded with it."""
    language = get_language() or "en"
    dones = dones_of(run.id)
    closed, zone = closed_steps(dones), tenant_zone()
    titles = {row.step_id: step_title(row.step, language) for row in dones}
    opened = _opened_by(run.program_id)
    lines = [
        StepLine(
            done=row,
            step=row.step,
            number=number,
            title=titles[row.step_id],
            icon=STEP_ICONS[StepKind(row.step.kind)],
            closed_by=titles[closed[row.step_id]] if row.step_id in closed else "",
            is_overdue=row.step_id not in closed and is_overdue(row, at),
            due_on=rules.last_day(row.due_at, zone) if row.due_at else None,
            milestone=said(row.step.milestone, language) if row.step.milestone else "",
            reward=reward_words(
                row.step.reward_kind,
                row.step.reward_minor,
                row.step.reward_currency,
                row.step.reward_text,
                language,
            ),
            opens=[str(FEATURES[feature]) for feature in opened.get(_condition_of(row.step), [])],
            url=step_url(row),
        )
        for number, row in enumerate(dones, 1)
    ]
    return RunView(
        run,
        said(run.track.name, language),
        lines,
        rules.last_day(run.finish_by, zone) if run.finish_by else None,
    )


def step_title(step: Step, language: str) -> str:
    """Return what a step is called; one without a title of its own by its fact or course."""
    if step.title:
        return said(step.title, language)
    if step.kind == StepKind.COURSE and step.course:
        return gettext("Pass the course “%(course)s”") % {
            "course": said(step.course.title, language)
        }
    if step.fact:
        return str(TO_DO[Fact(step.fact)])
    return str(StepKind(step.kind).label)


def is_overdue(done: StepDone, at: datetime) -> bool:
    """Tell whether a step that the partner has to do is past its deadline; what we look at is not late."""
    return (
        done.due_at is not None
        and done.due_at <= at
        and done.state in {StepState.OPEN, StepState.REWORK}
    )


def step_url(done: StepDone) -> str:
    """Return where a partner does a step: the page of the fact, else the step's own; empty outside a tenant's pages."""
    if done.step.kind == StepKind.FACT and (url := fact_url(done.step.fact)):
        return url
    return page_url("partners:onboarding-step", done_id=done.id)


def fact_url(fact: str) -> str:
    """Return the page on which a fact is made true, empty when there is none."""
    return page_url(FACT_PAGES[Fact(fact)])


def page_url(name: str, **kwargs: Any) -> str:
    """Return the address of a page of another room, empty while it has none."""
    try:
        return reverse(name, kwargs=kwargs or None)
    except NoReverseMatch:
        return ""


def _condition_of(step: Step) -> str:
    if step.kind == StepKind.FACT:
        return "agreement" if step.fact == Fact.AGREEMENT else f"fact:{step.fact}"
    return f"course:{step.course_id}" if step.kind == StepKind.COURSE else ""


def _opened_by(program_id: UUID) -> dict[str, list[str]]:
    """Return condition -> features it helps to open in the program."""
    found: dict[str, list[str]] = {}
    for unlock in Unlock.objects.filter(program_id=program_id):
        for condition in unlock.conditions:
            key = rules.condition_key(condition)
            key = "agreement" if key == "fact:agreement" else key
            found.setdefault(key, []).append(unlock.feature)
    return found


def runs_of(partner_id: UUID) -> list[Run]:
    """Return a partner's runs that it has not left, unfinished ones first, newest first."""
    return list(
        Run.objects.filter(partner_id=partner_id, left_at=None)
        .select_related("track", "program")
        .order_by(F("finished_at").asc(nulls_first=True), "-started_at", "-id")
    )


def onboarding_tasks(partner_id: UUID, *, at: datetime) -> list[Task]:
    """Return the next step of each track a partner is on, as tasks of its home; one statement without a track."""
    open_now = Run.objects.filter(
        partner_id=partner_id, left_at=None, finished_at=None
    ).select_related("track", "program")
    return [task for run in open_now.order_by("-started_at") if (task := _task(run, at))]


def _task(run: Run, at: datetime) -> Task | None:
    view = run_view(run, at=at)
    line = view.next
    if line is None:
        return None
    parts = [
        gettext("Step %(number)s of %(total)s")
        % {"number": number_text(line.number), "total": number_text(view.total)}
    ]
    if line.done.state == StepState.REWORK:
        parts.append(gettext("has to be done again"))
    elif line.due_on:
        words = gettext("was due on %(day)s") if line.is_overdue else gettext("due on %(day)s")
        parts.append(words % {"day": day_text(line.due_on)})
    if line.opens:
        parts.append(gettext("opens: %(features)s") % {"features": ", ".join(line.opens)})
    if line.reward:
        parts.append(gettext("you earn: %(reward)s") % {"reward": line.reward})
    late = line.is_overdue or line.done.state == StepState.REWORK
    return Task(
        line.title,
        " · ".join(parts),
        page_url("partners:onboarding"),
        gettext("See your steps"),
        line.icon,
        "warn" if late else "",
    )


def track_for(*, program_id: UUID, partner_type: str, at: datetime) -> Track | None:
    """Return the track that a new partner of the type starts on: the one for its type, else the one for all."""
    found = Track.objects.filter(
        program_id=program_id, published_at__lte=at, archived_at=None
    ).filter(Q(partner_type=partner_type) | Q(partner_type=""))
    return min(found, key=lambda row: (row.partner_type == "", row.position, row.id), default=None)


def entitlements_of(partner_id: UUID) -> list[Entitlement]:
    """Return what a partner has earned beside commissions, newest first."""
    return list(Entitlement.objects.filter(partner_id=partner_id).order_by("-earned_at", "-id"))


def entitlement_words(row: Entitlement, language: str) -> str:
    """Say what an entitlement gives."""
    return reward_words(row.kind, row.amount_minor, row.currency, row.text, language)


def tenant_zone() -> ZoneInfo:
    """Return the open tenant's time zone."""
    return ZoneInfo(Tenant.objects.only("time_zone").get(id=current_scope().tenant_id).time_zone)


def unsigned(
    partner_ids: Collection[UUID], program_ids: Collection[UUID], at: datetime
) -> set[tuple[UUID, UUID]]:
    """Return (partner, program) where an agreement stands in the way: never signed, or a newer version binds by now.

    The set-based twin of partners.agreements.selectors.agreement_due(...).blocking; two statements.
    """
    versions = AgreementVersion.objects.filter(
        program_id__in=program_ids, published_at__lte=at
    ).values_list("program_id", "number", "binding_from")
    binding: dict[UUID, int] = {}
    for program_id, number, binding_from in versions:
        asked = number if binding_from is None or binding_from <= at else 0
        binding[program_id] = max(binding.get(program_id, 0), asked)
    if not binding:
        return set()
    signed: dict[tuple[UUID, UUID], int] = {}
    for partner_id, program_id, number in Acceptance.objects.filter(
        partner_id__in=partner_ids, program_id__in=binding
    ).values_list("partner_id", "program_id", "version__number"):
        key = (partner_id, program_id)
        signed[key] = max(signed.get(key, 0), number)
    return {
        (partner_id, program_id)
        for partner_id in partner_ids
        for program_id, number in binding.items()
        if signed.get((partner_id, program_id), -1) < number
    }


def waiting_steps() -> QuerySet[StepDone]:
    """Return what partners have handed in and somebody must look at."""
    return StepDone.objects.filter(state=StepState.WAITING, step__removed_at=None).select_related(
        "step", "run__partner", "run__track", "run__program", "file"
    )


@dataclass(frozen=True)
class TrackRow:
    """One track in the list of a program, with how many partners are on it and through it."""

    track: Track
    name: str
    step_count: int
    running_count: int
    finished_count: int


def track_rows(program_id: UUID, language: str) -> list[TrackRow]:
    """Return a program's tracks in order; three statements."""
    tracks = list(Track.objects.filter(program_id=program_id).order_by("position", "id"))
    ids = [track.id for track in tracks]
    steps = dict(
        Step.objects.filter(track_id__in=ids, removed_at=None)
        .values_list("track_id")
        .annotate(count=Count("id"))
    )
    runs = {
        row["track_id"]: row
        for row in Run.objects.filter(program_id=program_id, track_id__in=ids, left_at=None)
        .values("track_id")
        .annotate(
            running=Count("id", filter=Q(finished_at=None)),
            finished=Count("id", filter=Q(finished_at__isnull=False)),
        )
    }
    none = {"running": 0, "finished": 0}
    return [
        TrackRow(
            track,
            said(track.name, language),
            steps.get(track.id, 0),
            runs.get(track.id, none)["running"],
            runs.get(track.id, none)["finished"],
        )
        for track in tracks
    ]
