"""Who stands still in onboarding, since when, and why, in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Max, QuerySet
from django.utils.translation import get_language, gettext

from partners.onboarding import rules
from partners.onboarding.models import Run, StepDone, StepState
from partners.onboarding.selectors import (
    SETTLED,
    closed_steps,
    is_overdue,
    step_title,
    tenant_zone,
    unsigned,
)
from prm.accounts.models import Membership
from prm.tenancy.scope import current_scope
from prm.web.formats import day_text

AWAY_DAYS = 14


@dataclass(frozen=True)
class StuckRow:
    """One partner on its way: why it stands still (most telling first), its next step, whether a nudge is due."""

    run: Run
    reasons: list[str]
    # What the vendor has to do itself: an approval.
    is_ours: bool
    next_title: str
    next_step_id: int | None
    settled_count: int
    total: int
    may_nudge: bool


def open_runs() -> QuerySet[Run]:
    """Return the runs that are neither finished nor left."""
    return Run.objects.filter(finished_at=None, left_at=None)


def stuck_runs(*, days: int, at: datetime) -> QuerySet[Run]:
    """Return open runs in which nothing has moved for so many days."""
    return open_runs().filter(moved_at__lte=at - timedelta(days=days))


def stuck_rows(runs: Sequence[Run], *, at: datetime) -> list[StuckRow]:
    """Return a page of runs with their reasons; five statements whatever their number.

    The runs are loaded with partner, program and track.
    """
    dones = _dones([run.id for run in runs])
    lacking = unsigned({run.partner_id for run in runs}, {run.program_id for run in runs}, at)
    seen = _seen({run.partner_id for run in runs})
    zone, language = tenant_zone(), get_language() or "en"
    rows = []
    for run in runs:
        mine = dones.get(run.id, [])
        closed = closed_steps(mine)
        waiting = [row for row in mine if row.state == StepState.WAITING]
        following = next(
            (
                row
                for row in mine
                if row.state in {StepState.OPEN, StepState.REWORK} and row.step_id not in closed
            ),
            None,
        )
        late = [row for row in mine if row.step_id not in closed and is_overdue(row, at)]
        reasons = []
        if waiting:
            reasons.append(
                gettext("Waits for our approval of “%(step)s” since %(day)s")
                % {
                    "step": step_title(waiting[0].step, language),
                    "day": day_text(waiting[0].changed_at, "medium"),
                }
            )
        reasons += _people_reasons(run.partner_id, seen, at)
        if (run.partner_id, run.program_id) in lacking:
            reasons.append(gettext("The agreement is not signed"))
        if late and late[0].due_at:
            reasons.append(
                gettext("“%(step)s” is overdue since %(day)s")
                % {
                    "step": step_title(late[0].step, language),
                    "day": day_text(rules.last_day(late[0].due_at, zone), "medium"),
                }
            )
        if not reasons and following:
            reasons.append(
                gettext("Has not done “%(step)s”") % {"step": step_title(following.step, language)}
            )
        rows.append(
            StuckRow(
                run=run,
                reasons=reasons,
                is_ours=bool(waiting),
                next_title=step_title(following.step, language) if following else "",
                next_step_id=following.step_id if following else None,
                settled_count=sum(row.state in SETTLED for row in mine),
                total=len(mine),
                may_nudge=following is not None and may_nudge(run, at),
            )
        )
    return rows


def may_nudge(run: Run, at: datetime) -> bool:
    """Tell whether the last reminder is long enough ago."""
    return run.nudged_at is None or at - run.nudged_at >= timedelta(days=rules.NUDGE_DAYS)


def _dones(run_ids: list[UUID]) -> dict[UUID, list[StepDone]]:
    found: dict[UUID, list[StepDone]] = {}
    rows = (
        StepDone.objects.filter(run_id__in=run_ids, step__removed_at=None)
        .select_related("step", "step__course")
        .order_by("step__position", "step_id")
    )
    for row in rows:
        found.setdefault(row.run_id, []).append(row)
    return found


def _seen(partner_ids: set[UUID]) -> dict[UUID, datetime | None]:
    """Return partner -> when one of its people was last here, None for never; partners without people are left out."""
    return dict(
        Membership.objects.filter(
            tenant_id=current_scope().tenant_id, partner_id__in=partner_ids, ended_at=None
        )
        .values_list("partner_id")
        .annotate(last=Max("last_seen_at"))
    )


def _people_reasons(partner_id: UUID, seen: dict[UUID, datetime | None], at: datetime) -> list[str]:
    if partner_id not in seen:
        return [gettext("Nobody has joined yet")]
    last = seen[partner_id]
    if last is None:
        return [gettext("Nobody has signed in yet")]
    if at - last > timedelta(days=AWAY_DAYS):
        return [gettext("Nobody has signed in since %(day)s") % {"day": day_text(last, "medium")}]
    return []
