"""A fold that is kept half-way and gone on with comes to what one fold comes to; pure."""

from collections.abc import Iterator
from decimal import Decimal
from json import dumps, loads
from random import Random

import pytest

from commissions.plans.rules import Facts, Happening, Standing, Version, priced_history
from commissions.plans.terms import Activity, Band, Bands, Bonus, Cap, Policy, Terms
from tests.builders.plan_stories import event, fixed, percent, version

BANDS = Bands((Band(0, Decimal("0.1")), Band(300_000, Decimal("0.15"))), measure="revenue")
PLAN = version(
    percent("0.1", rule=1, terms=Terms(bands=BANDS)),
    percent(
        "0.05",
        rule=2,
        terms=Terms(
            bonus=Bonus(
                "threshold",
                period="year",
                measure="revenue",
                value=200_000,
                uplift_rate=Decimal("0.07"),
            )
        ),
    ),
    fixed(5_000, rule=3, on="qualified", terms=Terms(cap=Cap(15_000, per="partner"))),
    fixed(20_000, rule=4, terms=Terms(bonus=Bonus("nth", n=3, period="year", repeat=True))),
    fixed(9_000, rule=5, terms=Terms(bonus=Bonus("streak", n=2, period="month"))),
    fixed(700, rule=6, on="revenue", scope="lifetime", terms=Terms(bonus=Bonus("renewal", n=2))),
    percent("0.01", rule=7, scope="active"),
    policy=Policy(
        two_stage="deductible",
        caps=(Cap(60_000, per="referral"), Cap(90_000, per="partner", period="quarter")),
        activity=Activity(successes=1, period="quarter"),
    ),
)


def _story(seed: int) -> list[Facts]:
    chance, found = Random(seed), []
    for month in range(1, 13):
        for place in range(chance.randint(1, 4)):
            day, whose = f"2025-{month:02}-{5 + place:02}", f"R{chance.randint(1, 4)}"
            trigger = chance.choice(["qualified", "won", "revenue", "revenue", "refund"])
            sold = {"kind": chance.choice(["sale", "renewal"])} if trigger == "revenue" else {}
            found.append(event(trigger, day, chance.randint(1, 900), referral=whose, **sold))
    return found


def _amounts(
    story: list[Facts], plan: Version, standing: Standing
) -> Iterator[tuple[int, list[int]]]:
    events = (Happening(facts, plan, place) for place, facts in enumerate(story))
    for _, drafts in priced_history(events, standing):
        yield len(drafts), [draft.amount.minor for draft in drafts]


@pytest.mark.parametrize("seed", range(8))
def test_a_fold_kept_anywhere_goes_on_as_if_it_had_never_stopped(seed: int) -> None:
    story = _story(seed)
    whole = list(_amounts(story, PLAN, Standing([PLAN])))
    assert sum(count for count, _ in whole) > 5

    for cut in range(1, len(story)):
        before, after = Standing([PLAN]), Standing([PLAN])
        first = list(_amounts(story[:cut], PLAN, before))
        after.resume(loads(dumps(before.as_json())))
        assert first + list(_amounts(story[cut:], PLAN, after)) == whole
