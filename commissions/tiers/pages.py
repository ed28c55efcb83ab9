"""What the pages of tiers show, gathered for their templates."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial
from uuid import UUID

from django.utils.translation import gettext as _

from commissions.tiers.models import Benefit, Tier
from commissions.tiers.rules import Numbers, Settings, Step, meets, missing, move_of
from commissions.tiers.selectors import (
    Proposed,
    benefits_on,
    counts_of,
    enrolled,
    numbers_of,
    paused_count,
    places_of,
    programs_with_tiers,
    proposed_moves,
    settings_of,
    step,
    steps_of,
    today,
)
from commissions.tiers.wording import TONES, move_text, needs_text, numbers_words
from partners.directory.models import Enrollment, Partner
from partners.programs.models import Program
from prm.web.formats import money_text, number_text

# A page of moves shows so many of each; the figures above it count all.
MOVES_SHOWN = 100
ORDER = ("down", "warned", "up", "recovered", "waits", "grace")


@dataclass(frozen=True)
class TierLine:
    """A tier in the list of its program."""

    tier: Tier
    entry: str
    keep: str
    partners: int
    benefits: list[Benefit]
    is_lowest: bool
    is_highest: bool


@dataclass(frozen=True)
class Goal:
    """One thing a tier asks for, and how far the partner is: label, share of the way, and both in words."""

    label: str
    have: str
    want: str
    done: int
    total: int


@dataclass(frozen=True)
class OwnTier:
    """Where a partner stands in one program.

    notice_until: told that it moves down then. grace_until: below what the tier asks, which counts from that day on.
    """

    program: Program
    here: Step
    since: date | None
    notice_until: date | None
    grace_until: date | None
    keep: str
    keep_goals: list[Goal]
    next: Step | None
    goals: list[Goal]
    still: list[str]
    settings: Settings
    benefits: list[Benefit]
    later_benefits: list[Benefit]


@dataclass(frozen=True)
class MoveLine:
    """A partner in the list of moves."""

    partner: Partner
    proposed: Proposed
    text: str
    tone: str
    numbers: str


@dataclass(frozen=True)
class MovesPage:
    """What a recalculation on a day would do: how many of each kind, and the partners that it concerns."""

    on: date
    partners: int
    counts: dict[str, int]
    lines: list[MoveLine]
    left_out: int
    # Paused partners, which a recalculation does not look at.
    paused: int

    @property
    def changes(self) -> int:
        """How many partners something would happen to."""
        return sum(self.counts.get(kind, 0) for kind in ("up", "down", "warned", "recovered"))


def tier_lines(program: Program, on: date) -> list[TierLine]:
    """Return a program's tiers, the highest first; partners without a standing are in the lowest."""
    tiers = list(Tier.objects.filter(program_id=program.id).order_by("-position"))
    counts, settings = counts_of(program.id, on), settings_of(program.id)
    everybody = Enrollment.objects.at_work().filter(program_id=program.id).count() if tiers else 0
    of: dict[UUID, list[Benefit]] = {}
    for benefit in Benefit.objects.filter(program_id=program.id).order_by("starts_on", "id"):
        of.setdefault(benefit.tier_id, []).append(benefit)
    lines = []
    for tier in tiers:
        numbers, is_lowest = step(tier), tier.position == 1
        above = sum(n for tier_id, n in counts.items() if tier_id != tier.id)
        lines.append(
            TierLine(
                tier,
                needs_text(numbers.entry, program.currency, settings.match),
                needs_text(numbers.keep, program.currency, settings.match),
                everybody - above if is_lowest else counts.get(tier.id, 0),
                of.get(tier.id, []),
                is_lowest,
                tier is tiers[0],
            )
        )
    return lines


def moves_page(program: Program, on: date) -> MovesPage:
    """Return what a recalculation would do on a day, what takes something away first."""
    proposed = proposed_moves(program.id, enrolled(program.id), on)
    counts: dict[str, int] = {}
    for one in proposed:
        counts[one.move.kind] = counts.get(one.move.kind, 0) + 1
    told = sorted(
        (one for one in proposed if one.move.kind in ORDER),
        key=lambda one: (ORDER.index(one.move.kind), str(one.partner_id)),
    )
    shown = told[:MOVES_SHOWN]
    partners = Partner.objects.in_bulk([one.partner_id for one in shown])
    lines = [
        MoveLine(
            partners[one.partner_id],
            one,
            move_text(one.move, today=on),
            TONES.get(one.move.kind, ""),
            ", ".join(numbers_words(one.numbers, program.currency)),
        )
        for one in shown
    ]
    paused = paused_count(program.id)
    return MovesPage(on, len(proposed), counts, lines, len(told) - len(shown), paused)


def own_tier(partner_id: UUID, program: Program, on: date) -> OwnTier | None:
    """Return where a partner stands in a program, and what is missing for the next tier; None without tiers."""
    steps = steps_of(program.id)
    if not steps:
        return None
    settings = settings_of(program.id)
    numbers = numbers_of(program.id, [partner_id], settings, on)[partner_id]
    place = places_of(program.id, [partner_id], on)[partner_id]
    here = next((one for one in steps if one.position == place.position), steps[0])
    above = next((one for one in steps if one.position > here.position), None)
    benefits = [row for row in benefits_on(program.id, on) if row.tier.position <= here.position]
    later = [row for row in benefits_on(program.id, on) if row.tier_id == above.id] if above else []
    move = move_of(steps, place, numbers, settings, on)
    reached = above is not None and meets(above.entry, numbers, settings.match)
    return OwnTier(
        program,
        here,
        place.since,
        place.notice_until,
        move.on if move.kind == "grace" else None,
        needs_text(here.keep, program.currency, settings.match) if here.keep != Numbers() else "",
        _goals(here.keep, numbers, program.currency),
        above,
        _goals(above.entry, numbers, program.currency) if above else [],
        []
        if above is None or reached
        else numbers_words(missing(above.entry, numbers), program.currency),
        settings,
        benefits,
        later,
    )


def tier_places(partner_id: UUID) -> list[OwnTier]:
    """Return where a partner stands today in each of its programs that has tiers."""
    on = today()
    rows = [own_tier(partner_id, program, on) for program in programs_with_tiers(partner_id)]
    return [row for row in rows if row]


def _goals(entry: Numbers, numbers: Numbers, currency: str) -> list[Goal]:
    rows: list[tuple[str, int, int, Callable[[int], str]]] = [
        (_("Wins"), numbers.wins, entry.wins, number_text),
        (
            _("Value of won deals"),
            numbers.minor,
            entry.minor,
            partial(money_text, currency=currency),
        ),
        (_("Certificates"), numbers.courses, entry.courses, number_text),
    ]
    return [
        Goal(label, words(have), words(want), min(have, want), want)
        for label, have, want, words in rows
        if want
    ]
