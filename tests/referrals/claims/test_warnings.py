"""Who is told that protection ends, and the link in that mail with which a partner says that it still works on it."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.core import signing
from django.test import Client
from django.utils import timezone

from prm.events.models import Event
from prm.events.services import SYSTEM, Actor
from prm.notices.models import Mail
from prm.tenancy.scope import tenant_scope
from referrals.claims.models import Claim, ClaimEnd
from referrals.claims.services import LinkSpent, confirm_work, note_work, sweep_idle
from referrals.claims.tasks import sweep_tenant
from referrals.pipeline.models import Referral
from referrals.pipeline.services import add_note
from tests.builders.referrals import People, a_referral, people_of
from tests.conftest import World

DAY = timedelta(days=1)


@pytest.fixture
def people(world: World) -> People:
    with tenant_scope(world.acme.id):
        return people_of(world.acme)


def protected(world: World, people: People, since: datetime) -> Referral:
    with tenant_scope(world.acme.id):
        return a_referral(since, partner=people.partner, by=people.rep, stage="accepted")


def told(world: World, kind: str) -> list[tuple[str, str]]:
    with tenant_scope(world.acme.id):
        mails = Mail.objects.filter(kind=kind).order_by("id")
        return sorted((mail.to, mail.subject) for mail in mails)


def link_in(world: World, email: str) -> str:
    """Return the path of the link in a warning."""
    with tenant_scope(world.acme.id):
        mail = Mail.objects.get(kind="claim.warned", to=email)
    found = re.search(r"https?://[^/\s]+(/acme/still-working/\S+/)", mail.text)
    return found.group(1) if found else ""


@pytest.fixture
def link(world: World, people: People, deliver: Callable[[], int]) -> str:
    """The link of a warning that was sent just now, for a company without work for 55 days."""
    now = timezone.now()
    protected(world, people, now - 55 * DAY)
    sweep_tenant(world.acme.id, at=now)
    deliver()
    return link_in(world, people.rep.email)


def claim(world: World) -> Claim:
    with tenant_scope(world.acme.id):
        return Claim.objects.get()


def test_silence_is_told_to_sender_and_manager_only_the_sender_gets_the_link(
    world: World, people: People, link: str
) -> None:
    assert told(world, "claim.warned") == [
        (world.manager.email, "Are you still working on Kestrel Logistics?"),
        (people.rep.email, "Are you still working on Kestrel Logistics?"),
    ]
    assert link
    assert link_in(world, world.manager.email) == ""


def test_looking_at_the_link_changes_nothing(world: World, link: str) -> None:
    before = claim(world)

    pages = [Client().get(link), Client().head(link)]

    assert [page.status_code for page in pages] == [200, 200]
    assert pages[0].headers["Referrer-Policy"] == "same-origin"
    assert "Yes, I am still working on it" in pages[0].content.decode()
    assert claim(world).active_at == before.active_at
    assert claim(world).idle_warned_at is not None


def test_one_press_without_a_login_keeps_it_once(
    world: World, people: People, link: str, deliver: Callable[[], int]
) -> None:
    first, second = Client().post(link), Client().post(link)
    later = Client().get(link)

    assert "Kestrel Logistics stays with you" in first.content.decode()
    for page in (second, later):
        assert "This link was used already" in page.content.decode()
        assert "Kestrel" not in page.content.decode()
    row = claim(world)
    assert row.idle_warned_at is None
    with tenant_scope(world.acme.id):
        event = Event.objects.get(name="claim.confirmed")
    assert event.actor_id is None
    assert row.active_at == event.at
    sweep_tenant(world.acme.id, at=timezone.now() + 8 * DAY)
    assert claim(world).ended_at is None


def test_the_press_asks_for_the_token_of_the_form(link: str) -> None:
    assert Client(enforce_csrf_checks=True).post(link).status_code == 403


def test_work_since_spends_the_link(world: World, link: str) -> None:
    with tenant_scope(world.acme.id):
        assert note_work(referral_id=Claim.objects.get().referral_id, at=timezone.now())

    assert "This link was used already" in Client().post(link).content.decode()
    with tenant_scope(world.acme.id):
        assert not Event.objects.filter(name="claim.confirmed").exists()


def test_a_forged_link_and_anothers_vendors_look_spent(world: World, link: str) -> None:
    row, tenant = claim(world), world.acme.id
    assert row.idle_warned_at is not None
    said = [tenant, str(row.id), row.idle_warned_at.isoformat()]
    forged = f"/acme/still-working/{signing.dumps(said, salt='of my own')}/"

    answers = [
        Client().post(path)
        for path in (forged, link.replace("/acme/", "/globex/"), "/acme/still-working/nonsense/")
    ]

    for answer in answers:
        assert "This link was used already" in answer.content.decode()
        assert "Kestrel" not in answer.content.decode()
    assert claim(world).idle_warned_at == row.idle_warned_at


def test_the_link_of_an_older_warning_is_spent(world: World, people: People) -> None:
    now = timezone.now()
    referral = protected(world, people, now - 80 * DAY)
    with tenant_scope(world.acme.id):
        sweep_idle(at=now - 20 * DAY)
        first = Claim.objects.get()
        assert first.idle_warned_at == now - 20 * DAY
        note_work(referral_id=referral.id, at=now - 19 * DAY)
        Claim.objects.update(idle_warned_at=now)
        with pytest.raises(LinkSpent):
            confirm_work(claim_id=first.id, warned_at=first.idle_warned_at, actor=SYSTEM, at=now)
        confirm_work(claim_id=first.id, warned_at=now, actor=SYSTEM, at=now)
        assert Claim.objects.get().active_at == now


def test_silence_after_the_warning_releases_and_tells(
    world: World, people: People, link: str, deliver: Callable[[], int]
) -> None:
    sweep_tenant(world.acme.id, at=timezone.now() + 8 * DAY)
    deliver()

    assert claim(world).ended_why == ClaimEnd.IDLE
    assert told(world, "claim.ended") == [
        (world.manager.email, "Kestrel Logistics is no longer protected"),
        (people.rep.email, "Kestrel Logistics is no longer protected"),
    ]
    with tenant_scope(world.acme.id):
        text = Mail.objects.get(kind="claim.ended", to=people.rep.email).text
        number = Referral.objects.get().number
    assert f"No sign of work came for Kestrel Logistics ({number})" in text
    assert "This link was used already" in Client().post(link).content.decode()


def test_the_end_is_warned_of_with_the_day_of_the_tenants_zone(
    world: World, people: People, deliver: Callable[[], int]
) -> None:
    referral = protected(world, people, datetime(2026, 11, 18, 23, 30, tzinfo=UTC))
    assert referral.protected_until is not None
    with tenant_scope(world.acme.id):
        Claim.objects.update(active_at=referral.protected_until)
    world.acme.time_zone = "Europe/Rome"
    world.acme.save(update_fields=["time_zone"])

    sweep_tenant(world.acme.id, at=referral.protected_until - 14 * DAY)
    deliver()

    assert referral.protected_until == datetime(2027, 2, 16, 23, 30, tzinfo=UTC)
    with tenant_scope(world.acme.id):
        mail = Mail.objects.get(kind="claim.warned", to=people.rep.email)
    assert mail.subject == "The protection of Kestrel Logistics ends in 14 days"
    assert re.search(r"is protected for Brightwater until 17\sFebruary\s2027\.", mail.text)
    assert "/still-working/" not in mail.text


def test_the_end_itself_is_told_once(
    world: World, people: People, deliver: Callable[[], int]
) -> None:
    referral = protected(world, people, timezone.now())
    assert referral.protected_until is not None

    for late in (1, 2):
        sweep_tenant(world.acme.id, at=referral.protected_until + timedelta(minutes=late))
        deliver()

    assert [to for to, _ in told(world, "claim.ended")] == [world.manager.email, people.rep.email]
    with tenant_scope(world.acme.id):
        text = Mail.objects.get(kind="claim.ended", to=people.rep.email).text
    assert f"The protection of Kestrel Logistics ({referral.number}) has ended." in text


def test_a_note_of_the_partner_is_work_and_the_vendors_is_not(
    world: World, people: People, deliver: Callable[[], int]
) -> None:
    now = timezone.now()
    referral = protected(world, people, now - 20 * DAY)
    seen = []
    for person, at in ((world.manager, now - 10 * DAY), (people.rep, now - 5 * DAY)):
        with tenant_scope(world.acme.id):
            add_note(
                referral_id=referral.id,
                text="Called",
                internal=False,
                actor=Actor(user_id=person.id),
                at=at,
            )
        deliver()
        seen.append(claim(world).active_at)

    assert seen == [now - 20 * DAY, now - 5 * DAY]
