"""A partner reads where it stands: what it has of what its tier and the next one ask, and from when that counts."""

from datetime import timedelta

from django.test import Client

from commissions.tiers.models import MoveReason
from commissions.tiers.pages import tier_places
from commissions.tiers.rules import DEFAULTS, NOTHING
from commissions.tiers.selectors import today
from commissions.tiers.services import move_partner
from prm.events.services import SYSTEM
from prm.tenancy.scope import tenant_scope
from prm.web.formats import day_text
from tests.builders.referrals import a_program, people_of
from tests.builders.tiers import three_tiers
from tests.conftest import World


def test_a_partner_reads_what_it_has_and_from_when_it_counts(world: World, client: Client) -> None:
    with tenant_scope(world.acme.id):
        program = a_program()
        _, silver, _ = three_tiers(program)
        people = people_of(world.acme, program=program)
        since = today() - timedelta(days=10)
        move_partner(
            partner_id=people.partner.id,
            program_id=program.id,
            tier_id=silver.id,
            on=since,
            reason=MoveReason.REACHED,
            numbers=NOTHING,
            actor=SYSTEM,
        )
        (row,) = tier_places(people.partner.id)
        grace = since + timedelta(days=DEFAULTS.grace_days)
        assert (row.here.name, row.grace_until) == ("Silver", grace)
        assert [(goal.have, goal.want) for goal in row.keep_goals] == [("0", "1")]
    client.force_login(people.admin)

    page = " ".join(client.get("/acme/tiers/").text.split())

    begins = " ".join(day_text(grace).split())
    assert f"You keep it with 1 win in 12 months. This counts from {begins} on." in page
    assert ("To stay in Silver" in page, "0 / 1" in page) == (True, True)
    assert ("On the way to Gold" in page, "0 / 4" in page) == (True, True)
