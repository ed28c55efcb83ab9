"""A partner's people see their referrals, where each stands and what happens next, and never an internal note."""

from datetime import datetime

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from prm.events.services import SYSTEM, Actor
from prm.tenancy.scope import tenant_scope
from referrals.pipeline.models import Referral, ReferralNote
from referrals.pipeline.services import add_note, change_stage
from tests.builders.referrals import People, a_partner, a_referral, people_of, stage_of
from tests.conftest import World


@pytest.fixture
def people(world: World) -> People:
    with tenant_scope(world.acme.id):
        return people_of(world.acme)


def signed_in(client: Client, user: object) -> Client:
    client.force_login(user)  # type: ignore[arg-type]
    return client


def own_work(context: CaptureQueriesContext) -> list[str]:
    """Return the page's statements: without transaction control, the scope's end, and the log of sessions in use."""
    found = [query["sql"] for query in context.captured_queries]
    logged = any("usersessions_usersession" in sql for sql in found)
    kept = [
        sql
        for sql in found
        if not sql.startswith(("SAVEPOINT", "RELEASE", "select set_config('app.tenant_id', ''"))
        and "usersessions" not in sql
    ]
    people = [sql for sql in kept if 'FROM "prm_user"' in sql]
    if logged:
        kept.remove(people[-1])
    return kept


