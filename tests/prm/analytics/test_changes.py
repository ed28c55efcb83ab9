"""A partner's person reads at home what has changed since the visit before, and nothing of others."""

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from prm.accounts.models import Membership, User
from prm.tenancy.scope import tenant_scope
from tests.builders.referrals import People, a_referral, people_of
from tests.conftest import World


@pytest.fixture
def people(world: World) -> People:
    with tenant_scope(world.acme.id):
        return people_of(world.acme)


def read(user: User) -> list[str]:
    client = Client()
    client.force_login(user)
    return [change.words for change in client.get("/acme/").context["changes"]]


def last_visited(user: User, moment: datetime) -> None:
    Membership.objects.filter(user=user).update(visit_at=moment, visit_before_at=None)


def test_what_moved_since_the_last_visit_is_listed_until_the_visit_ends(
    world: World, people: People
) -> None:
    now = timezone.now()
    last_visited(people.rep, now - timedelta(days=3))
    with tenant_scope(world.acme.id):
        a_referral(
            now - timedelta(days=9),
            partner=people.partner,
            by=people.rep,
            stage="accepted",
            company="Old",
        )
        a_referral(
            now - timedelta(days=1),
            partner=people.partner,
            by=people.rep,
            stage="accepted",
            company="New",
        )

    first, again = read(people.rep), read(people.rep)
    Membership.objects.filter(user=people.rep).update(visit_at=now - timedelta(hours=5))
    later = read(people.rep)

    assert first == again == ["New is now in Accepted"]
    assert later == []


def test_a_first_visit_lists_nothing(world: World, people: People) -> None:
    with tenant_scope(world.acme.id):
        a_referral(
            timezone.now(), partner=people.partner, by=people.rep, stage="accepted", company="New"
        )

    assert read(people.rep) == []


def test_a_rep_reads_nothing_of_a_colleagues_referrals(world: World, people: People) -> None:
    last_visited(people.colleague, timezone.now() - timedelta(days=3))
    last_visited(people.admin, timezone.now() - timedelta(days=3))
    with tenant_scope(world.acme.id):
        stranger = people_of(world.acme, "Osprey")
        for partner, who in ((people.partner, people.rep), (stranger.partner, stranger.rep)):
            a_referral(
                timezone.now() - timedelta(hours=1),
                partner=partner,
                by=who,
                stage="accepted",
                company=f"Of {partner.name}",
            )

    assert read(people.colleague) == []
    assert read(people.admin) == ["Of Brightwater is now in Accepted"]
