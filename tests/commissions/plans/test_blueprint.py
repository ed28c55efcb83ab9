"""A program's file carries its plan whole: conditions, bands, bonuses and what counts for all rules."""

from datetime import datetime
from decimal import Decimal

import pytest

from commissions.plans.blueprint import PlanPart
from commissions.plans.selectors import draft_of
from commissions.plans.services import PlanTerms, RuleTerms, create_version, terms_of
from commissions.plans.terms import Band, Bands, Condition, Group, Policy, Preferred, Terms
from partners.programs.templates import BadPart, Reading, Writing
from prm.events.services import SYSTEM
from prm.tenancy.scope import tenant_scope
from tests.builders.referrals import a_program
from tests.conftest import World

TERMS = PlanTerms(
    [
        RuleTerms(
            "revenue",
            "percent",
            rate=Decimal("0.1"),
            scope="lifetime",
            terms=Terms(
                groups=(Group((Condition("country", ("IT",)),), rate=Decimal("0.125")),),
                bands=Bands((Band(0, Decimal("0.1")), Band(5_000, Decimal("0.15")))),
            ),
        )
    ],
    policy=Policy(base="net", preferred=Preferred(4)),
    notice_days=30,
    rationale="So",
)


def test_what_is_read_writes_the_same_draft(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        source, copy = a_program(), a_program("copy")
        create_version(program_id=source.id, terms=TERMS, starts_at=at, actor=SYSTEM, at=at)

        PlanPart.write(PlanPart.read(Reading(source)), Writing(copy, SYSTEM, at))

        draft = draft_of(copy.id)
        assert draft is not None
        assert terms_of(draft) == TERMS


@pytest.mark.parametrize(
    "terms",
    [
        {"groups": [{"conditions": []}]},
        {"surprise": 1},
        {"bands": {"bands": [{"start": 5, "rate": "0.1"}]}},
        {"groups": [{"conditions": [{"field": "country", "values": ["IT"]}], "rate": "much"}]},
    ],
)
def test_terms_that_cannot_be_priced_are_refused(
    world: World, at: datetime, terms: dict[str, object]
) -> None:
    rule = {"trigger": "revenue", "reward": "percent", "rate": "0.1", "scope": "lifetime"}
    data = {"hold_days": 0, "minimum_payout_minor": 0, "rules": [{**rule, "terms": terms}]}
    with tenant_scope(world.acme.id):
        program = a_program()

        with pytest.raises(BadPart):
            PlanPart.write(data, Writing(program, SYSTEM, at))

        assert draft_of(program.id) is None
