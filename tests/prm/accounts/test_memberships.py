"""People change and leave, somebody who can manage the team always stays, and rights end at once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
from django.db import connections

from prm.accounts.capabilities import Capability, Role
from prm.accounts.members import member_for
from prm.accounts.models import Membership
from prm.accounts.services import (
    LastAdmin,
    RolesDoNotFit,
    add_membership,
    change_membership,
    change_roles,
    end_membership,
)
from prm.events.models import Event
from prm.events.services import SYSTEM
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from tests.builders.partners import a_partner
from tests.builders.people import a_member, a_person
from tests.conftest import NOON, World, make_world


def told() -> list[Event]:
    """Return what was told about places."""
    return list(Event.objects.filter(name__startswith="membership.").order_by("id"))


@pytest.fixture
def rep(acme: Tenant) -> Membership:
    """A rep in a partner that has an admin."""
    partner = a_partner(name="Partner")
    a_member(
        acme,
        Role.PARTNER_ADMIN,
        "boss@partner.example",
        partner_id=partner.id,
        partner_name="Partner",
    )
    user = a_member(
        acme, Role.PARTNER_REP, "rep@partner.example", partner_id=partner.id, partner_name="Partner"
    )
    return Membership.objects.get(user=user)


def inside(place: Membership) -> dict[str, Any]:
    return {
        "membership_id": place.id,
        "tenant_id": place.tenant_id,
        "partner_id": place.partner_id,
        "actor": SYSTEM,
        "at": NOON,
    }


def test_a_change_is_told_with_what_was_before(rep: Membership) -> None:
    change_membership(**inside(rep), roles=[Role.PARTNER_REP], sees_earnings=True, title="Sales")

    [event] = told()
    assert (event.name, event.partner_id) == ("membership.changed", rep.partner_id)
    assert event.changes == {"sees_earnings": [False, True], "title": ["", "Sales"]}


def test_a_change_to_the_same_is_told_to_nobody(rep: Membership) -> None:
    change_membership(**inside(rep), roles=[Role.PARTNER_REP], sees_earnings=False)

    assert told() == []


def test_seeing_earnings_is_a_right_of_the_place(rep: Membership, acme: Tenant) -> None:
    before = member_for(rep.user, acme, None)
    change_membership(**inside(rep), sees_earnings=True)
    after = member_for(rep.user, acme, None)

    assert before
    assert after
    assert (before.may(Capability.SEE_EARNINGS), after.may(Capability.SEE_EARNINGS)) == (
        False,
        True,
    )


def test_a_person_who_left_is_a_stranger(rep: Membership, acme: Tenant) -> None:
    end_membership(**inside(rep))

    assert member_for(rep.user, acme, rep.id) is None
    assert told()[0].changes == {"roles": [["partner_rep"], []]}


def test_a_person_who_comes_back_starts_without_the_old_rights(
    rep: Membership, acme: Tenant
) -> None:
    change_membership(**inside(rep), sees_earnings=True)
    end_membership(**inside(rep))

    again = add_membership(
        tenant_id=acme.id,
        user=rep.user,
        roles=[Role.PARTNER_REP],
        partner_id=rep.partner_id,
        partner_name="Partner",
        actor=SYSTEM,
        at=NOON,
    )

    assert (again.id, again.ended_at, again.sees_earnings) == (rep.id, None, False)


@pytest.mark.parametrize("role", [Role.PARTNER_ADMIN, Role.PROGRAM_ADMIN])
def test_the_last_admin_stays(world: World, acme: Tenant, role: Role) -> None:
    partner_id = a_partner(name="Partner").id if role is Role.PARTNER_ADMIN else None
    if partner_id:
        a_member(acme, role, "boss@partner.example", partner_id=partner_id)
    place = Membership.objects.get(tenant=acme, roles__contains=[role])
    lesser = Role.PARTNER_REP if partner_id else Role.FINANCE

    with pytest.raises(LastAdmin):
        end_membership(**inside(place))
    with pytest.raises(LastAdmin):
        change_roles(**inside(place), roles=[lesser])

    place.refresh_from_db()
    assert (place.ended_at, place.roles, told()) == (None, [role], [])


def test_a_partners_admin_cannot_be_given_a_staff_role(rep: Membership) -> None:
    with pytest.raises(RolesDoNotFit):
        change_roles(**inside(rep), roles=[Role.PROGRAM_ADMIN])


@pytest.mark.parametrize(
    "elsewhere", [{"partner_id": uuid4()}, {"partner_id": None}, {"tenant_id": 0}]
)
def test_nobody_is_changed_from_another_team(rep: Membership, elsewhere: dict[str, Any]) -> None:
    with pytest.raises(Membership.DoesNotExist):
        end_membership(**{**inside(rep), **elsewhere})


def test_a_live_place_keeps_its_roles_when_added_again(
    world: World, acme: Tenant, at: datetime
) -> None:
    place = add_membership(
        tenant_id=acme.id, user=world.finance, roles=[Role.PROGRAM_ADMIN], actor=SYSTEM, at=at
    )

    assert (place.roles, told()) == (["finance"], [])


@pytest.mark.race
def test_two_admins_who_remove_each_other_leave_one(real_database: str) -> None:
    world = make_world()
    second = a_member(world.acme, Role.PROGRAM_ADMIN, "second-admin@acme.example")
    places = [
        Membership.objects.get(user=user, tenant=world.acme) for user in (world.admin, second)
    ]
    together = Barrier(2)

    def remove(place: Membership) -> str:
        try:
            together.wait(10)
            with tenant_scope(world.acme.id):
                end_membership(**inside(place))
        except LastAdmin:
            return "last"
        finally:
            connections.close_all()
        return "removed"

    with ThreadPoolExecutor(2) as pool:
        answers = sorted(pool.map(remove, places))

    assert answers == ["last", "removed"]


def test_a_person_without_a_place_is_a_stranger(acme: Tenant) -> None:
    assert member_for(a_person("nobody@example.com"), acme, None) is None
