"""The pipeline in a program's publish checklist."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from partners.programs.checklist import Finding, checks
from partners.programs.models import Program
from partners.programs.templates import (
    BadPart,
    Reading,
    Writing,
    part,
    rows,
    table,
    whole,
    words,
)
from referrals.pipeline.answer_models import (
    AnswerRules,
    ApprovalRoute,
    Overdue,
)
from referrals.pipeline.approvals import routes_of
from referrals.pipeline.models import (
    Stage,
    StageKind,
    StageMove,
)
from referrals.pipeline.rules import DEFAULT_KINDS, REPEATABLE_KINDS, move_is_possible
from referrals.pipeline.selectors import loss_reasons_of
from referrals.stages.answering import (
    MOST_REASONS,
    MOST_ROUTES,
    add_route,
    set_answer_rules,
    set_loss_reasons,
)
from referrals.stages.services import MAX_STAGES


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


@part("stages", order=10, title=gettext_lazy("Stages"))
class StagesPart:
    """The pipeline: stages in their order, and the allowed moves as pairs of places in that list."""

    @staticmethod
    def read(reading: Reading) -> Any:
        """Return the live stages and their moves; None before anybody looked at them."""
        stages = list(
            Stage.objects.filter(program_id=reading.program.id, retired_at=None).order_by(
                "position", "id"
            )
        )
        if not stages:
            return None
        places = {stage.id: place for place, stage in enumerate(stages)}
        moves = StageMove.objects.filter(from_stage_id__in=places, to_stage_id__in=places)
        return {
            "stages": [{"kind": stage.kind, "name": stage.name} for stage in stages],
            "moves": sorted(
                [places[start], places[end]]
                for start, end in moves.values_list("from_stage_id", "to_stage_id")
            ),
        }

    @staticmethod
    def write(data: Any, writing: Writing) -> str:
        """Make the stages and moves that a program may have."""
        given = rows(table(data).get("stages"), MAX_STAGES)
        kinds = [str(row.get("kind")) for row in given]
        once = [kind for kind in DEFAULT_KINDS if kind not in REPEATABLE_KINDS]
        if (
            set(kinds) != set(DEFAULT_KINDS)
            or any(kinds.count(kind) > 1 for kind in once)
            or kinds[0] != StageKind.SUBMITTED
        ):
            raise BadPart(_("A pipeline needs every kind of stage, in its order"))
        made = Stage.objects.bulk_create(
            Stage(
                program_id=writing.program.id,
                kind=kind,
                name=words(row.get("name"), 60),
                position=10 * number,
            )
            for number, (kind, row) in enumerate(zip(kinds, given, strict=True), start=1)
        )
        pairs = {(int(start), int(end)) for start, end in table(data).get("moves") or []}
        for start, end in pairs:
            if start == end or not (0 <= start < len(made) and 0 <= end < len(made)):
                raise BadPart(_("A move leads to no stage"))
            if not move_is_possible(kinds[start], kinds[end]):
                raise BadPart(_("A move leads where no program may allow it"))
        StageMove.objects.bulk_create(
            StageMove(from_stage_id=made[start].id, to_stage_id=made[end].id)
            for start, end in sorted(pairs)
        )
        return ngettext("%(count)s stage", "%(count)s stages", len(made)) % {"count": len(made)}


@part("answers", order=15, title=gettext_lazy("Answers and approvals"))
class AnswersPart:
    """The clock of answers, the reasons for losing, and approvals; only a copy within the tenant names people."""

    @staticmethod
    def read(reading: Reading) -> Any:
        """Return the rules; people only where the copy stays in the tenant. None while all is as it comes."""
        program_id = reading.program.id
        rules = AnswerRules.objects.filter(program_id=program_id).first()
        reasons = [row.name for row in loss_reasons_of(program_id)]
        routes = [_route(row) for row in routes_of(program_id)] if reading.copying else []
        if rules is None and not reasons and not routes:
            return None
        rules = rules or AnswerRules()
        return {
            "overdue": rules.overdue,
            "approve_after_hours": rules.approve_after_hours,
            "stall_days": rules.stall_days,
            **({"escalate_to": rules.escalate_to_id} if reading.copying else {}),
            "reasons": reasons,
            "routes": routes,
        }

    @staticmethod
    def write(data: Any, writing: Writing) -> str:
        """Make the rules a program may have; approvals only in a copy within the tenant."""
        given = table(data)
        if given.get("overdue") not in Overdue.values:
            raise BadPart(_("Nobody knows what follows a late answer"))
        set_answer_rules(
            program_id=writing.program.id,
            overdue=str(given["overdue"]),
            escalate_to_id=given.get("escalate_to") if writing.copying else None,
            approve_after_hours=whole(given.get("approve_after_hours"), 1, 720),
            stall_days=whole(given.get("stall_days"), 0, 365),
            actor=writing.actor,
            at=writing.at,
        )
        names = [words(name, 80) for name in list(given.get("reasons") or [])[:MOST_REASONS]]
        set_loss_reasons(
            program_id=writing.program.id, names=names, actor=writing.actor, at=writing.at
        )
        routes = rows(given.get("routes") or [], MOST_ROUTES) if writing.copying else []
        for row in routes:
            add_route(
                program_id=writing.program.id, **dict(row), actor=writing.actor, at=writing.at
            )
        return ngettext("%(count)s approval", "%(count)s approvals", len(routes)) % {
            "count": len(routes)
        }


def _route(route: ApprovalRoute) -> dict[str, Any]:
    return {
        "name": route.name,
        "from_minor": route.from_minor,
        "countries": route.countries,
        "product": route.product,
        "role": route.role,
        "approvers": route.approvers,
    }
