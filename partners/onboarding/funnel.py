"""From page view to first referral: every number is counted from the rows that its own page lists."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from partners.agreements.models import Acceptance, AgreementVersion
from partners.applications.models import Application, ApplicationState, PageVisits
from partners.onboarding.models import Run, StepDone, StepState, Track
from partners.onboarding.panels import first_referral
from partners.onboarding.selectors import step_title, steps_of
from prm.tenancy.models import Tenant

PERIODS = {"30": 30, "90": 90, "365": 365}
DEFAULT_PERIOD = "90"
SOURCES_SHOWN = 30
DAY = 86400
SETTLED = [StepState.DONE, StepState.SKIPPED]


@dataclass(frozen=True)
class Asked:
    """What the reader asked for: days of the tenant up to today, one program or all, one source or all.

    days None: everything. source None: all; "": those without a source.
    """

    tenant: Tenant
    today: date
    days: int | None
    program_id: UUID | None = None
    source: str | None = None

    @property
    def first_day(self) -> date | None:
        """The first day that counts."""
        return self.today - timedelta(days=self.days - 1) if self.days else None

    @property
    def since(self) -> datetime | None:
        """The first moment that counts."""
        first = self.first_day
        return datetime.combine(first, time(), ZoneInfo(self.tenant.time_zone)) if first else None


def visits(asked: Asked) -> QuerySet[PageVisits]:
    """Return the days of page visits that count."""
    rows = PageVisits.objects.all()
    if asked.first_day:
        rows = rows.filter(day__gte=asked.first_day, day__lte=asked.today)
    if asked.program_id:
        rows = rows.filter(program_id=asked.program_id)
    return rows if asked.source is None else rows.filter(source=asked.source)


def applied(asked: Asked) -> QuerySet[Application]:
    """Return the applications submitted in the period, whatever became of them."""
    rows = Application.objects.filter(submitted_at__isnull=False)
    if asked.since:
        rows = rows.filter(submitted_at__gte=asked.since)
    if asked.program_id:
        rows = rows.filter(program_id=asked.program_id)
    return rows if asked.source is None else rows.filter(source=asked.source)


def _approved() -> Q:
    return Q(state=ApplicationState.APPROVED, partner__isnull=False)


def _signed() -> Q:
    signature = Acceptance.objects.filter(
        partner_id=OuterRef("partner_id"), program_id=OuterRef("program_id")
    )
    text = AgreementVersion.objects.filter(
        program_id=OuterRef("program_id"), published_at__isnull=False
    )
    return _approved() & (Q(Exists(signature)) | ~Q(Exists(text)))


def _finished() -> Q:
    through = Run.objects.filter(
        partner_id=OuterRef("partner_id"),
        program_id=OuterRef("program_id"),
        finished_at__isnull=False,
    )
    return _approved() & Q(Exists(through))


def _referred() -> Q:
    condition = first_referral(OuterRef("partner_id"), OuterRef("program_id"))
    return _approved() & Q(condition) if condition is not None else Q(pk__in=[])


@dataclass(frozen=True)
class Figure:
    """A number of the funnel and what it means; `where` is None for page visits."""

    label: Promise | str
    meaning: Promise | str
    where: Callable[[], Q] | None = None


FIGURES: dict[str, Figure] = {
    "views": Figure(_("Page views"), _("How often the program's public page was opened.")),
    "starts": Figure(_("Forms begun"), _("How often the application form was opened.")),
    "applied": Figure(_("Applied"), _("Applications submitted in the period."), Q),
    "approved": Figure(
        _("Approved"), _("Of the applications of the period, those that were approved."), _approved
    ),
    "signed": Figure(
        _("Signed"),
        _(
            "Of the approved ones, those whose partner has signed, or whose program asks nothing to sign."
        ),
        _signed,
    ),
    "finished": Figure(
        _("Onboarding finished"),
        _("Of the approved ones, those whose partner has finished its steps."),
        _finished,
    ),
    "referred": Figure(
        _("First referral"),
        _("Of the approved ones, those whose partner has submitted a referral in the program."),
        _referred,
    ),
}


@dataclass(frozen=True)
class FunnelStep:
    """One number of the funnel; share is of the applications (of the views before that), None when they are none."""

    name: str
    label: str
    meaning: str
    count: int
    share: float | None


def rows_of(figure: str, asked: Asked) -> QuerySet[Any]:
    """Return the rows that a figure counts: applications, or days of visits."""
    where = FIGURES[figure].where
    if where is None:
        column = "views" if figure == "views" else "starts"
        return visits(asked).filter(**{f"{column}__gt": 0})
    return applied(asked).filter(where())


def funnel(asked: Asked) -> list[FunnelStep]:
    """Return the funnel in order; two statements whatever the number of rows."""
    seen = visits(asked).aggregate(views=Sum("views"), starts=Sum("starts"))
    counts = applied(asked).aggregate(
        **{
            name: Count("id", filter=figure.where()) if name != "applied" else Count("id")
            for name, figure in FIGURES.items()
            if figure.where is not None
        }
    )
    counts |= {name: value or 0 for name, value in seen.items()}
    steps = []
    for name, figure in FIGURES.items():
        of = counts["views"] if figure.where is None or name == "applied" else counts["applied"]
        share = counts[name] / of if of else None
        steps.append(FunnelStep(name, str(figure.label), str(figure.meaning), counts[name], share))
    return steps


def sources_of(asked: Asked) -> list[str]:
    """Return the sources that applications name, by name, at most thirty."""
    found = Application.objects.filter(submitted_at__isnull=False).exclude(source="")
    if asked.program_id:
        found = found.filter(program_id=asked.program_id)
    return list(
        found.order_by("source").values_list("source", flat=True).distinct()[:SOURCES_SHOWN]
    )


# ---------------------------------------------------------------- the steps of a track


@dataclass(frozen=True)
class StepFigures:
    """How partners fare at one step. days: median from the start to done; None when nobody has done it."""

    step_id: int
    number: int
    title: str
    run_count: int
    done_count: int
    skipped_count: int
    waiting_count: int
    overdue_count: int
    # Runs not finished whose first unsettled step this is.
    standing_count: int
    days: float | None


# One pass over the steps of the runs of a period. Row-level security adds the tenant to every table.
_STEPS = """
with live as materialized (
  select d.step_id, d.run_id, d.state, d.due_at, s.position, r.finished_at is null as open,
    extract(epoch from d.done_at - r.started_at) as seconds
  from partners_run r
  join partners_step_done d on d.tenant_id = r.tenant_id and d.run_id = r.id
  join partners_step s on s.tenant_id = d.tenant_id and s.id = d.step_id and s.removed_at is null
  where r.track_id = %(track)s and r.left_at is null
    and (%(since)s::timestamptz is null or r.started_at >= %(since)s)
), standing as (
  select step_id, count(*) as standing from (
    select distinct on (run_id) run_id, step_id from live
    where open and state not in ('done', 'skipped') order by run_id, position, step_id
  ) first group by step_id
)
select live.step_id, count(*), count(*) filter (where state = 'done'),
  count(*) filter (where state = 'skipped'), count(*) filter (where state = 'waiting'),
  count(*) filter (where open and state in ('open', 'rework') and due_at <= %(now)s),
  coalesce(max(standing.standing), 0),
  percentile_cont(0.5) within group (order by seconds) filter (where state = 'done')
