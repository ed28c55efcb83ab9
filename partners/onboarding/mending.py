"""Which open runs have a step whose fact is true, or nothing left to do; a few statements a chunk of runs."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef

from partners.onboarding.models import Run, StepDone, StepKind
from partners.onboarding.panels import holders_of
from partners.onboarding.selectors import SETTLED
from partners.training.models import Taking


def open_run_ids(*, after: UUID | None, size: int) -> list[UUID]:
    """Return the ids of open runs in their order, from the one after `after` on."""
    runs = Run.objects.filter(finished_at=None, left_at=None).order_by("id")
    runs = runs.filter(id__gt=after) if after else runs
    return list(runs.values_list("id", flat=True)[:size])


def runs_to_mend(run_ids: Sequence[UUID]) -> list[UUID]:
    """Return those of the runs in which something is true that no step says yet, in their order."""
    unsettled = StepDone.objects.filter(step__removed_at=None).exclude(state__in=SETTLED)
    waiting = list(
        unsettled.filter(
            run_id__in=run_ids, step__kind__in=[StepKind.FACT, StepKind.COURSE]
        ).values("run_id", "partner_id", "run__program_id", "step__fact", "step__course_id")
    )
    ready = set(
        Run.objects.filter(id__in=run_ids)
        .exclude(Exists(unsettled.filter(run_id=OuterRef("pk"))))
        .filter(Exists(StepDone.objects.filter(run_id=OuterRef("pk"), step__removed_at=None)))
        .values_list("id", flat=True)
    )
    found = ready | _with_facts(waiting) | _with_courses(waiting)
    return [run_id for run_id in run_ids if run_id in found]


def _with_facts(waiting: Sequence[Mapping[str, Any]]) -> set[UUID]:
    groups: dict[tuple[str, UUID], dict[UUID, set[UUID]]] = defaultdict(dict)
    for row in waiting:
        if row["step__fact"]:
            runs = groups[row["step__fact"], row["run__program_id"]]
            runs.setdefault(row["partner_id"], set()).add(row["run_id"])
    return {
        run_id
        for (fact, program_id), runs in groups.items()
        for partner_id in holders_of(fact, list(runs), program_id)
        for run_id in runs[partner_id]
    }


def _with_courses(waiting: Sequence[Mapping[str, Any]]) -> set[UUID]:
    asked = {
        (row["partner_id"], row["step__course_id"]): row["run_id"]
        for row in waiting
        if row["step__course_id"]
    }
    passed = (
        Taking.objects.filter(
            partner_id__in={partner for partner, _ in asked},
            course_id__in={course for _, course in asked},
            passed_at__isnull=False,
        ).values_list("partner_id", "course_id")
        if asked
        else ()
    )
    return {asked[key] for key in passed if key in asked}
