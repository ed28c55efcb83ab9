"""Computes what a partner's history earns and books the difference to what the books say.

The books then owe the same whatever order the events arrived in: what is missing is booked, what changed is taken back
and booked anew under the next generation, what is due no more is taken back.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext

from commissions.accruals import points
from commissions.accruals.booking import Line, RewardKey, book_lines
from commissions.accruals.budgets import admitted
from commissions.accruals.histories import ORDER, History, Place, events_of, place_of
from commissions.accruals.in_kind import keep_in_kind
from commissions.accruals.models import Accrual
from commissions.accruals.pinning import never_priced, pinned
from commissions.accruals.points import Start
from commissions.accruals.repricing import lines_under, shared_out
from commissions.accruals.reversing import claw_back_rest, refunds_taken, take_back
from commissions.accruals.sources import Source
from commissions.overrides.rules import version_priced
from commissions.overrides.selectors import overrides_of
from commissions.plans.rules import Standing, Version
from commissions.plans.selectors import published_terms
from prm.events.services import Actor


@dataclass(frozen=True)
class _Wanted:
    """All lines of one reward as they should be, and whether it may still change once it is booked."""

    lines: tuple[Line, ...]
    version: Version


def restate(
    history: History,
    *,
    actor: Actor,
    at: datetime,
    tell: bool,
    taking: Collection[RewardKey] = frozenset(),
    anew: bool = False,
) -> list[int]:
    """Bring the books to what the history earns; return the ids of new lines. The history is locked by the caller.

    Only what lies after the newest point of the history that nothing reaches behind is looked at (points).
    taking: rewards whose turn in the queue of the budget has come. anew: what is known of the named referrals changed,
    so that their events are priced again. Plain rewards are only ever added, as everywhere.
    A repeat books nothing. Emits commission.earned and commission.reversed per line, and what budgets emit.
    """
    again = _Again(anew, frozenset((kind, id_) for kind, id_, _, _ in taking))
    wanted, referral_ids, after = _wanted(history, again, at)
    live = _live(referral_ids, after)
    gone = [
        row
        for key, rows in live.items()
        for row in rows
        if (key in wanted and _changed(rows, wanted[key])) or (key not in wanted and _may_go(row))
    ]
    changed = {_key(row) for row in gone}
    new = [
        line
        for key, reward in wanted.items()
        if key not in live or key in changed
        for line in reward.lines
    ]
    corrections = _replace(gone, actor=actor, at=at, tell=tell)
    lines = _numbered(new, referral_ids)
    versions = {
        reward.lines[0].draft.trace.version_id: reward.version for reward in wanted.values()
    }
    lines = admitted(
        history.program_id,
        referral_ids,
        lines,
        after=after,
        versions=versions,
        wanted=wanted.keys(),
        again={_key(row): row.budget_on for row in gone},
        taking=taking,
        actor=actor,
        at=at,
    )
    booked = book_lines(lines, actor=actor, at=at, tell=tell)
    _correct_again(corrections, booked, actor=actor, at=at)
    return booked


# ---------------------------------------------------------------- what should be


@dataclass(frozen=True)
class _Again:
    """What is priced again although it was priced before: all that is named, or some events by kind and id."""

    all: bool
    events: frozenset[tuple[str, UUID]]

    def reaches(self, before: Sequence[Source]) -> bool:
        """Tell whether any of the named referrals' events before a point is to be priced, again or at last."""
        if self.all and before:
            return True
        return any((row.kind, row.id) in self.events for row in before) or bool(
            before and never_priced(before)
        )


def _wanted(
    history: History, again: _Again, at: datetime
) -> tuple[dict[RewardKey, _Wanted], set[UUID], Place | None]:
    """Return what the history earns after a place, the referrals looked at, and the place (None for all of it)."""
    terms = published_terms([history.program_id]).get(history.program_id, [])
    overrides = overrides_of([history.program_id]).get((history.program_id, history.partner_id), [])
    known = points.terms_known(terms, overrides)
    digest = ""
    if any(version.reads_history for version in known):
        digest = points.digest_of(terms, overrides)
        start, sources = _begun(history, again, digest, known)
    else:
        start, sources = Start(None, 0, Standing(known)), events_of(history)
    versions = {
        source.referral_id: version
        for source in sources
        if (version := version_priced(terms, overrides, source.registered_at))
    }
    sources = pinned(history, sources, versions, at=at)
    stops = points.places_to_keep(start, sources, at) if digest else []
    lines: list[Line] = []
    done, begun = 0, start.events
    for stop in stops:
        lines += lines_under(sources[done:stop], versions, start.standing)
        done, start.events = stop, begun + stop
        points.keep_point(history, start, sources[stop - 1], digest)
    if stops:
        points.thin_out(history)
    lines += lines_under(sources[done:], versions, start.standing)
    keep_in_kind(lines, sources, program_id=history.program_id, at=at)
    found: dict[RewardKey, list[Line]] = defaultdict(list)
    for line in shared_out(lines):
        found[line.reward].append(line)
    wanted = {
        key: _Wanted(tuple(rows), versions[rows[0].source.referral_id])
        for key, rows in found.items()
    }
    return wanted, {source.referral_id for source in sources}, start.place


