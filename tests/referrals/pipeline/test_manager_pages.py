"""The vendor's people answer, move and plan referrals; what somebody else did first is shown, not overwritten."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from prm.events.services import SYSTEM
from prm.jobs.models import Job
from prm.tenancy.scope import tenant_scope
from referrals.pipeline import listings
from referrals.pipeline.models import Referral, ReferralNote, StageChange
from referrals.pipeline.services import change_stage
from tests.builders.referrals import People, a_partner, a_program, a_referral, people_of, stage_of
from tests.conftest import World


@pytest.fixture
def people(world: World) -> People:
    with tenant_scope(world.acme.id):
        return people_of(world.acme)


@pytest.fixture
def manager(world: World, client: Client) -> Client:
    client.force_login(world.manager)
    return client


def kind_of(world: World, referral: Referral) -> str:
    with tenant_scope(world.acme.id):
        return Referral.objects.get(id=referral.id).stage_kind


def test_the_queue_shows_who_waits_longest_first_and_what_looks_alike(
    world: World, people: People, manager: Client
) -> None:
    now = timezone.now()
    with tenant_scope(world.acme.id):
        a_referral(
            now - timedelta(days=1),
            partner=people.partner,
            company="Second Company",
            contact_email="a@second.example",
        )
        a_referral(now - timedelta(days=20), partner=people.partner, company="First Company")
        a_referral(
            now - timedelta(days=40),
            partner=a_partner("Harbour"),
            stage="qualified",
            company="Older One",
            contact_email="tom@kestrel.example",
        )

    page = manager.get("/acme/manage/review/").content.decode()

    assert page.index("First Company") < page.index("Second Company")
    assert page.count("Late") == 1
    assert page.count("May be a duplicate") == 1
    assert "Same website or email domain:" in page
    assert "Older One" in page


def test_accepting_from_the_queue_goes_on_with_the_queue(
    world: World, people: People, manager: Client, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        referral = a_referral(at, partner=people.partner)

    answer = manager.post(
        f"/acme/manage/referrals/{referral.id}/accept/",
        {"seen": referral.stage_id, "from": "queue"},
    )

    assert (answer.status_code, answer["Location"]) == (303, "/acme/manage/review/")
    assert kind_of(world, referral) == "accepted"


def test_the_credit_is_the_partners_where_staff_read_it(
    world: World, people: People, manager: Client, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        referral = a_referral(at, partner=people.partner, stage="accepted")

    page = manager.get(f"/acme/manage/referrals/{referral.id}/").content.decode()

    assert "Credit is the partner's until" in page
    assert "Credit is yours" not in page


def test_accepting_twice_says_what_happened(
    world: World, people: People, manager: Client, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        referral = a_referral(at, partner=people.partner, by=people.rep)
    url, seen = f"/acme/manage/referrals/{referral.id}/reject/", referral.stage_id
    manager.post(f"/acme/manage/referrals/{referral.id}/accept/", {"seen": seen})
    with tenant_scope(world.acme.id):
        rejected = stage_of(referral.program_id, "rejected").id

    answer = manager.post(url, {"to": rejected, "seen": seen, "reason": "No fit"})

    assert answer.status_code == 409
    assert "Nothing was changed" in answer.content.decode()
    assert kind_of(world, referral) == "accepted"


def test_a_move_made_meanwhile_names_who_and_where(
    world: World, people: People, manager: Client, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        referral = a_referral(at, partner=people.partner, stage="accepted")
        stages = {kind: stage_of(referral.program_id, kind).id for kind in ("qualified", "lost")}
        seen = referral.stage_id
    manager.post(
        f"/acme/manage/referrals/{referral.id}/move/", {"to": stages["qualified"], "seen": seen}
    )

    answer = manager.post(
        f"/acme/manage/referrals/{referral.id}/move/",
        {"to": stages["lost"], "seen": seen, "reason": "Silence"},
    )

    assert answer.status_code == 409
    assert "Mara Manager moved it to Qualified in the meantime" in answer.content.decode()
    assert kind_of(world, referral) == "qualified"


def test_declining_needs_a_reason_and_keeps_what_was_typed(
    world: World, people: People, manager: Client, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        referral = a_referral(at, partner=people.partner)
        rejected = stage_of(referral.program_id, "rejected").id
    url = f"/acme/manage/referrals/{referral.id}/reject/"

    refused = manager.post(url, {"to": rejected, "seen": referral.stage_id, "reason": " "})
    done = manager.post(
        url, {"to": rejected, "seen": referral.stage_id, "reason": "Already a customer"}
    )

    assert refused.status_code == 422
    assert "Say why; the partner reads it" in refused.content.decode()
    assert done.status_code == 303
    assert kind_of(world, referral) == "rejected"


@pytest.mark.parametrize("wanted", ["won", "submitted", "nonsense", "999999"])
def test_a_move_that_is_not_offered_is_refused(
    world: World, people: People, manager: Client, at: datetime, wanted: str
) -> None:
    with tenant_scope(world.acme.id):
        referral = a_referral(at, partner=people.partner, stage="accepted")
        to = stage_of(referral.program_id, wanted).id if wanted in {"won", "submitted"} else wanted

    answer = manager.post(f"/acme/manage/referrals/{referral.id}/move/", {"to": to})

    assert answer.status_code == 422
    assert kind_of(world, referral) == "accepted"


def test_notes_are_internal_unless_shared(
    world: World, people: People, manager: Client, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        referral = a_referral(at, partner=people.partner)
    url = f"/acme/manage/referrals/{referral.id}/note/"

    manager.post(url, {"text": "Between us"})
    manager.post(url, {"text": "For you", "shared": "on"})

    with tenant_scope(world.acme.id):
        assert set(ReferralNote.objects.values_list("text", "internal")) == {
            ("Between us", True),
            ("For you", False),
        }
    page = manager.get(f"/acme/manage/referrals/{referral.id}/").content.decode()
    assert "Internal note, the partner does not see it" in page


def test_finance_reads_and_changes_nothing(
    world: World, people: People, client: Client, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        referral = a_referral(at, partner=people.partner)
    client.force_login(world.finance)

    page = client.get(f"/acme/manage/referrals/{referral.id}/").content.decode()

    assert "Accept referral" not in page
    assert "Owner and next step" not in page
    assert client.post(f"/acme/manage/referrals/{referral.id}/accept/").status_code == 403
    assert kind_of(world, referral) == "submitted"


def test_owner_and_next_step_reach_the_partner(
    world: World, people: People, manager: Client, at: datetime, client: Client
) -> None:
    with tenant_scope(world.acme.id):
        referral = a_referral(at, partner=people.partner, by=people.rep, stage="accepted")
    facts = {
        "step-owner": world.manager.id,
        "step-next_step": "First call",
        "step-next_step_on": "2026-12-04",
    }

    answer = manager.post(f"/acme/manage/referrals/{referral.id}/next-step/", facts)

    assert answer.status_code == 303
    client.force_login(people.rep)
    page = client.get(f"/acme/referrals/{referral.id}/").content.decode()
    assert "Next: First call, by 4\xa0December 2026" in page
    assert "Mara Manager" in page


def test_a_stranger_cannot_be_made_owner(
    world: World, people: People, manager: Client, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        referral = a_referral(at, partner=people.partner)

    answer = manager.post(
        f"/acme/manage/referrals/{referral.id}/next-step/",
        {"step-owner": world.stranger.id, "step-next_step": "x"},
    )

    assert answer.status_code == 422
    with tenant_scope(world.acme.id):
        assert Referral.objects.get(id=referral.id).owner_id is None


@pytest.mark.parametrize("count", [2, 30])
def test_list_and_queue_ask_a_fixed_number_of_times(
    world: World, people: People, manager: Client, at: datetime, count: int
) -> None:
    with tenant_scope(world.acme.id):
        for number in range(count):
            a_referral(
                at,
                partner=people.partner,
                by=people.rep,
                company=f"C {number}",
                contact_email=f"a@c{number}.example",
            )

    def asked(path: str) -> int:
        manager.get(path)
        with CaptureQueriesContext(connection) as context:
            assert manager.get(path).status_code == 200
        found = [query["sql"] for query in context.captured_queries]
        return sum("referrals_" in sql or "partners_" in sql for sql in found)

    # partners of the name, rows, all counts, all filter choices
    assert asked("/acme/manage/referrals/?q=c") == 4
    # rows, what looks alike (referrals, accounts, pairs told apart, claims), approvals, counts of all views, menu
    assert asked("/acme/manage/review/") == 8


def test_the_list_narrows_by_partner_program_owner_and_words(
    world: World, people: People, manager: Client, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        other = a_program("resellers")
        harbour = a_partner("Harbour & Finch", program=other)
        a_referral(at, partner=people.partner, company="Kestrel")
        moved = a_referral(
            at,
            partner=harbour,
            program=other,
            company="Tidewell",
            contact_email="a@tidewell.example",
        )
        Referral.objects.filter(id=moved.id).update(owner=world.manager)

    def found(**query: Any) -> set[str]:
        page = manager.get("/acme/manage/referrals/", query).context["page"]
        return {row.company for row in page.rows}

    assert found() == {"Kestrel", "Tidewell"}
    assert found(partner=harbour.id) == {"Tidewell"}
    assert found(program=other.id) == {"Tidewell"}
    assert found(owner=world.manager.id) == {"Tidewell"}
    assert found(q="harbour") == {"Tidewell"}
    assert found(q="kest") == {"Kestrel"}
    assert found(partner="nonsense", owner="x", program="1") == {"Kestrel", "Tidewell"}
    assert found(owner=10**14) == set()


def test_many_rows_become_a_job(
    world: World, people: People, manager: Client, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listings, "DIRECT_ROWS", 1)
    with tenant_scope(world.acme.id):
        for number in range(2):
            a_referral(
                at,
                partner=people.partner,
                company=f"C {number}",
                contact_email=f"a@c{number}.example",
            )

    answer = manager.post("/acme/manage/referrals/export/", {"format": "csv", "query": "q=c"})

    with tenant_scope(world.acme.id):
        job = Job.objects.get(kind="referral.export")
    assert (answer.status_code, answer["Location"]) == (303, f"/acme/jobs/{job.id}/")
    assert job.back_path == "manage/referrals/"
    assert job.params["wanted"]["words"] == "c"


def test_entering_for_a_partner_names_the_sender(
    world: World, people: People, manager: Client
) -> None:
    url = f"/acme/manage/referrals/new/?partner={people.partner.id}"
    facts = {
        "partner": str(people.partner.id),
        "company": "Kestrel Logistics",
        "contact_name": "Tom",
        "contact_email": "tom@kestrel.example",
        "submitted_by": people.rep.id,
        "reason": "They called us",
    }

    answer = manager.post(url, facts)

    with tenant_scope(world.acme.id):
        referral = Referral.objects.get()
        change = StageChange.objects.get(referral=referral)
    assert (answer.status_code, answer["Location"]) == (
        303,
        f"/acme/manage/referrals/{referral.id}/",
    )
    assert (referral.partner_id, referral.submitted_by_id, change.actor_id) == (
        people.partner.id,
        people.rep.id,
        world.manager.id,
    )


def test_a_referral_that_moved_back_to_open_is_not_closed(
    world: World, people: People, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        referral = a_referral(at, partner=people.partner, stage="lost")
        assert referral.closed_at == at

        change_stage(
            referral_id=referral.id,
            to_stage_id=stage_of(referral.program_id, "opportunity").id,
            actor=SYSTEM,
            at=at,
        )

        referral.refresh_from_db()
        assert referral.stage_kind == "opportunity"
        assert Referral.objects.get(id=referral.id).closed_at is None


def test_the_list_reports_by_role_and_way_in(world: World, client: Client, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        a_referral(at, company="Introduced", role="intro", source="form")
        a_referral(at, company="Sold together", role="cosell", source="link")
    client.force_login(world.manager)

    found = {
        query: client.get(f"/acme/manage/referrals/?{query}").content.decode()
        for query in ("role=cosell", "source=form", "role=nonsense")
    }

    assert {
        name: ("Introduced" in page, "Sold together" in page) for name, page in found.items()
    } == {
        "role=cosell": (False, True),
        "source=form": (True, False),
        "role=nonsense": (True, True),
    }
