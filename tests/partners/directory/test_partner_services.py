"""Partners are added, changed, paused and enrolled, once each, with an event that says what changed."""

from datetime import datetime
from typing import Any

import pytest

from partners.directory.models import Enrollment, Partner, PartnerState
from partners.directory.rules import folded_name, site_domain
from partners.directory.selectors import lookalikes
from partners.directory.services import (
    PartnerNameTaken,
    PartnershipEnded,
    ReasonRequired,
    add_partner,
    change_partner_state,
    edit_partner,
    end_enrollment,
    enroll,
    invite_person,
)
from prm.accounts.capabilities import Role
from prm.accounts.invitations import (
    InvitationUnusable,
    token_of,
    usable_invitation,
)
from prm.accounts.models import Membership
from prm.events.models import Event
from prm.events.services import SYSTEM, Actor
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from tests.builders.partners import a_partner, a_program
from tests.builders.people import a_member
from tests.conftest import World

MARA = Actor(user_id=None, name="Mara")


def events() -> list[str]:
    return list(Event.objects.order_by("id").values_list("name", flat=True))


@pytest.mark.parametrize(
    ("given", "folded"),
    [
        ("  Brightwater   ADVISORY ", "brightwater advisory"),
        ("ﬁne", "fine"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
    ],
)
def test_names_compare_folded(given: str, folded: str) -> None:
    assert folded_name(given) == folded


@pytest.mark.parametrize(
    ("website", "domain"),
    [
        ("https://www.Brightwater.example/about", "brightwater.example"),
        ("brightwater.example", "brightwater.example"),
        ("http://bücher.example:8080", "xn--bcher-kva.example"),
        ("", ""),
        ("not a site", ""),
        ("http://[::1", ""),
    ],
)
def test_domains_are_read_from_websites(website: str, domain: str) -> None:
    assert site_domain(website) == domain


def test_a_partner_is_added_and_enrolled(acme: Tenant, at: datetime) -> None:
    program = a_program()

    partner = add_partner(
        name=" Brightwater  Advisory ",
        type="accountant",
        country="ie",
        website="https://brightwater.example",
        program_ids=[program.id],
        actor=MARA,
        at=at,
    )

    partner.refresh_from_db()
    assert (partner.name, partner.type, partner.country) == (
        "Brightwater Advisory",
        "accountant",
        "IE",
    )
    assert (partner.domain, partner.state) == ("brightwater.example", PartnerState.ACTIVE)
    assert Enrollment.objects.get(partner=partner).program_id == program.id
    assert events() == ["program.created", "partner.added", "partner.enrolled"]


def test_a_second_of_the_same_name_is_refused(acme: Tenant, at: datetime) -> None:
    a_partner("Brightwater Advisory")

    with pytest.raises(PartnerNameTaken):
        add_partner(name="BRIGHTWATER  advisory", actor=MARA, at=at)

    assert Partner.objects.count() == 1
    assert events() == ["partner.added"]


def test_another_tenant_may_have_one_of_that_name(world: World, at: datetime) -> None:
    for tenant in (world.acme, world.globex):
        with tenant_scope(tenant.id):
            a_partner("Brightwater Advisory")
            assert Partner.objects.count() == 1


def test_an_unknown_fact_is_a_mistake_of_the_caller(acme: Tenant, at: datetime) -> None:
    with pytest.raises(TypeError):
        add_partner(name="X", colour="red", actor=MARA, at=at)


def test_a_change_says_before_and_after(acme: Tenant, at: datetime) -> None:
    partner = a_partner("Old", segment="Small")

    edit_partner(partner_id=partner.id, name="New", segment="Small", actor=MARA, at=at)

    event = Event.objects.latest("id")
    assert (event.name, event.changes) == ("partner.edited", {"name": ["Old", "New"]})


def test_the_same_values_again_write_nothing(acme: Tenant, at: datetime) -> None:
    partner = a_partner("Old", segment="Small")

    edit_partner(partner_id=partner.id, name="Old", segment="Small", actor=MARA, at=at)

    assert events() == ["partner.added"]


def test_a_new_name_reaches_the_people(acme: Tenant, at: datetime) -> None:
    partner = a_partner("Old")
    rep = a_member(
        acme, Role.PARTNER_REP, "rep@x.example", partner_id=partner.id, partner_name="Old"
    )

    edit_partner(partner_id=partner.id, name="New", actor=MARA, at=at)

    assert Membership.objects.get(user=rep).partner_name == "New"


def test_a_partner_is_paused_with_a_reason_and_taken_up_again(acme: Tenant, at: datetime) -> None:
    partner = a_partner()

    change_partner_state(
        partner_id=partner.id, state="paused", reason=" Late with tax form ", actor=MARA, at=at
    )
    change_partner_state(partner_id=partner.id, state="paused", reason="again", actor=MARA, at=at)
    paused = Partner.objects.get(id=partner.id)
    change_partner_state(partner_id=partner.id, state="active", actor=MARA, at=at)

    assert (paused.state, paused.state_reason) == ("paused", "Late with tax form")
    assert Partner.objects.get(id=partner.id).state == "active"
    assert events() == ["partner.added", "partner.state_changed", "partner.state_changed"]


@pytest.mark.parametrize("state", ["paused", "ended"])
def test_no_pause_and_no_end_without_a_reason(acme: Tenant, at: datetime, state: str) -> None:
    partner = a_partner()

    with pytest.raises(ReasonRequired):
        change_partner_state(partner_id=partner.id, state=state, reason=" ", actor=MARA, at=at)

    assert Partner.objects.get(id=partner.id).state == "active"
    assert events() == ["partner.added"]


def test_enrolling_twice_is_once_and_an_ended_enrolment_comes_back(
    acme: Tenant, at: datetime
) -> None:
    partner, program = a_partner(), a_program()
    ids: dict[str, Any] = {
        "partner_id": partner.id,
        "program_id": program.id,
        "actor": MARA,
        "at": at,
    }

    first = enroll(**ids)
    again = enroll(**ids)
    end_enrollment(**ids)
    end_enrollment(**ids)
    back = enroll(**ids)

    assert first.id == again.id == back.id
    assert Enrollment.objects.get().state == "active"
    assert events()[2:] == ["partner.enrolled", "partner.unenrolled", "partner.enrolled"]


def test_another_tenants_program_is_out_of_reach(world: World, at: datetime) -> None:
    with tenant_scope(world.globex.id):
        foreign = a_program()
    with tenant_scope(world.acme.id):
        partner = a_partner()
        with pytest.raises(type(foreign).DoesNotExist):
            enroll(partner_id=partner.id, program_id=foreign.id, actor=MARA, at=at)


def test_lookalikes_share_a_domain_or_begin_alike(acme: Tenant) -> None:
    same_site = a_partner("Other name", website="https://kestrel.example")
    alike = a_partner("Kestrel Consulting")
    a_partner("The Group")

    found = lookalikes(name="Kestrel Advisory", website="www.kestrel.example")

    assert {partner.id for partner in found} == {same_site.id, alike.id}
    assert lookalikes(name="The Firm", website="") == []


def test_ending_closes_the_places_and_taking_up_again_opens_exactly_these(
    acme: Tenant, at: datetime
) -> None:
    partner, other = a_partner("Brightwater"), a_partner("Cobalt")
    place: dict[str, Any] = {"partner_id": partner.id, "partner_name": "Brightwater"}
    boss = a_member(acme, Role.PARTNER_ADMIN, "boss@x.example", **place)
    rep = a_member(acme, Role.PARTNER_REP, "rep@x.example", sees_earnings=True, **place)
    gone = a_member(acme, Role.PARTNER_REP, "gone@x.example", ended_at=at, **place)
    elsewhere = a_member(acme, Role.PARTNER_REP, "else@x.example", partner_id=other.id)
    waiting = invite_person(
        partner_id=partner.id,
        email="new@x.example",
        name="",
        role=Role.PARTNER_REP,
        actor=SYSTEM,
        at=at,
    )
    change: dict[str, Any] = {"partner_id": partner.id, "actor": MARA, "at": at}

    for _ in range(2):
        change_partner_state(state="ended", reason="No more business", **change)

    assert live() == {elsewhere.email} | STAFF
    with pytest.raises(InvitationUnusable, match="revoked"):
        usable_invitation(token_of(waiting), at=at)
    assert told("membership.ended") == 2
    for _ in range(2):
        change_partner_state(state="active", **change)
    assert live() == {boss.email, rep.email, elsewhere.email} | STAFF
    assert gone.email not in live()
    assert Membership.objects.get(user=rep).sees_earnings
    assert told("membership.started") == 2


def test_pausing_closes_nothing(acme: Tenant, at: datetime) -> None:
    partner = a_partner()
    rep = a_member(acme, Role.PARTNER_REP, "rep@x.example", partner_id=partner.id)

    change_partner_state(partner_id=partner.id, state="paused", reason="Tax", actor=MARA, at=at)

    assert rep.email in live()


def test_from_ended_to_paused_opens_the_places_too(acme: Tenant, at: datetime) -> None:
    partner = a_partner()
    rep = a_member(acme, Role.PARTNER_REP, "rep@x.example", partner_id=partner.id)
    for state in ("ended", "paused"):
        change_partner_state(partner_id=partner.id, state=state, reason="x", actor=MARA, at=at)

    assert rep.email in live()


def test_nobody_is_invited_into_an_ended_partner(acme: Tenant, at: datetime) -> None:
    partner = a_partner()
    change_partner_state(partner_id=partner.id, state="ended", reason="x", actor=MARA, at=at)

    with pytest.raises(PartnershipEnded):
        invite_person(
            partner_id=partner.id,
            email="new@x.example",
            name="",
            role=Role.PARTNER_REP,
            actor=MARA,
            at=at,
        )

    assert told("invitation.sent") == 0


STAFF = {
    "manager@acme.example",
    "finance@acme.example",
    "second@acme.example",
    "admin@acme.example",
    "admin@globex.example",
}


def live() -> set[str]:
    """Return the addresses of everybody who has a place."""
    return set(Membership.objects.filter(ended_at=None).values_list("user__email", flat=True))


def told(name: str) -> int:
    """Return how many events of a name there are."""
    return Event.objects.filter(name=name).count()
