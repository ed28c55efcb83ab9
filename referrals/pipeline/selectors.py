"""Reads about referrals, their stages and their histories."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from partners.directory.models import Partner
from partners.directory.rules import folded_name
from prm.accounts.capabilities import Role
from prm.accounts.models import Membership
from prm.tenancy.scope import current_scope
from prm.web.counts import bounded_counts
from referrals.pipeline.answer_models import LossReason
from referrals.pipeline.models import (
    Referral,
    ReferralNote,
    Stage,
    StageChange,
    StageKind,
    StageMove,
)
from referrals.pipeline.rules import FORWARD_PATH, normalised_company

# What else is known of a company counts unless it ended without a customer.
_ENDED = (StageKind.LOST, StageKind.REJECTED, StageKind.EXPIRED)
VIEWS: dict[str, tuple[str, ...]] = {
    "open": ("submitted", "accepted", "qualified", "opportunity"),
    "won": ("won",),
    "lost": ("lost", "expired"),
    "declined": ("rejected",),
}
OPTION_LIMIT = 100


# ---------------------------------------------------------------- stages


def stages_of(program_id: UUID, *, retired: bool = False) -> list[Stage]:
    """Return the program's stages in order, without the retired ones unless asked for."""
    stages = Stage.objects.filter(program_id=program_id)
    return list((stages if retired else stages.filter(retired_at=None)).order_by("position", "id"))


def stage_of_kind(program_id: UUID, kind: str) -> Stage | None:
    """Return the program's first live stage of a kind."""
    return (
        Stage.objects.filter(program_id=program_id, kind=kind, retired_at=None)
        .order_by("position", "id")
        .first()
    )


def moves_from(referral: Referral) -> list[Stage]:
    """Return the stages the referral may go to now, in order; a stage of the kind won means winning it."""
    allowed = StageMove.objects.filter(from_stage_id=referral.stage_id).values("to_stage_id")
    live = Stage.objects.filter(program_id=referral.program_id, retired_at=None, id__in=allowed)
    return list(live.order_by("position", "id"))


def allowed_moves(stages: Iterable[Stage]) -> set[tuple[int, int]]:
    """Return the moves from any of the stages as (from, to) ids."""
    moves = StageMove.objects.filter(from_stage_id__in=[stage.id for stage in stages])
    return set(moves.values_list("from_stage_id", "to_stage_id"))


def winning_stage(referral: Referral) -> Stage | None:
    """Return the stage in which winning this referral ends, None when it cannot be won from where it stands."""
    return next((stage for stage in moves_from(referral) if stage.kind == StageKind.WON), None)


def loss_reasons_of(program_id: UUID) -> list[LossReason]:
    """Return a program's live reasons for losing, in order."""
    live = LossReason.objects.filter(program_id=program_id, retired_at=None)
    return list(live.order_by("position", "id"))


# ---------------------------------------------------------------- lists


_SHOWN = (
    "number",
    "program_id",
    "partner__name",
    "submitted_by__name",
    "submitted_by__email",
    "submitted_by_name",
    "owner__name",
    "owner__email",
    "company",
    "contact_name",
    "contact_title",
    "stage__name",
    "stage__kind",
    "stage__position",
    "stage_kind",
    "stage_entered_at",
    "registered_at",
    "closed_at",
    "deal_minor",
    "currency",
    "next_step",
    "next_step_on",
)


def referral_rows(referrals: QuerySet[Referral]) -> QuerySet[Referral]:
    """Return the referrals with what a list shows: stage, people, and `path_step` of `path_total` stages to a win."""
    path = (
        Stage.objects.filter(
            program_id=OuterRef("program_id"), retired_at=None, kind__in=FORWARD_PATH
        )
        .order_by()
        .values("program_id")
        .annotate(steps=Count("id"))
        .values("steps")
    )
    # Asked for by key: through the join, choosing a page's rows would have to join the stages of the whole list.
    here = Stage.objects.filter(id=OuterRef(OuterRef("stage_id"))).values("position")
    walked = path.filter(position__lte=Subquery(here))
    return (
        referrals.select_related("stage", "submitted_by", "partner", "owner")
        .annotate(path_total=Coalesce(Subquery(path), 0), path_step=Coalesce(Subquery(walked), 0))
        # Half the columns, half the time of reading the rows.
        .only(*_SHOWN)
    )


def matching(
    referrals: QuerySet[Referral], words: str, *, partners: bool = False
) -> QuerySet[Referral]:
    """Return the referrals whose number is, or whose company (or partner, too) starts with, the words; all for none.

    Ranges instead of LIKE: behind row-level security only leak-proof operators use an index.
    """
    words = words.strip()
    if not words:
        return referrals
    company = normalised_company(words)
    wanted = Q(number=words.upper())
    if company:
        wanted |= Q(company_norm__gte=company, company_norm__lt=company + "\U0010ffff")
    if partners:
        # Found first: an "or" across two tables has no index.
        name = folded_name(words)
        named = Partner.objects.filter(name_norm__gte=name, name_norm__lt=name + "\U0010ffff")
        wanted |= Q(
            partner_id__in=list(
                named.order_by("name_norm").values_list("id", flat=True)[:OPTION_LIMIT]
            )
        )
    return referrals.filter(wanted)


