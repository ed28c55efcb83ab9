"""Followers hear of each step beside the sender, once, and only while they belong."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from prm.accounts.models import Membership, User
from prm.notices.models import Mail
from prm.tenancy.scope import tenant_scope
from referrals.pipeline.models import Follower, Referral
from tests.builders.referrals import People, a_referral, people_of
from tests.conftest import World


@pytest.fixture
def people(world: World) -> People:
    with tenant_scope(world.acme.id):
        return people_of(world.acme)


def press(user: User, path: str, follow: str = "yes") -> Any:
    client = Client()
    client.force_login(user)
    return client.post(f"/acme/{path}follow/", {"follow": follow})


def sent_to(world: World, user: User) -> int:
    with tenant_scope(world.acme.id):
        return Mail.objects.filter(to=user.email, kind="referral.milestone").count()


def test_sender_colleague_and_manager_get_one_mail_a_step(
    world: World, people: People, at: datetime, deliver: Callable[[], int]
) -> None:
    with tenant_scope(world.acme.id):
        referral = a_referral(at, partner=people.partner, by=people.rep)
    deliver()
    for _ in range(2):
        press(people.admin, f"referrals/{referral.id}/")
        press(world.manager, f"manage/referrals/{referral.id}/")
    client = Client()
    client.force_login(world.manager)
    client.post(f"/acme/manage/referrals/{referral.id}/accept/")
    deliver()
    deliver()

    with tenant_scope(world.acme.id):
        assert Follower.objects.count() == 2
        assert Referral.objects.get(id=referral.id).stage_kind == "accepted"
    assert [sent_to(world, user) for user in (people.rep, people.admin, world.manager)] == [2, 1, 1]
    assert sent_to(world, people.colleague) == 0


def test_who_left_or_stopped_hears_nothing(
    world: World, people: People, at: datetime, deliver: Callable[[], int]
) -> None:
    with tenant_scope(world.acme.id):
        referral = a_referral(at, partner=people.partner, by=people.rep)
    press(people.admin, f"referrals/{referral.id}/")
    press(world.manager, f"manage/referrals/{referral.id}/")
    press(world.manager, f"manage/referrals/{referral.id}/", follow="no")
    with tenant_scope(world.acme.id):
        Membership.objects.filter(user=people.admin).update(ended_at=at)
    deliver()

    assert sent_to(world, people.rep) == 1
    assert sent_to(world, people.admin) == 0
    assert sent_to(world, world.manager) == 0


def test_nobody_follows_what_they_do_not_see(world: World, people: People, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        referral = a_referral(at, partner=people.partner, by=people.rep)
        stranger = people_of(world.acme, "Osprey").rep

    answers = [
        press(user, f"referrals/{referral.id}/").status_code
        for user in (stranger, people.colleague)
    ]

    with tenant_scope(world.acme.id):
        assert not Follower.objects.exists()
    assert answers == [404, 404]
