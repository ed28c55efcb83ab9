"""A partner admin decides for the whole organisation whether reps see each other's referrals."""

from datetime import datetime

from django.test import Client

from prm.accounts.capabilities import Role
from prm.accounts.models import Membership
from prm.accounts.services import add_membership
from prm.events.services import SYSTEM
from prm.tenancy.scope import tenant_scope
from tests.builders.people import a_person
from tests.builders.referrals import a_referral, people_of
from tests.conftest import World


def test_one_switch_opens_and_closes_it_for_all(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        people = people_of(world.acme)
        a_referral(at, partner=people.partner, company="Kestrel Logistics", by=people.rep)
    colleague, admin = Client(), Client()
    colleague.force_login(people.colleague)
    admin.force_login(people.admin)

    def sees() -> bool:
        return "Kestrel Logistics" in colleague.get("/acme/referrals/").text

    assert not sees()
    assert admin.post("/acme/team/sharing/", {"shared": "yes"}).status_code in {302, 303}
    assert sees()
    with tenant_scope(world.acme.id):
        late = add_membership(
            tenant_id=world.acme.id,
            user=a_person("late@partner.example"),
            roles=[Role.PARTNER_REP],
            partner_id=people.partner.id,
            partner_name="B",
            actor=SYSTEM,
            at=at,
        )
    assert late.sees_all_referrals
    admin.post("/acme/team/sharing/", {"shared": "no"})
    assert not sees()
    assert not Membership.objects.get(id=late.id).sees_all_referrals


def test_a_rep_cannot_switch_it(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        people = people_of(world.acme)
    rep = Client()
    rep.force_login(people.rep)

    assert rep.post("/acme/team/sharing/", {"shared": "yes"}).status_code == 403
