"""Two logins of one human in one team become one; nothing outside that team moves."""

from datetime import datetime
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.test import Client

from partners.directory.people_merging import PersonMergeRefused, merge_people
from prm.accounts.capabilities import Role
from prm.accounts.models import Membership, User
from prm.events.models import Event
from prm.events.services import SYSTEM, Actor
from prm.notices.models import Notice
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from referrals.pipeline.models import Referral, StageChange
from tests.builders.people import a_member, a_tenant
from tests.builders.referrals import a_partner, a_referral
from tests.conftest import World


def a_rep(tenant: Tenant, email: str, partner: Any) -> User:
    return a_member(
        tenant, Role.PARTNER_REP, email, partner_id=partner.id, partner_name=partner.name
    )


def place(user: User, tenant: Tenant) -> Membership:
    return Membership.objects.get(user=user, tenant=tenant)


def merge(gone: User, stays: User, tenant: Tenant, at: datetime, actor: Actor = SYSTEM) -> None:
    merge_people(
        from_id=place(gone, tenant).id, into_id=place(stays, tenant).id, actor=actor, at=at
    )


def test_what_one_login_did_is_seen_by_the_other(acme: Tenant, at: datetime) -> None:
    partner = a_partner()
    gone, stays, third = (a_rep(acme, f"{name}@b.example", partner) for name in ("b", "a", "c"))
    moved = a_referral(at, partner=partner, by=gone, company="Kestrel")
    other = a_referral(at, partner=partner, by=third, company="Merlin", contact_email="x@m.example")
    for user, key in ((gone, "only"), (gone, "both"), (stays, "both")):
        Notice.objects.create(user=user, key=key, kind="x")
    history = list(StageChange.objects.order_by("id").values())

    merge(gone, stays, acme, at)

    assert Referral.objects.get(id=moved.id).submitted_by == stays
    assert Referral.objects.get(id=other.id).submitted_by == third
    assert set(
        Notice.objects.filter(user=stays, key__in=["only", "both"]).values_list("key", flat=True)
    ) == {"only", "both"}
    assert list(StageChange.objects.order_by("id").values()) == history
    assert place(gone, acme).ended_at == at
    assert place(stays, acme).ended_at is None
    event = Event.objects.get(name="person.merged")
    assert event.payload["from_user_id"] == gone.id


def test_a_repeat_is_nobody(acme: Tenant, at: datetime) -> None:
    partner = a_partner()
    gone, stays = (a_rep(acme, f"{name}@b.example", partner) for name in ("b", "a"))
    merge(gone, stays, acme, at)
    with pytest.raises(Membership.DoesNotExist):
        merge(gone, stays, acme, at)
    assert Event.objects.filter(name="person.merged").count() == 1


def test_only_logins_of_one_team_are_merged(acme: Tenant, at: datetime) -> None:
    here, there = a_partner(), a_partner("Rival")
    one, two = a_rep(acme, "a@b.example", here), a_rep(acme, "r@rival.example", there)
    staff = a_member(acme, Role.CHANNEL_MANAGER, "s@acme.example")
    for gone, stays in ((one, two), (one, staff), (staff, one), (one, one)):
        with pytest.raises(PersonMergeRefused):
            merge(gone, stays, acme, at)
    assert not Membership.objects.exclude(ended_at=None).exists()


def test_a_login_used_elsewhere_is_left_alone(acme: Tenant, at: datetime) -> None:
    partner = a_partner()
    gone, stays = (a_rep(acme, f"{name}@b.example", partner) for name in ("b", "a"))
    globex = a_tenant("globex-two")
    far = Membership.objects.create(tenant=globex, user=gone, roles=[Role.FINANCE])
    with pytest.raises(PersonMergeRefused):
        merge(gone, stays, acme, at)
    far.delete()
    merge(gone, stays, acme, at)


def test_the_only_admin_and_oneself_do_not_go(acme: Tenant, at: datetime) -> None:
    partner = a_partner()
    boss = a_member(acme, Role.PARTNER_ADMIN, "boss@b.example", partner_id=partner.id)
    rep = a_rep(acme, "a@b.example", partner)
    with pytest.raises(PersonMergeRefused):
        merge(boss, rep, acme, at)
    with pytest.raises(PersonMergeRefused):
        merge(rep, boss, acme, at, Actor(user_id=rep.id, name="Me"))
    assert place(boss, acme).ended_at is None
    assert place(rep, acme).ended_at is None


def test_a_place_of_another_tenant_is_not_found(world: World, at: datetime) -> None:
    with tenant_scope(world.globex.id):
        far = a_rep(world.globex, "far@b.example", a_partner())
    with tenant_scope(world.acme.id):
        near = a_rep(world.acme, "near@b.example", a_partner())
        with pytest.raises(Membership.DoesNotExist):
            merge_people(
                from_id=place(near, world.acme).id,
                into_id=place(far, world.globex).id,
                actor=SYSTEM,
                at=at,
            )


def test_an_admin_merges_and_the_old_login_is_out(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        partner = a_partner()
        gone, stays = (a_rep(world.acme, f"{name}@b.example", partner) for name in ("b", "a"))
        referral = a_referral(at, partner=partner, by=gone)
    old, new, admin = Client(), Client(), Client()
    old.force_login(gone)
    new.force_login(stays)
    admin.force_login(world.admin)
    page = f"/acme/referrals/{referral.id}/"
    assert (old.get(page).status_code, new.get(page).status_code) == (200, 404)
    assert UserSession.objects.filter(user=gone).exists()
    url = f"/acme/manage/people/{place(gone, world.acme).id}/merge/"
    assert url in admin.get(f"/acme/manage/partners/{partner.id}/").text

    assert stays.email in admin.get(url).text
    into = {"into": place(stays, world.acme).id}
    assert admin.post(url, into).status_code == 422
    done = admin.post(url, {**into, "sure": "on"})

    assert done.headers["Location"] == f"/acme/manage/partners/{partner.id}/"
    assert new.get(page).status_code == 200
    assert old.get(page).status_code == 302  # to the sign-in
    assert not UserSession.objects.filter(user=gone).exists()
    again = Client()
    again.force_login(gone)
    assert again.get(page).status_code in {403, 404}
    assert admin.get(url).status_code == 404