@dataclass(frozen=True)
class Options:
    """What a manager's list can be narrowed to; ids as text with their names, in order of name."""

    programs: list[tuple[str, str]]
    partners: list[tuple[str, str]]
    owners: list[tuple[str, str]]


_OPTIONS = """
(select 'programs' as part, id::text, name from partners_program order by name limit %(limit)s)
union all
(select 'partners', id::text, name from partners_partner
  where id in (select id from partners_partner order by name, id limit %(limit)s) or id = %(partner)s order by name)
union all
(select 'owners', u.id::text, coalesce(nullif(u.name, ''), u.email)
  from prm_membership m join prm_user u on u.id = m.user_id
  where m.tenant_id = %(tenant)s and m.partner_id is null and m.ended_at is null and m.roles && %(roles)s
  order by 3 limit %(limit)s)
"""


def filter_options(*, partner_id: UUID | None = None) -> Options:
    """Return the choices of the manager's filters, 100 each at most, in one query, a chosen partner always."""
    found: dict[str, list[tuple[str, str]]] = {"programs": [], "partners": [], "owners": []}
    roles = [Role.CHANNEL_MANAGER.value, Role.PROGRAM_ADMIN.value]
    with connection.cursor() as cursor:
        cursor.execute(
            _OPTIONS,
            {
                "limit": OPTION_LIMIT,
                "partner": partner_id,
                "tenant": current_scope().tenant_id,
                "roles": roles,
            },
        )
        for part, identity, name in cursor.fetchall():
            found[part].append((identity, name))
    return Options(**found)


def owner_choices() -> list[tuple[str, str]]:
    """Return the vendor's people who look after referrals."""
    people = (
        Membership.objects.filter(
            tenant_id=current_scope().tenant_id,
            partner_id=None,
            ended_at=None,
            roles__overlap=[Role.CHANNEL_MANAGER, Role.PROGRAM_ADMIN],
        )
        .select_related("user")
        .order_by("user__name", "user_id")
    )
    return [(str(row.user_id), str(row.user)) for row in people]


# ---------------------------------------------------------------- one referral


@dataclass(frozen=True)
class PathStep:
    """One step of a referral's way. state: "done", "now", "todo" or "lost"; reached_at is aware, None when ahead."""

    label: str
    kind: str
    state: str
    reached_at: datetime | None


def path_of(referral: Referral, changes: Sequence[StageChange]) -> list[PathStep]:
    """Return the way a referral has gone and has to go: its program's stages to a win, or to where it ended.

    changes: the referral's, oldest first.
    """
    reached: dict[int, datetime] = {}
    for change in changes:
        reached[change.to_stage_id] = change.at
    ended_badly = referral.stage_kind in _ENDED
    ahead = [stage for stage in stages_of(referral.program_id) if stage.kind in FORWARD_PATH]
    if ended_badly:
        walked = [stage for stage in ahead if stage.id in reached]
        here = PathStep(
            referral.stage.label, referral.stage_kind, "lost", referral.stage_entered_at
        )
        return [
            PathStep(stage.label, stage.kind, "done", reached[stage.id]) for stage in walked
        ] + [here]
    place = next(
        (number for number, stage in enumerate(ahead) if stage.id == referral.stage_id), len(ahead)
    )
    steps = []
    for number, stage in enumerate(ahead):
        is_now = number == place and stage.kind != StageKind.WON
        state = "now" if is_now else "done" if number <= place else "todo"
        steps.append(
            PathStep(
                stage.label, stage.kind, state, reached.get(stage.id) if number <= place else None
            )
        )
    return steps


def changes_of(referral_id: UUID) -> list[StageChange]:
    """Return the referral's stage changes with stages and people, oldest first."""
    changes = StageChange.objects.filter(referral_id=referral_id)
    return list(changes.select_related("from_stage", "to_stage", "actor").order_by("at", "id"))


def notes_of(referral_id: UUID, *, internal: bool) -> list[ReferralNote]:
    """Return the referral's notes, newest first; internal ones only when asked for, which is for staff."""
    notes = ReferralNote.objects.filter(referral_id=referral_id)
    return list(
        (notes if internal else notes.filter(internal=False))
        .select_related("author")
        .order_by("-at", "-id")
    )


def staff_among(user_ids: Iterable[int | None]) -> set[int]:
    """Return which of the people work, or worked, for the vendor in the open tenant."""
    wanted = {identity for identity in user_ids if identity is not None}
    here = Membership.objects.filter(
        tenant_id=current_scope().tenant_id, partner_id=None, user_id__in=wanted
    )
    return set(here.values_list("user_id", flat=True))


def waiting_referrals() -> QuerySet[Referral]:
    """Return the referrals that are owed an answer, with program, partner and sender."""
    return Referral.objects.waiting().select_related("program", "partner", "submitted_by", "stage")


def history_waiting(*, import_id: UUID | None = None) -> QuerySet[Referral]:
    """Return imported history that nobody has answered, of one import or of all, with partner."""
    found = Referral.objects.unanswered_history().select_related("partner", "stage")
    return found.filter(import_id=import_id) if import_id else found


def stage_sizes(stages: Iterable[Stage]) -> dict[int, int]:
    """Return how many referrals stand in each of the stages, by id, counted up to 1,001."""
    sizes = bounded_counts(
        {
            str(stage.id): Referral.objects.filter(stage_kind=stage.kind, stage_id=stage.id)
            for stage in stages
        },
    )
    return {int(identity): size for identity, size in sizes.items()}
