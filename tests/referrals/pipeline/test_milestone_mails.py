"""Every step of a referral is told to its sender once, in their language; a new one to those who answer."""

from collections.abc import Callable
from datetime import datetime

import pytest
from lxml import html

from prm.accounts.capabilities import Role
from prm.events.services import SYSTEM, Actor
from prm.notices.models import Mail, Notice
from prm.tenancy.scope import tenant_scope
from referrals.pipeline import panels
from referrals.pipeline.panels import MoneyLine
from referrals.pipeline.services import add_note, change_stage, set_next_step
from tests.builders.people import a_member
from tests.builders.referrals import People, a_partner, a_program, a_referral, people_of, stage_of
from tests.conftest import World


@pytest.fixture
def people(world: World) -> People:
    with tenant_scope(world.acme.id):
        return people_of(world.acme)


def mails_to(world: World, email: str) -> list[Mail]:
    with tenant_scope(world.acme.id):
        return list(Mail.objects.filter(to=email).order_by("id"))


def test_the_sender_gets_one_mail_a_step(
    world: World, people: People, at: datetime, deliver: Callable[[], int]
) -> None:
    with tenant_scope(world.acme.id):
        a_referral(at, partner=people.partner, by=people.rep, stage="opportunity")

    deliver()
    deliver()

    assert [mail.subject for mail in mails_to(world, people.rep.email)] == [
        "Kestrel Logistics is on its way",
        "Kestrel Logistics is accepted",
        "Kestrel Logistics is qualified",
        "Kestrel Logistics is now in Opportunity",
    ]
    assert mails_to(world, people.colleague.email) == []
    assert mails_to(world, people.admin.email) == []


def test_the_mail_says_what_happened_what_next_and_why_it_came(
    world: World, people: People, at: datetime, deliver: Callable[[], int]
) -> None:
    with tenant_scope(world.acme.id):
        referral = a_referral(at, partner=people.partner, by=people.rep, stage="accepted")
        add_note(
            referral_id=referral.id,
            text="Secret doubts",
            internal=True,
            actor=Actor(user_id=world.manager.id),
            at=at,
        )
        set_next_step(
            referral_id=referral.id,
            text="First call",
            due_on=at.date(),
            owner_id=world.manager.id,
            actor=SYSTEM,
            at=at,
        )
        change_stage(
            referral_id=referral.id,
            to_stage_id=stage_of(referral.program_id, "qualified").id,
            actor=SYSTEM,
            at=at,
        )

    deliver()

    mail = mails_to(world, people.rep.email)[-1]
    for part in (mail.text, mail.html):
        assert (
            "Hi Rae, your referral moved from Accepted to Qualified. Next: First call, by 18"
            in part.replace("\n", " ")
        )
        assert "Step 3 of 5." in part
        assert "Next: Opportunity" in part
        assert "a short word from you to Tom Ashdown" in part
        assert f"You get this because Brightwater sent {referral.number}." in part
        assert f"/acme/referrals/{referral.id}/" in part
        assert "Secret doubts" not in part
    assert "Mara Manager at Acme answers them" in mail.html
    assert mail.html.count('class="cell"') + mail.html.count('class="cell off"') == 5


@pytest.mark.parametrize(
    ("stage", "sentence"),
    [
        ("submitted", "Acme looks at Kestrel Logistics and answers by Fri 20\N{NO-BREAK SPACE}Nov"),
        ("accepted", "Credit is yours until 16"),
        ("lost", "ended without a contract. The reason: They chose another product."),
        (
            "rejected",
            "Acme will not take Kestrel Logistics further. The reason: They chose another product.",
        ),
        ("expired", "has run out of time"),
    ],
)
def test_each_ending_has_its_words(
    world: World,
    people: People,
    at: datetime,
    deliver: Callable[[], int],
    stage: str,
    sentence: str,
) -> None:
    with tenant_scope(world.acme.id):
        a_referral(at, partner=people.partner, by=people.rep, stage=stage)

    deliver()

    assert sentence in mails_to(world, people.rep.email)[-1].text


def test_what_it_earns_is_told_to_those_who_may_know(
    world: World,
    people: People,
    at: datetime,
    deliver: Callable[[], int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    line = MoneyLine("If they sign", 360_000, "EUR")
    monkeypatch.setitem(panels._fillers, "referral.milestone", lambda referral: [line])
    with tenant_scope(world.acme.id):
        a_referral(at, partner=people.partner, by=people.admin)
        a_referral(at, partner=people.partner, by=people.rep, contact_email="a@b.example")

    deliver()

    told = mails_to(world, people.admin.email)[-1]
    assert "If they sign: €3,600.00" in told.text
    assert "€3,600.00" in told.html
    untold = mails_to(world, people.rep.email)[-1]
    assert "3,600" not in untold.text + untold.html


def test_markup_in_names_stays_text(
    world: World, people: People, at: datetime, deliver: Callable[[], int]
) -> None:
    with tenant_scope(world.acme.id):
        a_referral(at, partner=people.partner, by=people.rep, company="<img src=x> & Sons")

    deliver()

    mail = mails_to(world, people.rep.email)[-1]
    assert mail.subject == "<img src=x> & Sons is on its way"
    assert html.fromstring(mail.html).findall(".//img") == []
    assert "<img src=x> & Sons" in mail.text


def test_a_referral_without_a_sender_mails_nobody(
    world: World, people: People, at: datetime, deliver: Callable[[], int]
) -> None:
    with tenant_scope(world.acme.id):
        a_referral(at, partner=people.partner, stage="accepted")

    deliver()

    with tenant_scope(world.acme.id):
        assert not Mail.objects.filter(kind="referral.milestone").exists()


def test_managers_are_told_in_the_portal(
    world: World, people: People, at: datetime, deliver: Callable[[], int]
) -> None:
    a_member(world.acme, Role.CHANNEL_MANAGER, "second-manager@acme.example")
    with tenant_scope(world.acme.id):
        a_referral(at, partner=people.partner, by=people.rep)
        a_referral(
            at,
            partner=a_partner("Harbour", program=a_program(), manager=world.manager),
            contact_email="a@b.example",
        )

    deliver()

    with tenant_scope(world.acme.id):
        told = {
            (row.user.email, row.facts["partner"])
            for row in Notice.objects.filter(kind="referral.new").select_related("user")
        }
        assert not Mail.objects.filter(kind="referral.new").exists()
    assert told == {
        ("manager@acme.example", "Brightwater"),
        ("second-manager@acme.example", "Brightwater"),
        ("manager@acme.example", "Harbour"),
    }