def _begun(
    history: History, again: _Again, digest: str, known: Sequence[Version]
) -> tuple[Start, list[Source]]:
    """Return where pricing goes on, and the events after it; points that something reaches behind are thrown away."""
    kept = points.points_of(history, digest)
    for number, point in enumerate(kept):
        place = points.place_after(point)
        if not points.still_holds(point):
            continue
        sources = events_of(history, besides=points.following(history, place))
        named = (row for row in sources if row.referral_id in history.referral_ids)
        if again.reaches([row for row in named if place_of(row) <= place]):
            continue
        if number:
            points.forget_after(history, place)
        standing = Standing(known)
        standing.resume(point.standing)
        return Start(place, point.events, standing), [
            row for row in sources if place_of(row) > place
        ]
    if kept:
        points.forget_after(history, None)
    return Start(None, 0, Standing(known)), events_of(history, whole=True)


# ---------------------------------------------------------------- what is


def _live(referral_ids: Iterable[UUID], after: Place | None) -> dict[RewardKey, list[Accrual]]:
    rows = Accrual.objects.select_for_update(no_key=True).filter(
        referral_id__in=list(referral_ids), replaced_at=None
    )
    if after is not None:
        rows = rows.filter(earned_at__gte=after[0])
    found: dict[RewardKey, list[Accrual]] = defaultdict(list)
    for row in rows.order_by("id"):
        if after is None or (row.earned_at, ORDER[row.source_kind], str(row.source_id)) > after:
            found[_key(row)].append(row)
    return found


def _key(row: Accrual) -> RewardKey:
    return row.source_kind, row.source_id, row.rule_id, row.split_no


def _changed(rows: Sequence[Accrual], wanted: _Wanted) -> bool:
    if wanted.version.is_plain:
        return False
    return sorted((row.place, row.amount_minor) for row in rows) != sorted(
        (line.place, line.draft.amount.minor) for line in wanted.lines
    )


def _may_go(row: Accrual) -> bool:
    """Tell whether a reward that nothing earns any more is taken back: refined ones, as plain ones never change."""
    return row.trace.get("math") is not None


# ---------------------------------------------------------------- the difference


def _replace(
    gone: Sequence[Accrual], *, actor: Actor, at: datetime, tell: bool
) -> dict[tuple[RewardKey, int], tuple[int, int]]:
    """Take back all that is left of rewards that are computed anew; return what persons had taken back of each."""
    if not gone:
        return {}
    ids = [row.id for row in gone]
    refunded = refunds_taken(gone)
    corrected = {
        (_key(row), row.place): (row.clawed_minor - refunded.get(row.id, 0), row.amount_minor)
        for row in gone
        if row.clawed_minor > refunded.get(row.id, 0)
    }
    claw_back_rest(
        accrual_ids=ids,
        reason=gettext("Computed anew, because what came before it changed"),
        key="restated",
        actor=actor,
        at=at,
        tell=tell,
    )
    Accrual.objects.filter(id__in=ids).update(replaced_at=at)
    return corrected


def _numbered(lines: Sequence[Line], referral_ids: Iterable[UUID]) -> list[Line]:
    """Return new lines with the generation after the newest of their reward."""
    if not lines:
        return []
    newest: dict[RewardKey, int] = {}
    replaced = Accrual.objects.filter(
        referral_id__in=list(referral_ids), replaced_at__isnull=False
    ).values_list("source_kind", "source_id", "rule_id", "split_no", "generation")
    for kind, source_id, rule_id, split_no, generation in replaced:
        key = (kind, source_id, rule_id, split_no)
        newest[key] = max(newest.get(key, 0), generation + 1)
    return [replace(line, generation=newest.get(line.reward, 0)) for line in lines]


def _correct_again(
    corrections: dict[tuple[RewardKey, int], tuple[int, int]],
    booked: Sequence[int],
    *,
    actor: Actor,
    at: datetime,
) -> None:
    """Take back of new lines what persons had taken back of those they replace; all of it where that was all."""
    if not corrections or not booked:
        return
    rows = Accrual.objects.select_for_update(no_key=True).filter(id__in=booked).order_by("id")
    wanted = []
    for row in rows:
        taken, of = corrections.get((_key(row), row.place), (0, 1))
        left = row.amount_minor - row.clawed_minor
        minor = left if taken >= of else min(left, taken)
        if minor > 0:
            wanted.append((row, minor))
    take_back(
        wanted,
        cause=f"corrected:{at.timestamp()}",
        reason=gettext("Corrected before it was computed anew"),
        refund_id=None,
        actor=actor,
        at=at,
        tell=False,
    )
