"""The demo's contests: one that ended with prizes, one that runs."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from commissions.contests.models import Contest
from commissions.contests.rules import PrizeTerms
from commissions.contests.services import (
    ContestTerms,
    draft_contest,
    publish_contest,
    settle_contest,
)
from prm.demo.stage import Stage
from prm.events.services import SYSTEM

# (English, Italian), first and last day before today, settled
STORIES = (
    ("Summer sprint", "Sprint d’estate", 200, 110, True),
    ("Year-end race", "Corsa di fine anno", 40, -25, False),
)


def seed_contests(stage: Stage, *, now: datetime) -> None:
    """Run the contests of the first program, in the open scope of the tenant; a repeat does nothing."""
    if Contest.objects.exists():
        return
    program = stage.programs[stage.story.programs[0].slug]
    admin, italian = stage.actor(stage.story.staff[3]), stage.story.language == "it"
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


def _midnight(stage: Stage, days_ago: int) -> datetime:
    day = stage.today - timedelta(days=days_ago)
    return datetime.combine(day, datetime.min.time(), ZoneInfo(stage.story.time_zone))
