"""No form and no call of capture writes a column that it does not ask for, whatever else is posted (S18)."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from partners.programs.services import create_program
from prm.events.services import SYSTEM, Actor
from prm.tenancy.scope import tenant_scope
from referrals.attribution.models import CaseParty
from referrals.attribution.verdicts import Verdict, decide_case
from referrals.capture.asking import ask_question
from referrals.capture.submit_links import token_of
from referrals.claims.models import Claim
from referrals.pipeline.models import Referral
from referrals.sharing.models import LandingPage, PartnerReview
from tests.builders.api import Caller, a_key, a_submission
from tests.builders.attribution import a_case
from tests.builders.capturing import a_link as a_signed_link
from tests.builders.referrals import a_program, a_referral, people_of
from tests.builders.sharing import a_page
from tests.conftest import World
from tests.referrals.capture.test_person_referred import everything_kept

DAY, AMOUNT, WORD = "2099-01-01", "987654321", "canary-of-a-column"
# Columns of the rows behind the forms, and what a guess may call them; none is a field of any form below.
COLUMNS = """
partner partner_id into_id to_partner_id winner_id opened_by_id owner owner_id submitted_by submitted_by_id actor_id
created_by_id asked_by_id answered_by_id decided_by_id approver_id tenant tenant_id program_id referral_id
claim_id case_id link_id page_id import_id
"""
MOMENTS = """
protected_until until held_at decided_at closed_at given_at approved_at erased_at declined_at registered_at queued_at
answer_due_at expires_at active_at appeal_until due_at at recalled_at queued_at
"""
AMOUNTS = "deal_minor amount_minor estimate_minor share pool use_count uses base_places reward_basis_points"
WORDS = """
number external_id source status state stage stage_kind outcome role_of share_of account_key token key_hash rule
verdict reason_of submission_key campaign_of duplicate_of consent_text
"""


@dataclass(frozen=True)
class Scene:
    """A partner whose people post, a rival, a program that is none of theirs, and what is posted beside."""

    world: World
    people: Any
    rival: Any
    foreign: dict[str, Any]
    canaries: tuple[str, ...]


@pytest.fixture
def scene(world: World) -> Scene:
    now = timezone.now()
    with tenant_scope(world.acme.id):
        people, rival = people_of(world.acme), people_of(world.acme, "Solea")
        other = create_program(
            name="Other",
            slug="other",
            currency="EUR",
            protection_days=9,
            answer_hours=9,
            custom_fields=[],
            actor=SYSTEM,
            at=now,
        )
    ids = {name: str(rival.partner.id) for name in COLUMNS.split()}
    foreign = {
        **ids,
        **{name: str(other.id) for name in ("program_id", "claim_id")},
        **{name: str(world.globex.id) for name in ("tenant", "tenant_id")},
        **{
            name: str(world.stranger.id)
            for name in ("owner_id", "submitted_by_id", "actor_id", "decided_by_id")
        },
        **dict.fromkeys(MOMENTS.split(), DAY),
        **dict.fromkeys(AMOUNTS.split(), AMOUNT),
        **dict.fromkeys(WORDS.split(), WORD),
    }
    return Scene(
        world, people, rival, foreign, (str(rival.partner.id), str(other.id), DAY, AMOUNT, WORD)
    )


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def holding(scene: Scene, *, besides: tuple[str, ...] = ()) -> list[str]:
    """Return the tables of referrals that hold a canary."""
    kept = everything_kept(scene.world.acme)
    return sorted(
        f"{name}: {canary}"
        for name, text in kept.items()
        if name.startswith(("referrals_", "prm_api", "prm_server")) and name not in besides
        for canary in scene.canaries
        if canary in text
    )


def posts(scene: Scene) -> list[tuple[str, dict[str, Any]]]:
    """Return what a partner's admin can post about referrals, each as the form asks for it."""
    now = timezone.now()
    manager = Actor(scene.world.manager.id)
    with tenant_scope(scene.world.acme.id):
        program = str(a_program().id)
        mine = scene.people.partner
        accepted = a_referral(
            now - timedelta(days=9), partner=mine, by=scene.people.admin, stage="accepted"
        )
        waits = a_referral(
            now, partner=mine, by=scene.people.admin, company="W", contact_email="a@w.example"
        )
        case = a_case(
            a_referral(
                now, partner=mine, by=scene.people.admin, company="C", contact_email="a@c.example"
            ),
            now,
        )
        verdict = Verdict("stays", "evidence", {mine.id: "So"})
        decide_case(case_id=case.case_id, verdict=verdict, actor=manager, at=now)
        ask_question(referral_id=waits.id, text="How many?", actor=manager, at=now)
    contact = {
        "contact_name": "Tom Ashdown",
        "contact_email": "tom@bramble.example",
        "consent": "on",
    }
    page = {
        "person_name": "Aoife",
        "headline_en": "Hello",
        "introduction_en": "Us",
        "slug": "bw",
        "do": "send",
    }
    return [
        ("referrals/new/", {"company": "Bramble", **contact}),
        ("referrals/drafts/save/", {"company": "Begun"}),
        ("referrals/availability/hold/", {"company": "Free", "address": "free.example"}),
        (f"referrals/{accepted.id}/more-time/", {"evidence": "We met twice"}),
        (f"referrals/{waits.id}/answer/", {"text": "Forty"}),
        (f"referrals/{waits.id}/object/", {"text": "We were first"}),
        (f"cases/{case.case_id}/entry/", {"text": "More"}),
        (f"cases/{case.case_id}/appeal/", {"text": "Look again"}),
        ("share/links/new/", {"program": program, "slug": "autumn", "channel": "mail"}),
        (
            "share/codes/",
            {
                "program": program,
                "code": "BRIGHT-10",
                "reward_kind": "none",
                "starts_on": f"{now:%Y-%m-%d}",
            },
        ),
        ("share/page/", page),
        (
            "share/reviews/",
            {"author_name": "Claire", "text": "Good", "rating": "5", "consent": "on"},
        ),
        (f"referrals/{accepted.id}/give-up/", {}),
    ]


