"""The demo's contests: one that ended with prizes, one that runs, one in which people compete."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from commissions.accruals.models import RepRewards
from commissions.accruals.reps import set_policy
from commissions.contests.models import Contest
from commissions.contests.rules import PrizeTerms
from commissions.contests.services import (
    ContestTerms,
    draft_contest,
    publish_contest,
    settle_contest,
)
from partners.programs.models import Program
from prm.demo.stage import Stage
from prm.events.services import SYSTEM

# (English, Italian), first and last day before today, settled
STORIES = (
    ("Summer sprint", "Sprint d’estate", 200, 110, True),
    ("Year-end race", "Corsa di fine anno", 40, -25, False),
)
# The same of the one in which people compete, and what the first partners of the story let theirs receive.
PEOPLE = ("Best introductions", "Le migliori presentazioni", 45, -20)
ALLOWED = (RepRewards.CASH, RepRewards.NON_CASH, RepRewards.CASH)


def seed_contests(stage: Stage, *, now: datetime) -> None:
    """Run the contests of the first program, in the open scope of the tenant; a repeat does nothing."""
    if Contest.objects.exists():
        return
    program = stage.programs[stage.story.programs[0].slug]
    admin, italian = stage.actor(stage.story.staff[3]), stage.story.language == "it"
    _seed_people(stage, program)
    for english, name, first, last, settled in STORIES:
        start, end = _midnight(stage, first), _midnight(stage, last - 1)
        contest = draft_contest(
            program_id=program.id,
            terms=ContestTerms(
                title=name if italian else english,
                description="",
                starts_at=start,
                ends_at=end,
                metric="won",
                prizes=(
                    PrizeTerms(1, amount_minor=50_000),
                    PrizeTerms(2, amount_minor=25_000),
                    PrizeTerms(
                        3, goods="Cena per due" if italian else "Dinner for two", cost_minor=16_000
                    ),
                ),
            ),
            actor=admin,
            at=start - timedelta(days=14),
        )
        publish_contest(contest_id=contest.id, actor=admin, at=start - timedelta(days=14))
        if settled:
            settle_contest(contest_id=contest.id, actor=SYSTEM, at=end + timedelta(days=8))


def _seed_people(stage: Stage, program: Program) -> None:
    """Let people compete too: some of their employers allow money, some only things, most nothing."""
    admin, italian = stage.actor(stage.story.staff[3]), stage.story.language == "it"
    english, name, first, last = PEOPLE
    start = _midnight(stage, first)
    before = start - timedelta(days=14)
    for partner, allows in zip(stage.story.partners, ALLOWED, strict=False):
        set_policy(
            partner_id=stage.partners[partner.name].id,
            allows=allows.value,
            actor=stage.actor(partner.people[0]),
            at=before,
        )
    contest = draft_contest(
        program_id=program.id,
        terms=ContestTerms(
            title=name if italian else english,
            description="",
            starts_at=start,
            ends_at=_midnight(stage, last - 1),
            competes="people",
            metric="qualified",
            prizes=(
                PrizeTerms(1, amount_minor=30_000),
                PrizeTerms(2, amount_minor=15_000),
                PrizeTerms(
                    3,
                    goods="Cesto di prodotti tipici" if italian else "Box of regional food",
                    cost_minor=6_500,
                ),
            ),
        ),
        actor=admin,
        at=before,
    )
    publish_contest(contest_id=contest.id, actor=admin, at=before)


def _midnight(stage: Stage, days_ago: int) -> datetime:
    day = stage.today - timedelta(days=days_ago)
    return datetime.combine(day, datetime.min.time(), ZoneInfo(stage.story.time_zone))
