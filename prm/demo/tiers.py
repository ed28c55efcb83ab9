"""The demo's tiers: three steps in the first program, moved month by month, with what comes with them."""

from datetime import datetime
from zoneinfo import ZoneInfo

from commissions.tiers.models import Tier
from commissions.tiers.rules import Numbers, Settings
from commissions.tiers.selectors import enrolled
from commissions.tiers.services import (
    TierTerms,
    add_tier,
    keep_benefit,
    recalculate,
    set_tier_rules,
)
from prm.demo.stage import Stage

MONTHS = 9


def seed_tiers(stage: Stage, *, now: datetime) -> None:
    """Keep tiers since nine months and move partners each month, in the open scope; a repeat does nothing."""
    if Tier.objects.exists():
        return
    program = stage.programs[stage.story.programs[0].slug]
    actor, italian = stage.actor(stage.story.staff[3]), stage.story.language == "it"
    zone = ZoneInfo(stage.story.time_zone)
    first = stage.month_start(MONTHS)
    set_tier_rules(program_id=program.id, settings=Settings(), actor=actor, at=first)
    made = []
    for name, terms in (
        ("Base" if italian else "Registered", TierTerms()),
        ("Argento" if italian else "Silver", TierTerms(Numbers(wins=2), Numbers(wins=1))),
        ("Oro" if italian else "Gold", TierTerms(Numbers(wins=4), Numbers(wins=3))),
    ):
        made.append(add_tier(program_id=program.id, name=name, terms=terms, actor=actor, at=first))
    for tier, title, text in (
        (
            made[1],
            "Un tecnico alla prima riunione" if italian else "An engineer in the first meeting",
            "Chiedi al tuo referente." if italian else "Ask your channel manager for a date.",
        ),
        (
            made[2],
            "Fondo marketing comune" if italian else "Joint marketing budget",
            "Fino a 2.000 per evento." if italian else "Up to 2,000 for an event of yours.",
        ),
    ):
        keep_benefit(
            tier_id=tier.id,
            title=title,
            description=text,
            starts_on=first.astimezone(zone).date(),
            ends_on=None,
            actor=actor,
            at=first,
        )
    for months_ago in range(MONTHS - 1, -1, -1):
        at = stage.month_start(months_ago)
        recalculate(
            program_id=program.id,
            partner_ids=enrolled(program.id),
            on=at.astimezone(zone).date(),
            actor=actor,
            at=at,
        )