from live left join standing using (step_id) group by live.step_id
"""


def step_figures(
    track: Track, *, since: datetime | None, now: datetime, language: str
) -> list[StepFigures]:
    """Return the steps of a track in order, over the runs started since a moment; two statements."""
    with connection.cursor() as cursor:
        cursor.execute(_STEPS, {"track": track.id, "since": since, "now": now})
        found = {row[0]: row for row in cursor.fetchall()}
    none = (0, 0, 0, 0, 0, 0, 0, None)
    return [
        StepFigures(
            step.id,
            number,
            step_title(step, language),
            run_count=row[1],
            done_count=row[2],
            skipped_count=row[3],
            waiting_count=row[4],
            overdue_count=row[5],
            standing_count=row[6],
            days=float(row[7]) / DAY if row[7] is not None else None,
        )
        for number, step in enumerate(steps_of(track.id), 1)
        for row in [found.get(step.id, none)]
    ]


def runs_standing_at(runs: QuerySet[Run], step_id: int, position: int) -> QuerySet[Run]:
    """Narrow open runs to those whose first unsettled step is this one."""
    unsettled = StepDone.objects.filter(run_id=OuterRef("pk"), step__removed_at=None).exclude(
        state__in=SETTLED
    )
    earlier = unsettled.filter(
        Q(step__position__lt=position) | Q(step__position=position, step_id__lt=step_id)
    )
    return runs.filter(Exists(unsettled.filter(step_id=step_id))).exclude(Exists(earlier))
