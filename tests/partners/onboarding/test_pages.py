"""Partners do their steps on screen, managers answer them, admins build tracks; all without JavaScript."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from partners.onboarding.models import (
    Entitlement,
    RewardKind,
    Run,
    Step,
    StepDone,
    StepState,
    Track,
)
from partners.onboarding.rewards import grant
from partners.onboarding.services import approve_step, confirm_read, hand_in
from prm.accounts.capabilities import Role
from prm.accounts.models import User
from prm.events.services import SYSTEM
from prm.tenancy.scope import tenant_scope
from tests.builders.onboarding import (
    a_file,
    a_run,
    a_track,
    approval_step,
    read_step,
    steps_in,
    upload_step,
)
from tests.builders.partners import a_partner, a_program
from tests.builders.people import a_member
from tests.conftest import World

DAY = timedelta(days=1)
PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


@pytest.fixture
def cast(world: World) -> dict[str, Any]:
    now = timezone.now()
    with tenant_scope(world.acme.id):
        program = a_program()
        partner = a_partner()
        inside: dict[str, Any] = {"partner_id": partner.id, "partner_name": partner.name}
        rep = a_member(world.acme, Role.PARTNER_REP, "rep@p.example", **inside)
        track = a_track(
            program,
            read_step("Handbook", reward_kind=RewardKind.DISCOUNT, reward_text={"en": "10% off"}),
            upload_step("Your papers"),
            approval_step("First call", may_skip=True),
            finish_days=14,
        )
        run = a_run(partner.id, program, at=now - 2 * DAY)
    return {
        "world": world,
        "program": program,
        "partner": partner,
        "rep": rep,
        "track": track,
        "run": run,
        "steps": steps_of(world, run),
    }


def steps_of(world: World, run: Run) -> list[StepDone]:
    with tenant_scope(world.acme.id):
        return steps_in(run)


def text(response: Any) -> str:
    return str(response.content.decode())


def test_the_partner_goes_through_its_steps(cast: dict[str, Any]) -> None:
    rep, manager = signed_in(cast["rep"]), signed_in(cast["world"].manager)
    handbook, papers, call = cast["steps"]
    page = text(rep.get("/acme/onboarding/"))
    assert "0 of 3 steps done" in page
    assert "You earn:" in page
    assert "Discount: 10% off" in page
    assert "your first lead is on us" in page
    assert "Handbook" in text(rep.get("/acme/"))

    assert rep.post(f"/acme/onboarding/steps/{handbook.id}/", {"do": "read"}).status_code == 303
    file = SimpleUploadedFile("proof.pdf", PDF, "application/pdf")
    handed = rep.post(
        f"/acme/onboarding/steps/{papers.id}/",
        {"do": "hand-in", "file": file, "note": "As promised"},
    )
    assert handed.status_code == 303
    page = text(rep.get("/acme/onboarding/"))
    assert "Nothing to do for you right now" in page
    assert "Opens after “Your papers”" in page
    assert "10% off" in page

    queue = text(manager.get("/acme/manage/onboarding/approvals/"))
    assert "Brightwater Advisory" in queue
    review = f"/acme/manage/onboarding/steps/{papers.id}/"
    assert "As promised" in text(manager.get(review))
    given = manager.get(f"{review}file/")
    assert b"".join(given.streaming_content) == PDF  # type: ignore[attr-defined]
    assert given.headers["Content-Disposition"].startswith("attachment")
    assert manager.post(review, {"do": "return", "reply": ""}).status_code == 422
    assert manager.post(review, {"do": "return", "reply": "No stamp"}).status_code == 303
    page = text(rep.get(f"/acme/onboarding/steps/{papers.id}/"))
    assert "No stamp" in page

    file = SimpleUploadedFile("proof.pdf", PDF, "application/pdf")
    rep.post(f"/acme/onboarding/steps/{papers.id}/", {"do": "hand-in", "file": file})
    assert manager.post(review, {"do": "approve"}).status_code == 303
    assert rep.post(f"/acme/onboarding/steps/{call.id}/", {"do": "skip"}).status_code == 303

    page = text(rep.get("/acme/onboarding/"))
    assert "You have finished all steps" in page
    assert "First lead" in page
    with tenant_scope(cast["world"].acme.id):
        kinds = sorted(Entitlement.objects.values_list("kind", flat=True))
    assert kinds == ["discount", "first_lead"]


@pytest.mark.parametrize(
    ("content", "name"),
    [
        pytest.param(b"<html><script>alert(1)</script></html>", "a.pdf", id="a page named PDF"),
        pytest.param(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "a.png", id="an SVG named PNG"),
        pytest.param(b"", "a.pdf", id="nothing"),
    ],
)
def test_files_of_the_wrong_kind_are_refused_with_words(
    cast: dict[str, Any], content: bytes, name: str
) -> None:
    rep = signed_in(cast["rep"])
    handbook, papers, _call = cast["steps"]
    rep.post(f"/acme/onboarding/steps/{handbook.id}/", {"do": "read"})

    response = rep.post(
        f"/acme/onboarding/steps/{papers.id}/",
        {"do": "hand-in", "file": SimpleUploadedFile(name, content, "application/pdf")},
    )

    assert response.status_code == 422
    assert "There is a problem" in text(response)
    with tenant_scope(cast["world"].acme.id):
        assert StepDone.objects.get(id=papers.id).state == StepState.OPEN


@pytest.mark.parametrize("doing", ["read", "hand-in", "skip"])
def test_what_cannot_be_done_now_changes_nothing(cast: dict[str, Any], doing: str) -> None:
    rep = signed_in(cast["rep"])
    call = cast["steps"][2]

    response = rep.post(f"/acme/onboarding/steps/{call.id}/", {"do": doing})

    assert response.status_code == 303
    with tenant_scope(cast["world"].acme.id):
        assert StepDone.objects.get(id=call.id).state == StepState.OPEN


def test_a_rival_sees_neither_run_nor_step(cast: dict[str, Any]) -> None:
    with tenant_scope(cast["world"].acme.id):
        other = a_partner("Rival")
        rival = a_member(
            cast["world"].acme,
            Role.PARTNER_ADMIN,
            "r@rival.example",
            partner_id=other.id,
            partner_name="Rival",
        )
    client = signed_in(rival)

    assert "No steps for you here" in text(client.get("/acme/onboarding/"))
    assert client.get(f"/acme/onboarding/steps/{cast['steps'][0].id}/").status_code == 404
    assert client.post(f"/acme/onboarding/steps/{cast['steps'][0].id}/").status_code == 404


def test_a_script_in_a_note_stays_text(cast: dict[str, Any]) -> None:
    evil = "<script>alert(1)</script>"
    with tenant_scope(cast["world"].acme.id):
        run = cast["run"]
        confirm_read(done_id=cast["steps"][0].id, actor=SYSTEM, at=timezone.now())
        hand_in(
            done_id=cast["steps"][1].id,
            file_id=a_file(run.partner_id).id,
            note=evil,
            actor=SYSTEM,
            at=timezone.now(),
        )

    page = text(
        signed_in(cast["world"].manager).get(
            f"/acme/manage/onboarding/steps/{cast['steps'][1].id}/"
        )
    )

    assert evil not in page
    assert "&lt;script&gt;alert(1)" in page


def test_a_manager_reminds_notes_a_call_and_skips(cast: dict[str, Any]) -> None:
    manager = signed_in(cast["world"].manager)
    run = f"/acme/manage/onboarding/runs/{cast['run'].id}/"

    assert manager.post(f"{run}nudge/").status_code == 303
    assert "reminded less than seven days ago" in text(manager.post(f"{run}nudge/", follow=True))
    assert manager.post(f"{run}calls/", {"text": ""}).status_code == 422
    assert manager.post(f"{run}calls/", {"text": "On holiday"}).status_code == 303
    page = text(manager.get(run))
    assert "On holiday" in page
    assert "Remind by email" not in page
    skip = f"/acme/manage/onboarding/steps/{cast['steps'][0].id}/"
    assert manager.post(skip, {"do": "skip"}).status_code == 303

    with tenant_scope(cast["world"].acme.id):
        found = Run.objects.get()
        assert (found.nudged_at is None, found.called_at is None) == (False, False)
        assert StepDone.objects.get(id=cast["steps"][0].id).state == StepState.SKIPPED


def test_a_reward_is_marked_as_given(cast: dict[str, Any]) -> None:
    manager = signed_in(cast["world"].manager)
    with tenant_scope(cast["world"].acme.id):
        row = grant(
            partner_id=cast["partner"].id,
            program_id=cast["program"].id,
            key="k",
            kind=RewardKind.CREDIT,
            amount_minor=2500,
            currency="EUR",
            actor=SYSTEM,
            at=timezone.now(),
        )
    assert "Credit, €25.00" in text(manager.get("/acme/manage/onboarding/rewards/"))

    url = f"/acme/manage/onboarding/rewards/{row.id}/"
    assert manager.post(url, {"text": ""}).status_code == 422
    assert manager.post(url, {"text": "With statement 12"}).status_code == 303

    assert "Nothing to give" in text(manager.get("/acme/manage/onboarding/rewards/"))
    assert "With statement 12" in text(signed_in(cast["rep"]).get("/acme/onboarding/"))


def test_an_admin_builds_and_publishes_a_track(cast: dict[str, Any]) -> None:
    admin = signed_in(cast["world"].admin)
    tracks = f"/acme/manage/programs/{cast['program'].id}/tracks/"
    assert admin.post(f"{tracks}new/", {"name_en": ""}).status_code == 422
    made = admin.post(
        f"{tracks}new/",
        {
            "name_en": "Agencies",
            "name_it": "Agenzie",
            "partner_type": "agency",
            "finish_days": "20",
        },
    )
    url = made.headers["Location"]
    assert "Add at least one step" in text(admin.post(f"{url}publish/", follow=True))
    assert admin.post(f"{url}steps/new/", {"kind": "read"}).status_code == 422
    assert admin.post(f"{url}steps/new/", {"kind": "fact"}).status_code == 422
    step = {
        "kind": "read",
        "title_en": "Handbook",
        "title_it": "Manuale",
        "body_en": "Read **this**",
        "due_days": "5",
        "blocks_next": "on",
        "milestone_en": "Ready",
        "reward_kind": "credit",
        "reward": "12.50",
        "reward_text_en": "for lunch",
    }
    assert admin.post(f"{url}steps/new/", {**step, "reward": ""}).status_code == 422
    assert admin.post(f"{url}steps/new/", step).status_code == 303
    assert admin.post(f"{url}steps/new/", {"kind": "fact", "fact": "team"}).status_code == 303
    assert admin.post(f"{url}publish/").status_code == 303

    with tenant_scope(cast["world"].acme.id):
        track = Track.objects.get(partner_type="agency")
        assert track.name == {"en": "Agencies", "it": "Agenzie"}
        assert (track.finish_days, track.published_at is None) == (20, False)
        first, second = Step.objects.filter(track=track).order_by("position")
        assert (first.title, first.reward_minor, first.reward_currency, first.blocks_next) == (
            {"en": "Handbook", "it": "Manuale"},
            1250,
            "EUR",
            True,
        )
        assert second.fact == "team"
    page = text(admin.get(url))
    assert "Credit, €12.50: for lunch" in page
    form = text(admin.get(f"/acme/manage/track-steps/{first.id}/"))
    assert 'value="Manuale"' in form
    assert 'value="12.50"' in form
    edited = {**step, "title_en": "The handbook", "reward_kind": ""}
    assert admin.post(f"/acme/manage/track-steps/{first.id}/", edited).status_code == 303
    admin.post(f"/acme/manage/track-steps/{second.id}/move/", {"do": "up"})
    admin.post(f"/acme/manage/track-steps/{first.id}/move/", {"do": "remove"})
    with tenant_scope(cast["world"].acme.id):
        first.refresh_from_db()
        assert (first.title["en"], first.reward_kind, first.reward_minor) == (
            "The handbook",
            "",
            None,
        )
        assert (first.removed_at is None, first.position) == (False, 2)


def test_texts_are_said_in_the_readers_language_or_named(cast: dict[str, Any]) -> None:
    with tenant_scope(cast["world"].acme.id):
        Step.objects.filter(title__en="Handbook").update(title={"en": "Handbook", "it": "Manuale"})
    User.objects.filter(id=cast["rep"].id).update(language="it")

    page = text(signed_in(cast["rep"]).get("/acme/onboarding/"))

    assert "Manuale" in page
    assert "Your papers (" in page


def test_finishing_late_earns_no_first_lead_on_the_page(cast: dict[str, Any]) -> None:
    late = timezone.now() + 30 * DAY
    with tenant_scope(cast["world"].acme.id):
        first, papers, call = cast["steps"]
        confirm_read(done_id=first.id, actor=SYSTEM, at=late)
        hand_in(
            done_id=papers.id,
            file_id=a_file(cast["partner"].id).id,
            note="",
            actor=SYSTEM,
            at=late,
        )
        approve_step(done_id=papers.id, actor=SYSTEM, at=late)
        approve_step(done_id=call.id, actor=SYSTEM, at=late)
        assert [row.kind for row in Entitlement.objects.all()] == ["discount"]


def test_lists_cost_the_same_for_many(cast: dict[str, Any]) -> None:
    manager, costs = signed_in(cast["world"].manager), dict[str, list[int]]()
    addresses = {
        "stuck": "/acme/manage/onboarding/partners/?still=0",
        "approvals": "/acme/manage/onboarding/approvals/",
        "overview": "/acme/manage/onboarding/",
    }
    made = 0
    for wanted in (2, 24):
        with tenant_scope(cast["world"].acme.id):
            for number in range(made, wanted):
                run = a_run(a_partner(f"Many {number}").id, cast["program"], at=timezone.now())
                first, papers, _call = steps_in(run)
                confirm_read(done_id=first.id, actor=SYSTEM, at=timezone.now())
                hand_in(
                    done_id=papers.id,
                    file_id=a_file(run.partner_id).id,
                    note="",
                    actor=SYSTEM,
                    at=timezone.now(),
                )
            made = wanted
        for name, address in addresses.items():
            manager.get(address)
            with CaptureQueriesContext(connection) as seen:
                assert manager.get(address).status_code == 200
            costs.setdefault(name, []).append(len(seen))

    assert {name: low == high for name, (low, high) in costs.items()} == dict.fromkeys(costs, True)


def test_the_last_step_says_that_all_is_done(cast: dict[str, Any]) -> None:
    with tenant_scope(cast["world"].acme.id):
        others = [done.id for done in cast["steps"][1:]]
        StepDone.objects.filter(id__in=others).update(state="done", done_at=timezone.now())
    rep = signed_in(cast["rep"])
    path = f"/acme/onboarding/steps/{cast['steps'][0].id}/"
    page = text(rep.post(path, {"do": "read"}, follow=True))
    assert "On to the next step" not in page
    assert "Submit your first referral" in page
