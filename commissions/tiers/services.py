"""Keep tiers and their rules, move partners between them, warn before a move down."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q

from commissions.tiers.models import (
    Benefit,
    MoveReason,
    NoticeState,
    Tier,
    TierNotice,
    TierRules,
    TierStanding,
)
from commissions.tiers.rules import NOTHING, Numbers, Settings
from commissions.tiers.selectors import Proposed, proposed_moves, settings_of
from partners.programs.models import Program
from prm.events.services import Actor, emit

MOST_TIERS = 12


class TierNameTaken(ValueError):
    """The program has a tier of this name."""


class TooManyTiers(ValueError):
    """A program has so many tiers at most."""


class TierInUse(ValueError):
    """Partners stand or stood in it, or benefits come with it."""


class LowestAsksForSomething(ValueError):
    """The lowest tier is where everybody begins."""


@dataclass(frozen=True)
class TierTerms:
    """What a tier asks for: to reach it, and to stay in it."""

    entry: Numbers = NOTHING
    keep: Numbers = NOTHING


@dataclass(frozen=True)
class Moved:
    """How many partners a recalculation moved up or down, warned, and relieved of a warning."""

    up: int = 0
    down: int = 0
    warned: int = 0
    recovered: int = 0


@transaction.atomic
def add_tier(*, program_id: UUID, name: str, terms: TierTerms, actor: Actor, at: datetime) -> Tier:
    """Add a tier above those there are; partners reach it with the next recalculation.

    The first tier of a program is the one everybody is in; it asks for nothing.
    Raises TierNameTaken, TooManyTiers, LowestAsksForSomething. Emits program.tier_added.
    """
    Program.objects.select_for_update(no_key=True).only("id").get(id=program_id)
    tiers = list(Tier.objects.filter(program_id=program_id).order_by("position"))
    if any(tier.name.casefold() == name.strip().casefold() for tier in tiers):
        raise TierNameTaken(name)
    if len(tiers) >= MOST_TIERS:
        raise TooManyTiers(str(program_id))
    if not tiers and terms != TierTerms():
        raise LowestAsksForSomething(name)
    tier = Tier.objects.create(
        program_id=program_id,
        name=name.strip(),
        position=tiers[-1].position + 1 if tiers else 1,
        **_columns(terms),
    )
    _tell_program("program.tier_added", program_id, {"tier": ["", tier.name]}, actor, at)
    return tier


@transaction.atomic
def change_tier(*, tier_id: UUID, terms: TierTerms, actor: Actor, at: datetime) -> Tier:
    """Change what a tier asks for; nobody moves before the next recalculation. A repeat writes nothing.

    Raises LowestAsksForSomething. Emits program.tier_changed with before and after.
    """
    tier = Tier.objects.select_for_update(no_key=True).get(id=tier_id)
    if tier.position == 1 and terms != TierTerms():
        raise LowestAsksForSomething(tier.name)
    new = _columns(terms)
    changes = {
        name: [getattr(tier, name), value]
        for name, value in new.items()
        if getattr(tier, name) != value
    }
    if changes:
        for name, value in new.items():
            setattr(tier, name, value)
        tier.save(update_fields=list(new))
        changes["tier"] = [tier.name, tier.name]
        _tell_program("program.tier_changed", tier.program_id, changes, actor, at)
    return tier


@transaction.atomic
def remove_tier(*, tier_id: UUID, actor: Actor, at: datetime) -> None:
    """Remove the highest tier while nobody has ever stood in it; a repeat does nothing.

    Raises TierInUse. Emits program.tier_removed.
    """
    tier = Tier.objects.select_for_update(no_key=True).filter(id=tier_id).first()
    if tier is None:
        return
    above = Tier.objects.filter(program_id=tier.program_id, position__gt=tier.position)
    used = (
        TierStanding.objects.filter(tier_id=tier.id).exists()
        or TierNotice.objects.filter(from_tier_id=tier.id).exists()
        or Benefit.objects.filter(tier_id=tier.id).exists()
    )
    if used or above.exists():
        raise TierInUse(tier.name)
    _tell_program("program.tier_removed", tier.program_id, {"tier": [tier.name, ""]}, actor, at)
    tier.delete()


@transaction.atomic
def set_tier_rules(*, program_id: UUID, settings: Settings, actor: Actor, at: datetime) -> Settings:
    """Keep how a program counts; warnings that were given keep their day. A repeat writes nothing.

    Emits program.tier_rules_set with before and after.
    """
    Program.objects.select_for_update(no_key=True).only("id").get(id=program_id)
    old, new = asdict(settings_of(program_id)), asdict(settings)
    TierRules.objects.update_or_create(program_id=program_id, defaults=new)
    if old != new:
        changes = {name: [old[name], new[name]] for name in new if old[name] != new[name]}
        _tell_program("program.tier_rules_set", program_id, changes, actor, at)
    return settings


@transaction.atomic
def keep_benefit(
    *,
    tier_id: UUID,
    title: str,
    description: str,
    starts_on: date,
    ends_on: date | None,
    actor: Actor,
    at: datetime,
    benefit_id: UUID | None = None,
) -> Benefit:
    """Add what comes with a tier and those above it from a day to a last day, or change it.

    A repeat writes nothing new to an existing one. Emits program.benefit_set.
    """
    tier = Tier.objects.get(id=tier_id)
    values = {
        "program_id": tier.program_id,
        "tier_id": tier.id,
        "title": title.strip(),
        "description": description.strip(),
        "starts_on": starts_on,
        "ends_on": ends_on,
    }
    if benefit_id is None:
        benefit, changed = Benefit.objects.create(**values), True
    else:
        benefit = Benefit.objects.select_for_update(no_key=True).get(id=benefit_id)
        changed = any(getattr(benefit, name) != value for name, value in values.items())
        for name, value in values.items():
            setattr(benefit, name, value)
        benefit.save(update_fields=list(values))
    if changed:
        changes = {
            "benefit": ["", benefit.title],
            "starts_on": ["", starts_on.isoformat()],
            "ends_on": ["", ends_on.isoformat() if ends_on else ""],
        }
        _tell_program("program.benefit_set", tier.program_id, changes, actor, at)
    return benefit


# ---------------------------------------------------------------- moving partners


@transaction.atomic
def recalculate(
    *, program_id: UUID, partner_ids: Sequence[UUID], on: date, actor: Actor, at: datetime
) -> Moved:
    """Move the partners as the program's rules say on a day of the tenant's zone, and warn those that will move down.

    A repeat on the same day moves nobody. Emits tier.reached, tier.lost, tier.notice_given, tier.notice_withdrawn, one
    per partner that it concerns.
    """
    with connection.cursor() as cursor:
        # One recalculation of a program at a time: a second would move from where the first has left.
        cursor.execute(_LOCK, [str(program_id)])
    counts = dict.fromkeys(("up", "down", "warned", "recovered"), 0)
    for proposed in proposed_moves(program_id, partner_ids, on):
        if proposed.move.kind in counts:
            counts[proposed.move.kind] += 1
            _carry_out(program_id, proposed, on, actor, at)
    return Moved(**counts)


def _carry_out(program_id: UUID, proposed: Proposed, on: date, actor: Actor, at: datetime) -> None:
    kind = proposed.move.kind
    if proposed.move.on and kind == "warned":
        TierNotice.objects.create(
            partner_id=proposed.partner_id,
            program_id=program_id,
            from_tier_id=proposed.here.id,
            told_on=on,
            effective_on=proposed.move.on,
        )
        _tell_partner("tier.notice_given", program_id, proposed, actor, at)
        return
    state = NoticeState.DONE if kind == "down" else NoticeState.WITHDRAWN
    TierNotice.objects.filter(
        partner_id=proposed.partner_id, program_id=program_id, state=NoticeState.OPEN
    ).update(state=state)
    if kind == "recovered":
        _tell_partner("tier.notice_withdrawn", program_id, proposed, actor, at)
        return
    move_partner(
        partner_id=proposed.partner_id,
        program_id=program_id,
        tier_id=proposed.there.id,
        on=on,
        reason=MoveReason.REACHED if kind == "up" else MoveReason.LOST,
        numbers=proposed.numbers,
        actor=actor,
    )
    name = "tier.reached" if kind == "up" else "tier.lost"
    _tell_partner(name, program_id, proposed, actor, at)


@transaction.atomic
def drop_warnings(*, partner_id: UUID, actor: Actor, at: datetime) -> int:
    """Withdraw the warnings of a partner that is paused or ended, and return how many; a repeat withdraws none.

    Meanwhile it cannot earn its tier. When it is back it is judged anew, and warned with all the days of notice. The
    partner is told nothing. Emits tier.notice_withdrawn for the audit trail, one per warning.
    """
    open_ones = TierNotice.objects.filter(partner_id=partner_id, state=NoticeState.OPEN)
    notices = list(
        open_ones.select_for_update(no_key=True, of=("self",))
        .select_related("from_tier")
        .order_by("id")
    )
    for notice in notices:
        emit(
            "tier.notice_withdrawn",
            subject=f"partner:{partner_id}",
            actor=actor,
            partner_id=partner_id,
            payload={"partner_id": str(partner_id), "program_id": str(notice.program_id)},
            changes={"tier": [notice.from_tier.name, notice.from_tier.name]},
            at=at,
            queue=False,
        )
    open_ones.update(state=NoticeState.WITHDRAWN)
    return len(notices)


def move_partner(
    *,
    partner_id: UUID,
    program_id: UUID,
    tier_id: UUID,
    on: date,
    reason: str,
    numbers: Numbers,
    actor: Actor,
) -> TierStanding:
    """Let a partner stand in a tier from a day on; what came before ends with that day. Tells nobody."""
    standing = TierStanding.objects.filter(
        Q(ends_on=None) | Q(ends_on__gt=on), partner_id=partner_id, program_id=program_id
    )
    standing.filter(starts_on__gte=on).delete()
    standing.update(ends_on=on)
    return TierStanding.objects.create(
        partner_id=partner_id,
        program_id=program_id,
        tier_id=tier_id,
        starts_on=on,
        reason=reason,
        numbers=numbers.as_json(),
        moved_by_id=actor.user_id,
    )


def _columns(terms: TierTerms) -> dict[str, int]:
    return {
        f"{side}_{name}": value
        for side, numbers in (("entry", terms.entry), ("keep", terms.keep))
        for name, value in asdict(numbers).items()
    }


def _tell_program(
    name: str, program_id: UUID, changes: Mapping[str, Sequence[object]], actor: Actor, at: datetime
) -> None:
    emit(
        name,
        subject=f"program:{program_id}",
        actor=actor,
        payload={"program_id": str(program_id)},
        changes={key: list(pair) for key, pair in changes.items()},
        at=at,
    )


def _tell_partner(
    name: str, program_id: UUID, proposed: Proposed, actor: Actor, at: datetime
) -> None:
    emit(
        name,
        subject=f"partner:{proposed.partner_id}",
        actor=actor,
        partner_id=proposed.partner_id,
        payload={
            "partner_id": str(proposed.partner_id),
            "program_id": str(program_id),
            "on": proposed.move.on.isoformat() if proposed.move.on else "",
            "to": proposed.there.name,
        },
        changes={"tier": [proposed.here.name, proposed.there.name]},
        at=at,
    )


_LOCK = "select pg_advisory_xact_lock(hashtextextended('tiers:' || %s, 0))"
