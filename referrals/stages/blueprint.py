"""The pipeline in a program's publish checklist."""

from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from partners.programs.checklist import Finding, checks
from partners.programs.models import Program
from referrals.pipeline.models import Stage, StageKind, StageMove


@checks("stages", order=20, title=gettext_lazy("Stages"), page="referrals:stage-list")
def stages_check(program: Program, _at: datetime) -> Finding:
    """Referrals have a way from submitted to won."""
    stages = {
        row.id: row.kind for row in Stage.objects.filter(program_id=program.id, retired_at=None)
    }
    if not stages:
        return Finding(_("Look at the stages once: the usual ones are made for you"))
    ways: dict[int, set[int]] = {}
    for start, end in StageMove.objects.filter(from_stage_id__in=stages).values_list(
        "from_stage_id", "to_stage_id"
    ):
        ways.setdefault(start, set()).add(end)
    if not _leads_to_a_win(stages, ways):
        return Finding(_("Allow moves that lead from submitted to won"))
    return Finding(
        note=ngettext("%(count)s stage", "%(count)s stages", len(stages)) % {"count": len(stages)}
    )


def _leads_to_a_win(stages: dict[int, str], ways: dict[int, set[int]]) -> bool:
    reached = {key for key, kind in stages.items() if kind == StageKind.SUBMITTED}
    fresh = set(reached)
    while fresh:
        fresh = {end for start in fresh for end in ways.get(start, ())} - reached
        reached |= fresh
    return any(stages.get(key) == StageKind.WON for key in reached)
