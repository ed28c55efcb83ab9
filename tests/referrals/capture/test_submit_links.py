"""A signed link lets one named colleague send referrals for one partner, until it ends or is revoked."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from prm.events.models import Event
from prm.events.services import SYSTEM, Actor
from prm.tenancy.scope import tenant_scope
from referrals.capture.models import SubmitLink
from referrals.capture.submit_links import (
    LinkMade,
    LinkUnusable,
    make_submit_link,
    revoke_submit_link,
    token_of,
    usable_link,
)
from referrals.intake.services import NotEnrolled
from referrals.pipeline.models import Referral
from tests.builders.capturing import a_link
from tests.builders.referrals import People, a_program, a_referral, people_of
from tests.conftest import World

SIGN_IN = "allauth.account.auth_backends.AuthenticationBackend"


@dataclass(frozen=True)
class Held:
    """A partner's link as its holder has it."""

    world: World
    team: People
    link: SubmitLink
    path: str


@pytest.fixture
def held(world: World) -> Held:
    with tenant_scope(world.acme.id):
        team = people_of(world.acme)
        link = a_link(team.partner, team.admin, timezone.now())
        return Held(world, team, link, f"/acme/send/{token_of(link)}/")


def sent(**more: Any) -> dict[str, Any]:
    return {
        "company": "Kestrel Logistics",
        "contact_name": "Tom Ashdown",
        "contact_email": "tom@kestrel.example",
        "role": "intro",
        "key": str(uuid4()),
        **more,
    }


def test_a_colleague_sends_a_referral_without_a_login(held: Held) -> None:
    client = Client()

    page = client.get(held.path)
    answer = client.post(held.path, sent(), follow=True)

    assert b"Ciara Byrne" in page.content
    assert b"Brightwater" in page.content
    # With "no-referrer" a browser posts "Origin: null", and the form is refused.
    assert page.headers["Referrer-Policy"] == "same-origin"
    assert answer.status_code == 200
    assert b"PRR1." in answer.content
    with tenant_scope(held.world.acme.id):
        referral = Referral.objects.get()
        link = SubmitLink.objects.get()
        event = Event.objects.get(name="submit_link.used")
    assert referral.number in answer.content.decode()
    assert (referral.partner_id, referral.source, referral.submitted_by_name) == (
        held.team.partner.id,
        "signed",
        "Ciara Byrne",
    )
    assert (referral.submitted_by_id, referral.link_id, link.used_count) == (None, link.id, 1)
    assert event.payload["referral_id"] == str(referral.id)


def test_two_presses_are_one_referral(held: Held) -> None:
    body = sent()

    first, second = Client().post(held.path, body), Client().post(held.path, body)

    assert first.headers["Location"] == second.headers["Location"]
    with tenant_scope(held.world.acme.id):
        assert Referral.objects.count() == 1
        assert SubmitLink.objects.get().used_count == 1


def test_looking_at_the_link_writes_nothing(held: Held) -> None:
    Client().get(held.path)

    with tenant_scope(held.world.acme.id):
        assert SubmitLink.objects.get().last_used_at is None
        assert not Referral.objects.exists()


def test_a_revoked_link_opens_nothing(held: Held) -> None:
    with tenant_scope(held.world.acme.id):
        revoke_submit_link(link_id=held.link.id, actor=SYSTEM, at=timezone.now())

    answers = [Client().get(held.path), Client().post(held.path, sent())]

    assert [answer.status_code for answer in answers] == [404, 404]
    with tenant_scope(held.world.acme.id):
        assert not Referral.objects.exists()


def test_a_link_ends_at_its_moment(held: Held) -> None:
    token, end = held.path.split("/")[3], held.link.expires_at
    with tenant_scope(held.world.acme.id):
        assert usable_link(token, at=end - timedelta(microseconds=1)).id == held.link.id
        with pytest.raises(LinkUnusable):
            usable_link(token, at=end)


