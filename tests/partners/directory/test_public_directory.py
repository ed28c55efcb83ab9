"""The public directory shows partners that agreed and were approved, and forgets a withdrawn one at once."""

from datetime import datetime

import pytest
from django.test import Client

from partners.directory.models import Partner, PartnerProfile, PartnerState
from partners.directory.profiles import (
    NotListed,
    ProfileIncomplete,
    agree_to_listing,
    approve_listing,
    withdraw_listing,
)
from partners.directory.services import change_partner_state, enroll
from prm.accounts.capabilities import Role
from prm.accounts.models import User
from prm.events.models import Event
from prm.events.services import SYSTEM, Actor
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from referrals.pipeline.models import Referral
from tests.builders.partners import LONG_AGO, a_partner, a_program
from tests.builders.people import a_member
from tests.builders.profiles import a_listing, a_profile
from tests.builders.referrals import a_referral
from tests.conftest import World

ENTRY = "/acme/directory/brightwater-advisory/"


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


@pytest.fixture
def listed(world: World) -> Partner:
    with tenant_scope(world.acme.id):
        partner = a_partner()
        a_listing(partner, logo=True)
    return partner


def is_public() -> bool:
    """Look at every public page as a visitor; all of them must agree."""
    visitor = Client()
    pages = [visitor.get(ENTRY).status_code == 200]
    logo = visitor.get(f"{ENTRY}logo/")
    pages.append(logo.status_code == 200)
    if logo.streaming:
        b"".join(logo.streaming_content)  # type: ignore[attr-defined]
    pages.append(b"Brightwater" in visitor.get("/acme/directory/").content)
    pages.append(b"brightwater" in visitor.get("/acme/sitemap.xml").content)
    assert len(set(pages)) == 1, pages
    return pages[0]


def test_a_visitor_finds_and_reads_a_listed_partner(listed: Partner) -> None:
    page = Client().get(ENTRY)

    assert is_public()
    assert b"We close the books of workshops." in page.content
    assert b"mailto:hello@brightwater.example" in page.content
    assert page.headers["Cache-Control"] == "no-store"
    logo = Client().get(f"{ENTRY}logo/")
    assert b"".join(logo.streaming_content).startswith(b"\x89PNG")  # type: ignore[attr-defined]
    assert logo.headers["Cache-Control"] == "no-store"


def test_withdrawing_removes_at_once_and_touches_nothing_else(
    world: World, listed: Partner
) -> None:
    with tenant_scope(world.acme.id):
        program = a_program()
        enroll(partner_id=listed.id, program_id=program.id, actor=SYSTEM, at=LONG_AGO)
        a_referral(LONG_AGO, program=program, partner=listed)
    admin = a_member(
        world.acme, Role.PARTNER_ADMIN, "boss@brightwater.example", partner_id=listed.id
    )
    assert is_public()

    signed_in(admin).post("/acme/company/listing/", {"do": "withdraw"})

    assert not is_public()
    with tenant_scope(world.acme.id):
        profile = PartnerProfile.objects.get()
        assert (profile.listed_at, profile.listed_by, profile.approved_at) == (None, None, None)
        assert Referral.objects.filter(partner_id=listed.id).count() == 1
        assert Partner.objects.get(id=listed.id).state == PartnerState.ACTIVE


@pytest.mark.parametrize("state", ["paused", "ended"])
def test_pausing_and_ending_remove_at_once(world: World, listed: Partner, state: str) -> None:
    assert is_public()

    with tenant_scope(world.acme.id):
        change_partner_state(
            partner_id=listed.id, state=state, reason="They asked", actor=SYSTEM, at=LONG_AGO
        )

    assert not is_public()


def test_hiding_and_switching_the_directory_off_remove(world: World, listed: Partner) -> None:
    manager = signed_in(world.manager)

    manager.post(f"/acme/manage/partners/{listed.id}/listing/", {"do": "hide"})
    assert not is_public()
    manager.post(f"/acme/manage/partners/{listed.id}/listing/", {"do": "approve"})
    assert is_public()

    Tenant.objects.filter(id=world.acme.id).update(directory_open=False)
    assert Client().get("/acme/directory/").status_code == 404
    assert Client().get(ENTRY).status_code == 404
    assert Client().get("/acme/sitemap.xml").status_code == 404


