"""Partners describe themselves; goals and the plan show on both sides; the profile's facts drive onboarding."""

from datetime import UTC, date, datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from partners.directory.goals import GoalNotPossible, end_goal, goal_lines
from partners.directory.listed import profile_gaps, with_profile
from partners.directory.models import PartnerGoal, PartnerProfile
from partners.directory.profile_rules import ProfileFacts, fresh_slug
from partners.directory.profiles import UnknownWords, edit_profile
from prm.accounts.capabilities import Role
from prm.accounts.models import User
from prm.events.models import Event
from prm.events.services import SYSTEM
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from tests.builders.partners import a_partner, a_program
from tests.builders.people import a_member
from tests.builders.profiles import WHOLE, a_goal, a_profile
from tests.builders.referrals import a_referral
from tests.builders.uploads import a_picture
from tests.conftest import World


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def names() -> list[str]:
    return list(
        Event.objects.filter(name__startswith="partner.profile")
        .order_by("id")
        .values_list("name", flat=True)
    )


def test_an_empty_profile_lacks_six_parts_and_a_whole_one_none(acme: Tenant) -> None:
    partner = a_partner()
    assert len(profile_gaps(partner.id)) == 6

    a_profile(partner)

    assert profile_gaps(partner.id) == []
    assert with_profile([partner.id]) == {partner.id}


def test_completing_is_told_once_and_the_same_facts_write_nothing(
    acme: Tenant, at: datetime
) -> None:
    partner = a_partner()
    facts = ProfileFacts(**{**WHOLE, "regions": []})

    edit_profile(partner_id=partner.id, facts=facts, logo_id=None, actor=SYSTEM, at=at)
    a_profile(partner)
    a_profile(partner)

    assert names() == [
        "partner.profile_edited",
        "partner.profile_edited",
        "partner.profile_completed",
    ]


def test_words_that_no_filter_knows_are_refused(acme: Tenant, at: datetime) -> None:
    partner = a_partner()

    with pytest.raises(UnknownWords):
        a_profile(partner, services=["juggling"])

    assert not PartnerProfile.objects.exists()


def test_addresses_do_not_clash() -> None:
    assert fresh_slug("Brightwater Advisory", set()) == "brightwater-advisory"
    assert fresh_slug("Brightwater Advisory", {"brightwater-advisory"}) == "brightwater-advisory-2"
    assert fresh_slug("株式会社", set()) == "partner"


def test_the_partner_admin_edits_and_a_rep_reads(world: World) -> None:
    with tenant_scope(world.acme.id):
        partner = a_partner()
    admin = a_member(
        world.acme, Role.PARTNER_ADMIN, "boss@brightwater.example", partner_id=partner.id
    )
    rep = a_member(world.acme, Role.PARTNER_REP, "rep@brightwater.example", partner_id=partner.id)
    given = {
        "about_en": "We close books.",
        "services": ["payroll"],
        "industries": ["energy"],
        "regions": ["IT"],
        "languages": ["it"],
        "contact_email": "hi@brightwater.example",
        "logo": SimpleUploadedFile("logo.png", a_picture()),
    }

    saved = signed_in(admin).post("/acme/company/edit/", given)
    page = signed_in(rep).get("/acme/company/")
    logo = signed_in(rep).get(f"/acme/company/logo/{partner.id}/")
    refused = signed_in(rep).post("/acme/company/edit/", given)

    assert (saved.status_code, page.status_code, refused.status_code) == (303, 200, 403)
    assert b"We close books." in page.content
    assert b"".join(logo.streaming_content).startswith(b"\x89PNG")  # type: ignore[attr-defined]
    with tenant_scope(world.acme.id):
        assert profile_gaps(partner.id) == []


def test_a_logo_that_is_no_picture_is_refused_at_the_form(world: World) -> None:
    with tenant_scope(world.acme.id):
        partner = a_partner()
    admin = a_member(
        world.acme, Role.PARTNER_ADMIN, "boss@brightwater.example", partner_id=partner.id
    )
    svg = SimpleUploadedFile("logo.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>")

    page = signed_in(admin).post("/acme/company/edit/", {"about_en": "Words", "logo": svg})

    assert page.status_code == 422
    with tenant_scope(world.acme.id):
        assert not PartnerProfile.objects.exists()


def test_progress_counts_referrals_of_the_goals_days_only(acme: Tenant) -> None:
    program = a_program()
    partner, other = a_partner(programs=(program,)), a_partner("Other", programs=(program,))
    day = datetime(2026, 3, 1, 12, tzinfo=UTC)
    a_referral(day, program=program, partner=partner)
    a_referral(day.replace(year=2025), program=program, partner=partner, company="Old Ltd")
    a_referral(day, program=program, partner=other, company="Elsewhere Ltd")
    a_goal(partner, target=4)

    (line,) = goal_lines(partner.id)

    assert (line.reached, line.percent, line.is_reached) == (1, 25, False)


def test_a_goal_is_set_once_and_ends(acme: Tenant, at: datetime) -> None:
    partner = a_partner()

    goal = a_goal(partner)
    a_goal(partner)
    end_goal(goal_id=goal.id, actor=SYSTEM, at=at)

    assert PartnerGoal.objects.count() == 1
    assert goal_lines(partner.id) == []
    assert Event.objects.filter(name="partner.goal_set").count() == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"target": 0},
        {"until_on": date(2025, 12, 31)},
        {"metric": "revenue", "currency": ""},
    ],
)
def test_impossible_goals_are_refused(acme: Tenant, at: datetime, wrong: dict[str, object]) -> None:
    partner = a_partner()

    with pytest.raises(GoalNotPossible):
        a_goal(partner, **wrong)

    assert not PartnerGoal.objects.exists()


def test_the_manager_sets_a_goal_and_a_plan_that_the_partner_reads(world: World) -> None:
    with tenant_scope(world.acme.id):
        partner = a_partner()
    rep = a_member(world.acme, Role.PARTNER_REP, "rep@brightwater.example", partner_id=partner.id)
    manager = signed_in(world.manager)
    base = f"/acme/manage/partners/{partner.id}"

    manager.post(f"{base}/plan/", {"plan": "## Spring\n\nFour workshops."})
    manager.post(
        f"{base}/goals/new/",
        {
            "metric": "revenue",
            "target": "12,000",
            "currency": "EUR",
            "from_on": "2026-01-01",
            "until_on": "2026-12-31",
            "note": "Agreed in spring",
        },
    )

    page = signed_in(rep).get("/acme/company/").content.decode()
    assert "Four workshops." in page
    assert "Agreed in spring" in page
    assert "Agreed in spring" in signed_in(rep).get("/acme/").content.decode()
    with tenant_scope(world.acme.id):
        assert PartnerGoal.objects.get().target == 1_200_000
