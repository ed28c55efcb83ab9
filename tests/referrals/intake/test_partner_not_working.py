"""People of a paused partner read why, and whom to ask; they submit nothing and lose no page."""

from datetime import datetime
from uuid import uuid4

from django.test import Client

from partners.directory.services import change_partner_state
from prm.events.services import SYSTEM
from prm.tenancy.scope import tenant_scope
from referrals.pipeline.models import Referral
from tests.builders.referrals import a_program, a_referral, people_of
from tests.conftest import World


def test_they_read_why_and_cannot_submit(world: World, at: datetime) -> None:
    words = "Your partnership with Acme is paused"
    with tenant_scope(world.acme.id):
        people = people_of(world.acme)
        people.partner.manager = world.manager
        people.partner.save()
        program = a_program()
        a_referral(at, partner=people.partner, by=people.rep)
        change_partner_state(
            partner_id=people.partner.id, state="paused", reason="Secret", actor=SYSTEM, at=at
        )
    client = Client()
    client.force_login(people.rep, backend="allauth.account.auth_backends.AuthenticationBackend")
    answers = {
        "key": uuid4(),
        "program": program.id,
        "company": "Sparrow",
        "contact_name": "Sam Sparrow",
        "contact_email": "sam@sparrow.example",
    }

    home, form = client.get("/acme/"), client.get("/acme/referrals/new/")
    client.post("/acme/referrals/new/", answers)

    for page in (home.content.decode(), form.content.decode()):
        assert words in page
        assert "mailto:manager@acme.example" in page
        assert "Secret" not in page
    assert "btn--primary" not in home.content.decode()
    assert client.get("/acme/referrals/").status_code == 200
    with tenant_scope(world.acme.id):
        assert Referral.objects.count() == 1
