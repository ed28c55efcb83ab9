"""What a partner's home lists of its referrals."""

from datetime import datetime

import pytest
from django.test import Client

from partners.directory.models import Enrollment
from prm.tenancy.scope import tenant_scope
from referrals.pipeline.models import Referral
from tests.builders.agreements import an_agreement
from tests.builders.referrals import People, a_referral, people_of
from tests.builders.revenue import a_win
from tests.conftest import World


@pytest.fixture
def people(world: World) -> People:
    with tenant_scope(world.acme.id):
        return people_of(world.acme)


def _home(client: Client, people: People) -> tuple[list[str], str]:
    client.force_login(people.admin)
    page = client.get("/acme/")
    rows = [row["referral"].company for row in page.context["moving"]]
    return rows, page.content.decode()


def test_open_referrals_are_on_the_move_and_won_ones_only_where_none_is_open(
    world: World, people: People, client: Client, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        won = a_referral(
            at, partner=people.partner, by=people.admin, stage="accepted", company="Kestrel"
        )
        a_win(won, at)
    rows, page = _home(client, people)
    assert rows == ["Kestrel"]
    assert "Last decided referrals" in page
    assert "on the move" not in page

    with tenant_scope(world.acme.id):
        a_referral(at, partner=people.partner, by=people.admin, company="Osprey")
        Referral.objects.filter(company="Kestrel").update(stage_entered_at=at)
    rows, page = _home(client, people)
    assert rows == ["Osprey"]
    assert "Referrals on the move" in page


def test_before_signing_the_home_leads_to_the_agreement_once(
    world: World, people: People, client: Client
) -> None:
    with tenant_scope(world.acme.id):
        an_agreement(Enrollment.objects.get(partner=people.partner).program)
    _rows, page = _home(client, people)
    assert "Your next step" in page
    assert page.count('<h2 id="next-step-h">Sign the agreement</h2>') == 1
    assert "Your first steps" not in page
    assert 'class="btn btn--primary" href="/acme/referrals/new/"' not in page
