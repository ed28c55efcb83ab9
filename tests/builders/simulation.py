"""Builders of simulations; a scope must be open."""

from datetime import UTC, date, datetime
from uuid import UUID

from commissions.plans.models import PlanVersion
from commissions.simulation.models import Simulation
from commissions.simulation.rules import Result
from tests.builders.commissions import a_plan
from tests.builders.objects import Cast, builds
from tests.builders.referrals import a_program


@builds("simulation")
def _simulation(cast: Cast) -> UUID:
    program = a_program()
    version = PlanVersion.objects.filter(program=program).first() or a_plan(program)
    return Simulation.objects.create(
        program_id=program.id,
        version_id=version.id,
        version_number=version.number,
        terms_digest="0" * 64,
        currency=version.currency,
        from_on=date(2026, 1, 1),
        until_on=date(2026, 10, 31),
        result=Result(months={"202601": [100, 200]}, old_minor=100, new_minor=200).as_json(),
        done_at=datetime(2026, 11, 2, tzinfo=UTC),
    ).id
