"""Builders of contests; a scope must be open."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from commissions.contests.models import Contest
from commissions.contests.rules import PrizeTerms
from commissions.contests.services import ContestTerms, draft_contest, publish_contest
from partners.directory.models import Enrollment
from partners.programs.models import Program
from prm.events.services import SYSTEM
from tests.builders.objects import Cast, builds
from tests.builders.referrals import a_program

TERMS = ContestTerms(
    title="Autumn sprint",
    description="Who wins most until the snow falls?",
    starts_at=datetime(2026, 10, 1, tzinfo=UTC),
    ends_at=datetime(2026, 11, 1, tzinfo=UTC),
    metric="won",
    prizes=(PrizeTerms(1, amount_minor=50_000), PrizeTerms(2, goods="A hamper", cost_minor=8_000)),
)


def a_contest(program: Program, *, published: bool = True, **terms: object) -> Contest:
    """Draft a contest, and publish it ten days before it begins."""
    wanted = replace(TERMS, **terms)  # type: ignore[arg-type]
    at = wanted.starts_at - timedelta(days=10)
    contest = draft_contest(program_id=program.id, terms=wanted, actor=SYSTEM, at=at)
    if published:
        contest = publish_contest(contest_id=contest.id, actor=SYSTEM, at=at)
    return contest


@builds("contest")
def _contest(cast: Cast) -> UUID:
    return a_contest(a_program(), published=False).id


@builds("published_contest")
def _published_contest(cast: Cast) -> UUID:
    program = a_program()
    Enrollment.objects.get_or_create(partner=cast.partner, program=program)
    return a_contest(program).id