def test_consent_names_who_and_when_and_comes_before_approval(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        partner = a_partner()
        a_profile(partner)
        with pytest.raises(NotListed):
            approve_listing(partner_id=partner.id, actor=SYSTEM, at=at)
    admin = a_member(
        world.acme, Role.PARTNER_ADMIN, "boss@brightwater.example", partner_id=partner.id
    )
    client = signed_in(admin)

    client.post("/acme/company/listing/", {"do": "agree"})
    with tenant_scope(world.acme.id):
        assert PartnerProfile.objects.get().listed_at is None
    client.post("/acme/company/listing/", {"do": "agree", "consent": "on"})

    with tenant_scope(world.acme.id):
        profile = PartnerProfile.objects.get()
        assert profile.listed_by_id == admin.id
        assert profile.listed_at is not None
        event = Event.objects.get(name="partner.listing_agreed")
        assert event.actor_id == admin.id
    assert Client().get(ENTRY).status_code == 404


def test_an_unfinished_profile_and_a_paused_partner_cannot_be_listed(
    acme: Tenant, at: datetime
) -> None:
    partner = a_partner()
    with pytest.raises(ProfileIncomplete):
        agree_to_listing(partner_id=partner.id, actor=SYSTEM, at=at)
    a_profile(partner)
    change_partner_state(partner_id=partner.id, state="paused", reason="Rest", actor=SYSTEM, at=at)

    with pytest.raises(NotListed):
        agree_to_listing(partner_id=partner.id, actor=SYSTEM, at=at)

    assert not Event.objects.filter(name="partner.listing_agreed").exists()


def test_a_new_consent_asks_for_a_new_approval(acme: Tenant, at: datetime) -> None:
    partner = a_partner()
    a_listing(partner)
    somebody = Actor(user_id=None, name="Somebody")

    withdraw_listing(partner_id=partner.id, actor=somebody, at=at)
    again = agree_to_listing(partner_id=partner.id, actor=somebody, at=at)

    assert (again.slug, again.approved_at) == ("brightwater-advisory", None)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {"Brightwater Advisory", "Studio Ferrante"}),
        ("?type=accountant", {"Studio Ferrante"}),
        ("?service=payroll", {"Brightwater Advisory"}),
        ("?industry=manufacturing", {"Brightwater Advisory", "Studio Ferrante"}),
        ("?region=FR", {"Studio Ferrante"}),
        ("?language=en&region=IT", {"Brightwater Advisory"}),
        ("?language=en&region=FR", set()),
        ("?service=nonsense", {"Brightwater Advisory", "Studio Ferrante"}),
    ],
)
def test_filters_narrow_down(world: World, listed: Partner, query: str, found: set[str]) -> None:
    with tenant_scope(world.acme.id):
        second = a_partner("Studio Ferrante", type="accountant")
        a_listing(second, services=["legal"], regions=["FR"], languages=["it"])

    page = Client().get(f"/acme/directory/{query}").content.decode()

    assert {name for name in ("Brightwater Advisory", "Studio Ferrante") if name in page} == found


def test_another_partners_person_sees_the_same_directory(world: World, listed: Partner) -> None:
    with tenant_scope(world.acme.id):
        other = a_partner("Studio Ferrante")
    rep = a_member(world.acme, Role.PARTNER_REP, "rep@studio.example", partner_id=other.id)

    assert b"Brightwater" in signed_in(rep).get("/acme/directory/").content
    assert signed_in(rep).get(ENTRY).status_code == 200


def test_robots_may_read_the_directory_and_nothing_else(listed: Partner) -> None:
    whole = Client().get("/robots.txt").content.decode().splitlines()
    tenant = Client().get("/acme/robots.txt").content.decode()

    assert whole[:2] == ["User-agent: *", "Disallow: /"]
    assert {line for line in whole if line.startswith("Allow")} == {
        "Allow: /directory/",
        "Allow: /*/directory/",
        "Allow: /join/",
        "Allow: /*/join/",
    }
    assert "Sitemap: http://testserver/acme/sitemap.xml" in tenant


def test_the_manager_finds_entries_that_wait(world: World) -> None:
    with tenant_scope(world.acme.id):
        partner = a_partner()
        a_profile(partner)
        agree_to_listing(partner_id=partner.id, actor=SYSTEM, at=LONG_AGO)

    page = signed_in(world.manager).get("/acme/manage/directory/")

    assert b"Brightwater Advisory" in page.content
    assert b"Approve entry" in page.content
