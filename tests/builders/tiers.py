"""Builders of tiers; a scope must be open."""

from datetime import UTC, date, datetime
from uuid import UUID

from commissions.tiers.models import Tier
from commissions.tiers.rules import Numbers
from commissions.tiers.services import TierTerms, add_tier, keep_benefit
from partners.programs.models import Program
from prm.events.services import SYSTEM
from tests.builders.objects import Cast, builds
from tests.builders.referrals import a_program

AT = datetime(2026, 11, 2, 9, tzinfo=UTC)


def three_tiers(program: Program) -> list[Tier]:
    """Registered, Silver (2 wins, 1 to stay), Gold (4 wins and 10,000.00, 3 wins to stay)."""
    asked = [
        ("Registered", TierTerms()),
        ("Silver", TierTerms(Numbers(wins=2), Numbers(wins=1))),
        ("Gold", TierTerms(Numbers(wins=4, minor=1_000_000), Numbers(wins=3))),
    ]
    return [
        add_tier(program_id=program.id, name=name, terms=terms, actor=SYSTEM, at=AT)
        for name, terms in asked
    ]


@builds("tier")
def _tier(cast: Cast) -> UUID:
    program = a_program()
    tiers = list(Tier.objects.filter(program=program).order_by("position"))
    return (tiers or three_tiers(program))[-1].id


@builds("benefit")
def _benefit(cast: Cast) -> UUID:
    return keep_benefit(
        tier_id=_tier(cast),
        title="A day with an engineer",
        description="",
        starts_on=date(2026, 11, 1),
        ends_on=None,
        actor=SYSTEM,
        at=AT,
    ).id
