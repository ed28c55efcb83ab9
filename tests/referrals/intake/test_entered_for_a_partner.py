"""The vendor enters a referral for a partner: with a reason, under the name of who did it, and the partner is told."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from prm.notices.models import Mail
from prm.tenancy.scope import tenant_scope
from referrals.pipeline.models import Referral, StageChange
from tests.builders.referrals import People, people_of
from tests.conftest import World

URL = "/acme/manage/referrals/new/"


@pytest.fixture
def people(world: World) -> People:
    with tenant_scope(world.acme.id):
        return people_of(world.acme)


@pytest.fixture
def enter(world: World, people: People) -> Callable[..., Any]:
    """Send the form as the manager."""
    client = Client()
    client.force_login(world.manager, backend="allauth.account.auth_backends.AuthenticationBackend")

    def do(**more: Any) -> Any:
        facts = {
            "partner": str(people.partner.id),
            "company": "Kestrel Logistics",
            "contact_name": "Tom",
            "contact_email": "tom@kestrel.example",
            "reason": "They called us on Monday",
        }
        return client.post(URL, {**facts, **more})

    return do


def test_without_a_reason_it_is_refused_at_the_field(
    world: World, enter: Callable[..., Any]
) -> None:
    answer = enter(reason="  ")

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["reason"]
    assert "Say why you enter it for the partner" in answer.content.decode()
    with tenant_scope(world.acme.id):
        assert not Referral.objects.exists()


@pytest.mark.parametrize("who", ["rep", "admin"])
def test_the_reason_is_in_the_timeline_and_told(
    world: World, people: People, enter: Callable[..., Any], deliver: Callable[[], int], who: str
) -> None:
    named = {"submitted_by": people.rep.id} if who == "rep" else {}
    person = getattr(people, who)

    answer = enter(**named)
    deliver()

    assert answer.status_code == 303
    with tenant_scope(world.acme.id):
        change = StageChange.objects.get()
        mail = Mail.objects.get(kind="referral.milestone")
    assert (change.reason, change.actor_id) == ("They called us on Monday", world.manager.id)
    assert mail.to == person.email
    assert "Mara Manager of Acme has entered Kestrel Logistics for you." in mail.text
    assert "The reason: They called us on Monday" in mail.text
    client = Client()
    client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
    page = client.get(f"/acme/referrals/{change.referral_id}/").content.decode()
    assert "They called us on Monday" in page
    assert "Mara Manager, Acme" in page
