"""A begun referral waits as it was typed; a sent one can be taken back while nobody has decided, its history stays."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.test import Client

from prm.accounts.members import Member, member_of
from prm.accounts.models import Membership, User
from prm.events.models import Event
from prm.events.services import SYSTEM
from prm.notices.models import Mail
from prm.tenancy.scope import tenant_scope
from referrals.capture.drafts import NotRecallable, TooManyDrafts, recall_referral, save_draft
from referrals.capture.models import Draft
from referrals.capture.rules import MAX_DRAFTS
from referrals.pipeline.models import Referral, StageChange, StageKind
from referrals.pipeline.services import change_stage
from tests.builders.referrals import People, a_program, a_referral, people_of, stage_of
from tests.conftest import World

TYPED = {"company": "Kestrel", "contact_email": "not an address", "relationship": "event"}


@pytest.fixture
def people(world: World) -> People:
    with tenant_scope(world.acme.id):
        return people_of(world.acme)


def the_member(user: User) -> Member:
    return member_of(Membership.objects.get(user=user), user)


def test_keeps_what_was_typed_and_opens_it_again(
    world: World, people: People, client: Client
) -> None:
    client.force_login(people.rep)

    saved = client.post("/acme/referrals/drafts/save/", {**TYPED, "tenant_id": "1", "owner": "9"})
    page = client.get(saved.headers["Location"]).content.decode()

    assert saved.status_code == 303
    assert 'value="Kestrel"' in page
    assert 'value="not an address"' in page
    assert '<option value="event" selected>' in page
    with tenant_scope(world.acme.id):
        draft = Draft.objects.get()
        assert (draft.owner_id, draft.values) == (people.rep.id, TYPED)
        assert not Referral.objects.exists()


def test_amounts_come_back_as_typed_and_as_sent(
    world: World, people: People, client: Client, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        sent = a_referral(at, partner=people.partner, by=people.rep, estimate_minor=120_050)
    client.force_login(people.rep)
    typed = {"company": "Kestrel", "estimate": "about 12"}

    saved = client.post("/acme/referrals/drafts/save/", typed).headers["Location"]
    recalled = client.post(f"/acme/referrals/{sent.id}/recall/").headers["Location"]

    assert 'value="about 12"' in client.get(saved).content.decode()
    assert 'value="1200.50"' in client.get(recalled).content.decode()


def test_sending_drops_the_draft(world: World, people: People, client: Client) -> None:
    client.force_login(people.rep)
    with tenant_scope(world.acme.id):
        draft = save_draft(
            draft_id=None,
            values=TYPED,
            program_id=a_program().id,
            member=the_member(people.rep),
            at=datetime.fromisoformat("2026-11-18T12:00Z"),
        )
    form = {
        "company": "Kestrel",
        "contact_name": "Tom Ashdown",
        "contact_email": "tom@kestrel.example",
        "role": "cosell",
        "draft": str(draft.id),
    }

    wrong = client.post("/acme/referrals/new/", {**form, "contact_email": "nothing"})
    with tenant_scope(world.acme.id):
        still = Draft.objects.count()
    sent = client.post("/acme/referrals/new/", form)

    assert (wrong.status_code, still, sent.status_code) == (422, 1, 303)
    with tenant_scope(world.acme.id):
        assert not Draft.objects.exists()
        assert Referral.objects.get().role == "cosell"


def test_nobody_else_sees_opens_or_deletes_it(
    world: World, people: People, client: Client, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        draft = save_draft(
            draft_id=None,
            values=TYPED,
            program_id=a_program().id,
            member=the_member(people.rep),
            at=at,
        )
    client.force_login(people.colleague)

    listed = client.get("/acme/referrals/drafts/").content.decode()
    opened = client.get(f"/acme/referrals/new/?draft={draft.id}").content.decode()
    deleted = client.post(f"/acme/referrals/drafts/{draft.id}/delete/")

    assert "Kestrel" not in listed + opened
    assert deleted.status_code == 404


def test_a_person_keeps_so_many(world: World, people: People, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        member, program = the_member(people.rep), a_program().id
        for _ in range(MAX_DRAFTS):
            save_draft(draft_id=None, values=TYPED, program_id=program, member=member, at=at)

        with pytest.raises(TooManyDrafts):
            save_draft(draft_id=None, values=TYPED, program_id=program, member=member, at=at)
        assert Draft.objects.count() == MAX_DRAFTS


def test_taking_back_empties_the_queue_and_keeps_the_history(
    world: World, people: People, client: Client, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        referral = a_referral(at, partner=people.partner, by=people.rep, context="Needs a call")
    client.force_login(people.rep)

    answer = client.post(f"/acme/referrals/{referral.id}/recall/")
    page = client.get(answer.headers["Location"]).content.decode()

    assert "Needs a call" in page
    with tenant_scope(world.acme.id):
        referral.refresh_from_db()
        assert referral.recalled_at is not None
        assert referral.stage_kind == StageKind.EXPIRED
        assert not Referral.objects.waiting().exists()
        assert StageChange.objects.filter(referral_id=referral.id).count() == 2
        assert Event.objects.filter(name="referral.recalled").count() == 1
        assert Draft.objects.get().recalled_from_id == referral.id
    form = {
        "company": "Kestrel Ltd",
        "contact_name": "Tom Ashdown",
        "contact_email": "tom@kestrel.example",
        "draft": answer.headers["Location"].partition("draft=")[2],
    }
    assert client.post("/acme/referrals/new/", form).status_code == 303
    with tenant_scope(world.acme.id):
        assert Referral.objects.count() == 2
        assert Referral.objects.waiting().count() == 1


@pytest.mark.parametrize(("stage", "source"), [("accepted", "form"), ("submitted", "link")])
def test_what_was_decided_or_not_brought_stays(
    world: World, people: People, at: datetime, stage: str, source: str
) -> None:
    with tenant_scope(world.acme.id):
        referral = a_referral(at, partner=people.partner, by=people.rep, stage=stage, source=source)

        with pytest.raises(NotRecallable):
            recall_referral(referral_id=referral.id, member=the_member(people.rep), at=at)
        assert not Draft.objects.exists()


def test_a_program_without_that_move_lets_it_be_taken_back_too(
    world: World, people: People, at: datetime
) -> None:
    from referrals.pipeline.models import StageMove

    with tenant_scope(world.acme.id):
        referral = a_referral(at, partner=people.partner, by=people.rep)
        StageMove.objects.all().delete()

        recall_referral(referral_id=referral.id, member=the_member(people.rep), at=at)

        referral.refresh_from_db()
        assert referral.stage_id == stage_of(referral.program_id, "expired").id


def test_a_colleague_without_sight_of_it_cannot(
    world: World, people: People, client: Client, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        referral = a_referral(at, partner=people.partner, by=people.rep)
    client.force_login(people.colleague)

    assert client.post(f"/acme/referrals/{referral.id}/recall/").status_code == 404


def test_too_late_says_so_and_changes_nothing(
    world: World, people: People, client: Client, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        referral = a_referral(at, partner=people.partner, by=people.rep)
        accepted = stage_of(referral.program_id, "accepted")
        change_stage(referral_id=referral.id, to_stage_id=accepted.id, actor=SYSTEM, at=at)
    client.force_login(people.rep)

    page = client.post(f"/acme/referrals/{referral.id}/recall/", follow=True)

    assert "Somebody has decided in the meantime" in page.content.decode()
    with tenant_scope(world.acme.id):
        assert not Draft.objects.exists()


def test_a_referral_taken_back_is_not_told_as_run_out_of_time(
    world: World, people: People, client: Client, at: datetime, deliver: Callable[[], int]
) -> None:
    with tenant_scope(world.acme.id):
        referral = a_referral(at, partner=people.partner, by=people.rep)
    client.force_login(people.rep)
    client.post(f"/acme/referrals/{referral.id}/recall/")

    deliver()

    with tenant_scope(world.acme.id):
        mail = Mail.objects.filter(to=people.rep.email).latest("id")
    assert mail.subject == f"{referral.company} was taken back"
    assert "was taken back before Acme answered" in mail.text
    assert "has run out of time" not in mail.text + mail.html
    assert "among the drafts" in mail.html