def test_revoked_wrong_and_anothers_tenants_links_look_the_same(held: Held) -> None:
    with tenant_scope(held.world.acme.id):
        revoke_submit_link(link_id=held.link.id, actor=SYSTEM, at=timezone.now())

    revoked = Client().get(held.path)
    wrong = Client().get("/acme/send/AAAAAAAAAAAAAAAAAAAAAAAAAAA/")
    elsewhere = Client().get(held.path.replace("/acme/", "/globex/"))

    assert {page.status_code for page in (revoked, wrong, elsewhere)} == {404}
    for page in (revoked, wrong, elsewhere):
        assert b"This link does not work" in page.content


def test_it_does_not_tell_that_a_company_is_known(held: Held, world: World) -> None:
    with tenant_scope(world.acme.id):
        a_referral(timezone.now(), partner=people_of(world.acme, "Rival").partner)

    answer = Client().post(held.path, sent(), follow=True)

    assert b"may know" not in answer.content
    with tenant_scope(world.acme.id):
        assert Referral.objects.filter(source="signed").count() == 1


def test_the_confirmation_shows_only_what_came_through_the_link(held: Held, world: World) -> None:
    with tenant_scope(world.acme.id):
        other = a_referral(timezone.now(), partner=held.team.partner)

    assert Client().get(f"{held.path}sent/{other.id}/").status_code == 404


def test_a_burst_is_refused_with_a_time_to_wait(
    held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("referrals.capture.views_submit_links.SENT_AN_HOUR", 1)

    first, second = (
        Client().post(held.path, sent(company=name, contact_email=f"a@{name}.example"))
        for name in ("one", "two")
    )

    assert (first.status_code, second.status_code) == (302, 429)
    assert 0 < int(second.headers["Retry-After"]) <= 3600
    with tenant_scope(held.world.acme.id):
        assert Referral.objects.count() == 1


def test_guessing_links_is_refused(held: Held, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("referrals.capture.views_submit_links.WRONG_AN_HOUR", 1)

    answers = [Client().get(f"/acme/send/{'A' * 26}{number}/") for number in range(2)]

    assert [answer.status_code for answer in answers] == [404, 429]


def test_only_a_digest_of_the_secret_is_stored(held: Held) -> None:
    token = held.path.split("/")[3]

    with tenant_scope(held.world.acme.id):
        row = SubmitLink.objects.values().get()

    assert token not in str(row)


def test_a_link_is_for_a_program_that_the_partner_is_in(world: World) -> None:
    with tenant_scope(world.acme.id):
        team = people_of(world.acme)
        with pytest.raises(NotEnrolled):
            a_link(team.partner, team.admin, timezone.now(), program=a_program("reseller"))
        assert not SubmitLink.objects.exists()
        assert not Event.objects.filter(name="submit_link.made").exists()


@pytest.mark.parametrize("rival", [False, True], ids=["sent twice", "the id of a rival's link"])
def test_a_form_whose_id_is_taken_makes_no_link(held: Held, rival: bool) -> None:
    acme = held.world.acme.id
    with tenant_scope(acme):
        team = people_of(held.world.acme, "Solea") if rival else held.team

    with tenant_scope(acme, team.partner.id), pytest.raises(LinkMade):
        make_submit_link(
            link_id=held.link.id,
            partner_id=team.partner.id,
            program_id=held.link.program_id,
            person_name="Ciara Byrne",
            days=30,
            actor=Actor(user_id=team.admin.id),
            at=timezone.now(),
        )


def test_an_admin_makes_and_revokes_links_on_the_page(
    world: World, django_assert_max_num_queries: Any
) -> None:
    with tenant_scope(world.acme.id):
        team = people_of(world.acme)
        program = a_program()
    client = Client()
    client.force_login(team.admin, backend=SIGN_IN)
    body = {
        "link_id": str(uuid4()),
        "person_name": "Ciara Byrne",
        "program": str(program.id),
        "days": "7",
    }

    made = client.post("/acme/team/links/", body)
    with tenant_scope(world.acme.id):
        link = SubmitLink.objects.get()
        token = token_of(link)
    with django_assert_max_num_queries(32):
        page = client.get("/acme/team/links/")
    client.post(f"/acme/team/links/{link.id}/revoke/")

    assert made.status_code == 302
    assert f"/acme/send/{token}/".encode() in page.content
    assert Client().get(f"/acme/send/{token}/").status_code == 404