def test_a_rep_sees_own_referrals_and_the_admin_all(
    world: World, people: People, client: Client, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        a_referral(at, partner=people.partner, by=people.rep, company="Kestrel Logistics")
        a_referral(
            at,
            partner=people.partner,
            by=people.colleague,
            company="Tidewell Clinics",
            contact_email="a@tidewell.example",
        )
        a_referral(
            at,
            partner=a_partner("Harbour"),
            company="Moorgate Print",
            contact_email="a@moorgate.example",
        )

    rep = signed_in(client, people.rep).get("/acme/referrals/").content.decode()
    admin = signed_in(client, people.admin).get("/acme/referrals/").content.decode()

    assert ("Kestrel Logistics" in rep, "Tidewell Clinics" in rep, "Moorgate Print" in rep) == (
        True,
        False,
        False,
    )
    assert (
        "Kestrel Logistics" in admin,
        "Tidewell Clinics" in admin,
        "Moorgate Print" in admin,
    ) == (True, True, False)


def test_the_detail_shows_way_timeline_and_shared_notes_only(
    world: World, people: People, client: Client, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        referral = a_referral(at, partner=people.partner, by=people.rep, stage="qualified")
        manager = Actor(user_id=world.manager.id)
        add_note(
            referral_id=referral.id,
            text="Budget is <b>tight</b>",
            internal=True,
            actor=manager,
            at=at,
        )
        add_note(
            referral_id=referral.id,
            text="Call them on Friday",
            internal=False,
            actor=manager,
            at=at,
        )

    page = signed_in(client, people.rep).get(f"/acme/referrals/{referral.id}/").content.decode()

    assert "Call them on Friday" in page
    assert "tight" not in page
    assert "Moved to <strong>Qualified</strong>" in page
    assert "Mara Manager, Acme" in page


def test_a_note_of_the_partner_reaches_the_timeline(
    world: World, people: People, client: Client, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        referral = a_referral(at, partner=people.partner, by=people.rep)

    answer = signed_in(client, people.rep).post(
        f"/acme/referrals/{referral.id}/note/", {"text": "They want a demo"}, follow=True
    )

    assert answer.status_code == 200
    assert "They want a demo" in answer.content.decode()


def test_an_empty_note_is_refused_in_place(
    world: World, people: People, client: Client, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        referral = a_referral(at, partner=people.partner, by=people.rep)

    answer = signed_in(client, people.rep).post(
        f"/acme/referrals/{referral.id}/note/", {"text": " "}
    )

    assert answer.status_code == 422
    with tenant_scope(world.acme.id):
        assert not ReferralNote.objects.exists()


def test_another_partners_referral_does_not_exist(
    world: World, people: People, client: Client, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        theirs = a_referral(at, partner=a_partner("Harbour"))
        colleagues = a_referral(at, partner=people.partner, by=people.colleague, company="Other")

    for referral in (theirs, colleagues):
        assert (
            signed_in(client, people.rep).get(f"/acme/referrals/{referral.id}/").status_code == 404
        )
        assert client.post(f"/acme/referrals/{referral.id}/note/", {"text": "x"}).status_code == 404
    with tenant_scope(world.acme.id):
        assert not ReferralNote.objects.exists()


@pytest.mark.parametrize("count", [1, 30])
def test_the_list_asks_the_database_a_fixed_number_of_times(
    world: World,
    people: People,
    client: Client,
    at: datetime,
    count: int,
) -> None:
    with tenant_scope(world.acme.id):
        for number in range(count):
            a_referral(
                at,
                partner=people.partner,
                by=people.rep,
                company=f"Company {number}",
                contact_email=f"a@c{number}.example",
            )
    signed_in(client, people.rep).get("/acme/referrals/")

    with CaptureQueriesContext(connection) as context:
        assert client.get("/acme/referrals/?q=company").status_code == 200

    # tenant, session, person, membership, scope, rows, all counts with the unread notices; a rep sees no reward
    assert len(own_work(context)) == 7


def test_an_admins_list_asks_once_more_for_all_rewards(
    world: World, people: People, client: Client, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        for number in range(3):
            a_referral(
                at,
                partner=people.partner,
                by=people.rep,
                company=f"Company {number}",
                contact_email=f"a@c{number}.example",
            )
        Referral.objects.update(deal_minor=100_000)
    signed_in(client, people.admin).get("/acme/referrals/")

    with CaptureQueriesContext(connection) as context:
        assert client.get("/acme/referrals/").status_code == 200

    assert len(own_work(context)) == 8


def test_search_finds_by_the_start_of_a_name_and_by_number(
    world: World, people: People, client: Client, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        a_referral(at, partner=people.partner, by=people.rep, company="Kestrel Logistics B.V.")
        second = a_referral(
            at,
            partner=people.partner,
            by=people.rep,
            company="Tidewell",
            contact_email="a@tidewell.example",
        )
    signed_in(client, people.rep)

    def found(words: str) -> set[str]:
        page = client.get("/acme/referrals/", {"q": words}).content.decode()
        return {name for name in ("Kestrel Logistics B.V.", "Tidewell") if name in page}

    assert found("kestrel log") == {"Kestrel Logistics B.V."}
    assert found("Kestrel Logistics BV") == {"Kestrel Logistics B.V."}
    assert found(second.number.lower()) == {"Tidewell"}
    assert found("logistics") == set()
    assert found("%") == set()


def test_views_and_stages_narrow_the_list(
    world: World, people: People, client: Client, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        for number, stage in enumerate(("submitted", "qualified", "lost", "rejected")):
            a_referral(
                at,
                partner=people.partner,
                by=people.rep,
                company=f"In {stage}",
                contact_email=f"a@c{number}.example",
                stage=stage,
            )
    signed_in(client, people.rep)

    def found(query: str) -> set[str]:
        page = client.get(f"/acme/referrals/?{query}").content.decode()
        return {
            stage
            for stage in ("submitted", "qualified", "lost", "rejected")
            if f"In {stage}" in page
        }

    assert found("view=open") == {"submitted", "qualified"}
    assert found("view=lost") == {"lost"}
    assert found("view=declined") == {"rejected"}
    assert found("stage=qualified") == {"qualified"}
    assert found("view=nonsense&stage=nonsense&sent=nonsense&after=nonsense") == {
        "submitted",
        "qualified",
        "lost",
        "rejected",
    }


def test_pages_follow_each_other_without_gap_or_repeat(
    world: World, people: People, client: Client, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        for number in range(27):
            a_referral(
                at,
                partner=people.partner,
                by=people.rep,
                company=f"Company {number:02}",
                contact_email=f"a@c{number}.example",
            )
    signed_in(client, people.rep)

    first = client.get("/acme/referrals/")
    second = client.get("/acme/referrals/" + first.context["page"].next_query)

    names = [row.company for row in (*first.context["page"].rows, *second.context["page"].rows)]
    assert names == [f"Company {number:02}" for number in range(26, -1, -1)]


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_the_view_comes_as_a_file_without_internal_notes(
    world: World, people: People, client: Client, at: datetime, ending: str
) -> None:
    with tenant_scope(world.acme.id):
        referral = a_referral(
            at, partner=people.partner, by=people.rep, company="=cmd|' /C calc'!A0"
        )
        a_referral(
            at,
            partner=people.partner,
            by=people.colleague,
            company="Colleague's",
            contact_email="a@b.example",
        )
        add_note(
            referral_id=referral.id,
            text="Secret",
            internal=True,
            actor=Actor(user_id=world.manager.id),
            at=at,
        )

    answer = signed_in(client, people.rep).post(
        "/acme/referrals/export/", {"format": ending, "query": "view=open"}
    )

    assert answer.status_code == 200
    assert answer["Content-Disposition"].startswith('attachment; filename="referrals-20')
    if ending == "csv":
        text = answer.content.decode("utf-8-sig")
        assert "'=cmd" in text
        assert len(text.splitlines()) == 2
        assert "Secret" not in text


def test_a_partner_cannot_move_a_referral(
    world: World, people: People, client: Client, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        referral = a_referral(at, partner=people.partner, by=people.rep)

    assert (
        signed_in(client, people.admin)
        .post(f"/acme/manage/referrals/{referral.id}/accept/")
        .status_code
        == 403
    )
    with tenant_scope(world.acme.id):
        assert Referral.objects.get(id=referral.id).stage_kind == "submitted"


def test_a_declined_referral_says_why(
    world: World, people: People, client: Client, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        referral = a_referral(at, partner=people.partner, by=people.rep)
        change_stage(
            referral_id=referral.id,
            to_stage_id=stage_of(referral.program_id, "rejected").id,
            actor=SYSTEM,
            at=at,
            reason="Already a customer",
        )

    page = signed_in(client, people.rep).get(f"/acme/referrals/{referral.id}/").content.decode()

    assert "Acme declined this referral" in page
    assert "Already a customer" in page
