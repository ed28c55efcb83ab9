"""What a decided case does to the parties' own referrals of the company: one goes on, the others end in plain words."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.http import QueryDict
from django.test import Client

from partners.directory.models import Partner
from prm.events.services import Actor
from prm.notices.models import Notice
from prm.tenancy.links import tenant_path
from prm.tenancy.scope import tenant_scope
from referrals.attribution.forms import VerdictForm
from referrals.attribution.models import CaseParty
from referrals.attribution.verdicts import Verdict, decide_case
from referrals.pipeline.models import Referral, StageChange
from tests.builders.attribution import a_case
from tests.builders.referrals import a_referral, people_of, stage_of
from tests.conftest import World

REASON = "Case %s decided who gets the credit for this company. The case says why."
WORDS = {"Brightwater": "Your registration came first.", "Solea": "It was registered before."}


def two_claims(world: World, at: datetime) -> tuple[Referral, Referral, CaseParty]:
    """Return two partners' referrals of one company, and the case that the later one's partner has opened."""
    first, second = people_of(world.acme), people_of(world.acme, "Solea")
    early = a_referral(at - timedelta(days=3), partner=first.partner, by=first.rep)
    late = a_referral(at, partner=second.partner, by=second.rep)
    return early, late, a_case(late, at)


def decide(world: World, case: CaseParty, at: datetime, **facts: Any) -> None:
    parties = CaseParty.objects.filter(case_id=case.case_id).select_related("partner")
    words = {row.partner_id: WORDS[row.partner.name] for row in parties}
    decide_case(
        case_id=case.case_id,
        verdict=Verdict(**{"outcome": "stays", "rule": "evidence", "words": words, **facts}),
        actor=Actor(user_id=world.manager.id),
        at=at,
    )


def kinds(*rows: Referral) -> list[str]:
    found = dict(Referral.objects.values_list("id", "stage_kind"))
    return [found[row.id] for row in rows]


@pytest.mark.parametrize("outcome", ["stays", "moved", "split"])
def test_the_other_partys_referral_ends_and_leads_to_the_case(
    world: World, deliver: Callable[[], int], at: datetime, outcome: str
) -> None:
    with tenant_scope(world.acme.id):
        early, late, case = two_claims(world, at)
        halves = tuple((row.partner_id, "source", 5_000) for row in (early, late))
        goal = late.partner_id if outcome == "moved" else None
        decide(world, case, at, outcome=outcome, credits=halves, to_partner_id=goal)
    deliver()

    with tenant_scope(world.acme.id):
        assert kinds(early, late) == ["submitted", "rejected"]
        step = StageChange.objects.get(referral=late, to_kind="rejected")
        assert (step.reason, step.actor_id) == (REASON % case.number, world.manager.id)
        told = Notice.objects.filter(kind="referral.milestone", user=late.submitted_by).latest("id")
        assert told.facts["reason"] == step.reason
        assert "Brightwater" not in str(told.facts)


def test_a_decision_may_keep_the_others(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        early, late, case = two_claims(world, at)

        decide(world, case, at, keeps_others=True)

        assert kinds(early, late) == ["submitted", "submitted"]


def test_nothing_ends_when_the_credited_referral_has_ended_itself(
    world: World, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        early, late, case = two_claims(world, at)
        rejected = stage_of(early.program_id, "rejected")
        Referral.objects.filter(id=early.id).update(stage=rejected, stage_kind="rejected")

        decide(world, case, at)

        assert kinds(early, late) == ["rejected", "submitted"]


def test_the_preview_names_what_will_be_declined(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        early, late, case = two_claims(world, at)
        parties = list(CaseParty.objects.filter(case_id=case.case_id))
    client = Client()
    client.force_login(world.manager)
    url = tenant_path(world.acme, "referrals:manage-case-decide", case_id=case.case_id)
    asked = {"seen": "0", "outcome": "stays", "rule": "evidence"}
    asked |= {f"words_{row.id}": "Decided by evidence." for row in parties}

    shown = client.post(url, asked)
    kept = client.post(url, {**asked, "keeps_others": "on"})
    client.post(url, {**asked, "confirm": shown.context["preview_digest"]})

    assert shown.context["preview_ends"] == [f"{late.number}, Solea"]
    assert f"{late.number}, Solea" in shown.text
    assert kept.context["preview_ends"] == []
    with tenant_scope(world.acme.id):
        assert kinds(early, late) == ["submitted", "rejected"]


@pytest.mark.parametrize(
    "odd", ["NaN", "1e400", "-50", "Infinity", "9" * 400, "5,0,0", "=50", "50\x00", ""]
)
def test_no_odd_share_passes(odd: str) -> None:
    parties = [
        CaseParty(id=number, partner=Partner(id=uuid4(), name=f"P{number}")) for number in (1, 2)
    ]
    given = {"outcome": "split", "rule": "split", "seen": "0", "words_1": "So", "words_2": "So"}

    def is_valid(share: str) -> bool:
        data = QueryDict(mutable=True)
        data.update({**given, "share_1": "50", "share_2": share})
        return VerdictForm(data, parties=parties).is_valid()

    assert [is_valid(odd), is_valid("50")] == [False, True]
