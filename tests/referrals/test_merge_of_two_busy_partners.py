"""Two entries of one organisation that both share, claim, dispute and earn become one; nothing stays with the other."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from commissions.accruals.models import Accrual
from commissions.ledger.selectors import partner_balances
from commissions.verification import faults
from partners.directory.merging import merge_partners
from partners.directory.models import Partner
from prm.accounts.members import member_of, memberships_of
from prm.events.models import QueuedEvent
from prm.events.services import SYSTEM, Actor
from prm.tenancy.links import tenant_path
from prm.tenancy.scope import tenant_scope
from referrals.attribution.cases import add_entry, pass_on
from referrals.attribution.crediting import set_credits
from referrals.attribution.models import CaseEntry, CaseParty, Credit, Explanation
from referrals.attribution.verdicts import Verdict, decide_case
from referrals.capture.drafts import save_draft
from referrals.claims.availability import check_availability, set_hold
from referrals.claims.models import Claim
from referrals.claims.rules import Facts
from referrals.pipeline.answer_models import ApprovalRoute
from referrals.pipeline.approvals import approvals_of
from referrals.pipeline.following import follows, listeners_of, set_following
from referrals.pipeline.models import Referral
from tests.builders.attribution import a_case
from tests.builders.capturing import a_link as a_signed_link
from tests.builders.claims import an_extension
from tests.builders.commissions import a_plan, a_won_deal
from tests.builders.referrals import a_program, a_referral, people_of
from tests.builders.sharing import a_coupon, a_link, a_review
from tests.conftest import World
from tests.referrals.capture.test_person_referred import everything_kept

# Where the duplicate's id may stay, and why.
HISTORY = {
    "partners_partner": "the entry itself, which leads on",
    "partners_change": "how the entry ended",
    "partners_enrollment": "of a program that both were in",
    "prm_event": "what happened to the entry while it was one",
    "prm_handled_event": "an answer to such an event",
    "prm_notice": "addresses of pages, which lead on",
    "prm_mail": "the same, sent already",
    "commissions_account": "its balances, which are nothing",
    "commissions_transfer": "what was booked is never changed",
}


@dataclass(frozen=True)
class Scene:
    """The duplicate, the entry that stays, a rival, and the case that all three are party to."""

    gone: Any
    stays: Any
    rival: Any
    case: CaseParty
    shared_id: UUID


def busy(people: Any, number: int, at: datetime) -> None:
    """Let a partner do everything that issue four knows of."""
    partner, rep = people.partner, people.rep
    member = member_of(memberships_of(rep)[0], rep)
    a_link(at, f"autumn-{number}", partner=partner)
    a_coupon(at, f"CODE-{number}", partner=partner)
    a_review(at, partner=partner)
    a_signed_link(partner, people.admin, at)
    claimed = a_referral(at, partner=partner, by=rep, stage="accepted", company=f"Claimed {number}")
    an_extension(claimed, at)
    follower = member_of(memberships_of(people.admin)[0], people.admin)
    set_following(referral=claimed, member=follower, follow=True, at=at)
    facts = Facts(name="osprey", domain="osprey.example")
    common: dict[str, Any] = {"partner_id": partner.id, "program_id": a_program().id, "at": at}
    check_availability(facts=facts, company="Osprey", actor=SYSTEM, **common)
    set_hold(
        facts=Facts(name="f", domain=f"free{number}.example"),
        company="Free",
        actor=SYSTEM,
        **common,
    )
    save_draft(
        draft_id=None, values={"company": "Begun"}, program_id=a_program().id, member=member, at=at
    )


@pytest.fixture
def scene(world: World, deliver: Callable[[], int], at: datetime) -> Scene:
    """Make two busy partners and a rival that dispute one company, and a split that both have part in."""
    manager = Actor(user_id=world.manager.id)
    with tenant_scope(world.acme.id):
        gone, stays = people_of(world.acme, "Brightwater"), people_of(world.acme, "Brightwater Ltd")
        rival = people_of(world.acme, "Rival")
        a_plan(hold_days=0)
        deal = a_won_deal(at, partner=gone.partner, company="Shared", deal_minor=100_001)
        shares = ((gone.partner.id, "source", 6_000), (stays.partner.id, "source", 4_000))
        set_credits(
            referral_id=deal.referral_id,
            credits=shares,
            reason="Worked on it",
            actor=manager,
            at=at,
        )
        for days, people in enumerate((rival, gone, stays)):
            a_referral(
                at - timedelta(days=3 - days),
                partner=people.partner,
                by=people.rep,
                company="Kestrel",
                contact_email="tom@kestrel.example",
            )
        late = Referral.objects.get(partner=stays.partner, company="Kestrel")
        case = a_case(late, at)
        for people in (gone, rival):
            entry = add_entry(
                case_id=case.case_id,
                partner_id=people.partner.id,
                text=f"Words of {people.partner.name}",
                actor=Actor(user_id=people.rep.id),
                at=at,
            )
            pass_on(entry_id=entry.id, actor=manager, at=at)
        for number, people in enumerate((gone, stays)):
            busy(people, number, at)
        ApprovalRoute.objects.create(
            program=a_program(), position=1, name="All", approvers=[world.manager.id]
        )
        a_referral(
            at, partner=gone.partner, by=gone.rep, company="Waits", contact_email="a@waits.example"
        )
    deliver()
    return Scene(gone, stays, rival, case, deal.referral_id)


def split_three_ways(world: World, scene: Scene, at: datetime) -> None:
    parties = CaseParty.objects.filter(case_id=scene.case.case_id)
    parts = ((scene.rival, 5_000), (scene.gone, 3_000), (scene.stays, 2_000))
    verdict = Verdict(
        outcome="split",
        rule="split",
        words={row.partner_id: "Shared work" for row in parties},
        credits=[(people.partner.id, "source", share) for people, share in parts],
    )
    decide_case(case_id=scene.case.case_id, verdict=verdict, actor=Actor(world.manager.id), at=at)


def merged(scene: Scene, at: datetime) -> Partner:
    return merge_partners(
        from_id=scene.gone.partner.id,
        into_id=scene.stays.partner.id,
        reason="Same firm",
        actor=SYSTEM,
        at=at,
    )


def test_nothing_is_left_with_the_duplicate_and_the_books_are_right(
    world: World, scene: Scene, deliver: Callable[[], int], at: datetime
) -> None:
    gone, stays = scene.gone.partner, scene.stays.partner
    with tenant_scope(world.acme.id):
        claims = Claim.objects.open().count()
        owed = sum(row.payable for one in (gone, stays) for row in partner_balances(one.id))
        merged(scene, at)
    deliver()

    kept = everything_kept(world.acme)
    assert (
        sorted(name for name, text in kept.items() if str(gone.id) in text and name not in HISTORY)
        == []
    )
    with tenant_scope(world.acme.id):
        assert list(faults()) == []
        assert not QueuedEvent.objects.exists()
        assert [row.payable for row in partner_balances(stays.id)] == [owed]
        assert [row.payable for row in partner_balances(gone.id)] in ([], [0])
        assert Claim.objects.open().filter(partner_id=stays.id).count() == claims
        mine = Accrual.objects.filter(referral_id=scene.shared_id, split_no=1)
        assert {row.partner_id for row in mine} == {stays.id}
        waiting = Referral.objects.get(company="Waits")
        assert approvals_of([waiting.id])[waiting.id][0].approver_id == world.manager.id
        claimed = Referral.objects.get(company="Claimed 0")
        heard = {row.user.id for row in listeners_of(claimed)}
        assert heard == {scene.gone.rep.id, scene.gone.admin.id}
        assert follows(claimed, scene.gone.admin.id)


def test_the_case_reads_as_one_party_against_the_rival(
    world: World, scene: Scene, deliver: Callable[[], int], at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        split_three_ways(world, scene, at)
        merged(scene, at)
    deliver()

    with tenant_scope(world.acme.id):
        parties = CaseParty.objects.filter(case_id=scene.case.case_id)
        assert {row.partner_id: row.share for row in parties} == {
            scene.rival.partner.id: 5_000,
            scene.stays.partner.id: 5_000,
        }
        own = parties.get(partner_id=scene.stays.partner.id)
        assert (own.opened_it, [line["own"] for line in own.timeline]) == (
            True,
            [False, True, True],
        )
        texts = CaseEntry.objects.filter(
            case_id=scene.case.case_id, partner_id=scene.stays.partner.id
        )
        assert sorted((row.voice, row.text) for row in texts) == [
            ("other", "Words of Rival"),
            ("own", "We met them in March."),
            ("own", "Words of Brightwater"),
        ]
        assert (
            sum(
                row.share
                for row in Credit.objects.filter(
                    partner_id=scene.stays.partner.id, company="Kestrel"
                )
            )
            == 5_000
        )


def test_its_people_see_it_all_and_the_rival_nothing_more(
    world: World, scene: Scene, deliver: Callable[[], int], at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        merged(scene, at)
        claimed = Referral.objects.get(company="Claimed 0")
    deliver()
    path = tenant_path(world.acme, "referrals:referral-detail", referral_id=claimed.id)
    case = tenant_path(world.acme, "referrals:case-detail", case_id=scene.case.case_id)
    found = {}
    for people in (scene.gone, scene.stays, scene.rival):
        client = Client()
        client.force_login(people.admin)
        found[people.partner.name] = (client.get(path).status_code, client.get(case).status_code)

    assert found == {"Brightwater": (200, 200), "Brightwater Ltd": (200, 200), "Rival": (404, 200)}
    with tenant_scope(world.acme.id, scene.rival.partner.id):
        seen = {
            row.partner_id
            for model in (Referral, CaseParty, CaseEntry, Explanation)
            for row in model.objects.all()
        }
        assert seen == {scene.rival.partner.id}


def test_a_merge_asks_every_table_of_referrals_that_names_a_partner(
    world: World, scene: Scene, at: datetime
) -> None:
    with tenant_scope(world.acme.id), CaptureQueriesContext(connection) as seen:
        merged(scene, at)

    asked = " ".join(query["sql"] for query in seen.captured_queries)
    tables = {
        model._meta.db_table
        for model in apps.get_app_config("referrals").get_models()
        if any(field.attname == "partner_id" for field in model._meta.concrete_fields)
    }
    assert sorted(table for table in tables if f'"{table}"' not in asked) == []