def test_forms_of_a_partner_write_what_they_ask_for(scene: Scene) -> None:
    client, asked = signed_in(scene.people.admin), posts(scene)

    found = {
        path: client.post(f"/acme/{path}", {**scene.foreign, **data}).status_code
        for path, data in asked
    }

    assert {path: status for path, status in found.items() if status != 303} == {}
    assert holding(scene) == []
    with tenant_scope(scene.world.acme.id):
        assert {row.stage_kind for row in Referral.objects.all()} == {"submitted", "accepted"}
        assert Claim.objects.open().count() == 0
        assert (LandingPage.objects.get().is_public, PartnerReview.objects.get().state) == (
            False,
            "waiting",
        )
        assert {row.share for row in CaseParty.objects.all()} == {10_000, None}


def test_public_forms_write_what_they_ask_for(scene: Scene) -> None:
    now = timezone.now()
    with tenant_scope(scene.world.acme.id):
        page = a_page(now, partner=scene.people.partner)
        token = token_of(a_signed_link(scene.people.partner, scene.people.admin, now))
    lead = {"name": "Nora", "email": "nora@new.example", "company": "New", "consent": "on"}
    contact = {
        "contact_name": "Tom",
        "contact_email": "tom@bramble.example",
        "company": "Bramble",
        "consent": "on",
    }

    statuses = [
        Client().post(f"/acme/p/{page.slug}/", {**scene.foreign, **lead}).status_code,
        Client().post(f"/acme/send/{token}/", {**scene.foreign, **contact}).status_code,
    ]

    assert statuses == [303, 302]
    assert holding(scene) == []
    with tenant_scope(scene.world.acme.id):
        found = Referral.objects.values_list("partner_id", "stage_kind", "source")
        assert set(found) == {
            (scene.people.partner.id, "submitted", source) for source in ("link", "signed")
        }


def test_calls_write_what_they_name(scene: Scene) -> None:
    now = timezone.now()
    with tenant_scope(scene.world.acme.id):
        _, secret = a_key(scene.people.admin, now, partner_id=scene.people.partner.id)
    api = Caller(scene.world.acme, secret)
    beside = {
        name: value for name, value in scene.foreign.items() if name not in {"partner", "program"}
    }

    sent = api.post("/referrals", {**beside, **a_submission()}).status_code
    named = api.post(
        "/referrals", a_submission("Bramble", partner=str(scene.rival.partner.id))
    ).status_code

    assert sent in {201, 422}
    assert named in {403, 422}
    assert holding(scene) == []
    with tenant_scope(scene.world.acme.id):
        rows = Referral.objects.values_list("partner_id", "stage_kind")
        assert set(rows) == ({(scene.people.partner.id, "submitted")} if sent == 201 else set())
