"""Pairs are noted once, shown side by side, decided once with a reason; the other partner stays unnamed."""

import pytest
from django.test import Client

from prm.events.models import Event
from prm.events.services import Actor
from prm.tenancy.links import tenant_path
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from referrals.claims.duplicates import ReasonMissing, decide_pair, note_matches
from referrals.claims.models import SameCompany, Verdict
from referrals.claims.selectors import matches_of
from referrals.pipeline.models import Referral, StageChange
from tests.builders.claims import a_pair, an_account
from tests.builders.referrals import a_referral
from tests.conftest import NOON, World

pytestmark = pytest.mark.django_db
TOLD = "This company was already known."


def decide(
    pair: SameCompany, verdict: Verdict, kept: object = None, reason: str = "Same VAT"
) -> None:
    decide_pair(
        pair_id=pair.id,
        verdict=verdict,
        kept_id=kept,  # type: ignore[arg-type]
        reason=reason,
        told=TOLD,
        actor=Actor(user_id=None),
        at=NOON,
    )


def test_the_same_company_ends_the_other_referral_with_neutral_words(acme: Tenant) -> None:
    pair = a_pair(NOON)

    decide(pair, Verdict.SAME, kept=pair.other_id)
    decide(pair, Verdict.DIFFERENT)

    ended, kept = Referral.objects.get(id=pair.referral_id), Referral.objects.get(id=pair.other_id)
    assert (ended.stage_kind, kept.stage_kind) == ("rejected", "submitted")
    change = StageChange.objects.filter(referral=ended).latest("at", "id")
    assert change.reason == TOLD
    assert kept.partner.name not in change.reason
    pair.refresh_from_db()
    assert (pair.verdict, pair.kept_id, pair.reason) == (Verdict.SAME, kept.id, "Same VAT")
    assert Event.objects.filter(name="referral.duplicate_decided").count() == 1


def test_different_companies_are_not_shown_again(acme: Tenant) -> None:
    pair = a_pair(NOON)
    referral = Referral.objects.get(id=pair.referral_id)
    before = len(matches_of([referral])[referral.id])

    decide(pair, Verdict.DIFFERENT)

    assert before == 1
    assert matches_of([referral]) == {}
    assert note_matches(referral_id=referral.id, at=NOON) == []
    assert Referral.objects.filter(stage_kind="submitted").count() == 2


def test_a_decision_needs_its_reason(acme: Tenant) -> None:
    pair = a_pair(NOON)

    with pytest.raises(ReasonMissing):
        decide(pair, Verdict.SAME, kept=pair.other_id, reason=" ")

    pair.refresh_from_db()
    assert pair.verdict == Verdict.OPEN


def test_a_like_name_in_the_crm_is_noted_once(acme: Tenant) -> None:
    account = an_account("Kestrel Logistic")
    referral = a_referral(NOON, company="Kestrel Logistics", contact_email="tom@gmail.com")

    first = note_matches(referral_id=referral.id, at=NOON)
    again = note_matches(referral_id=referral.id, at=NOON)

    assert [(row.other_kind, row.other_id, row.why) for row in first] == [
        ("account", account.id, "name")
    ]
    assert again == []


def test_the_page_compares_and_decides(world: World) -> None:
    with tenant_scope(world.acme.id):
        pair = a_pair(NOON)
    client = Client()
    client.force_login(world.manager, backend="allauth.account.auth_backends.AuthenticationBackend")
    path = tenant_path(world.acme, "referrals:duplicate-detail", pair_id=pair.id)

    shown = client.get(path).content.decode()
    lacking = client.post(path, {"verdict": str(pair.other_id), "reason": ""})
    done = client.post(path, {"verdict": str(pair.other_id), "reason": "Same website"})

    assert "Brightwater" in shown
    assert "Solea" in shown
    assert lacking.status_code == 422
    assert done.status_code == 303
    with tenant_scope(world.acme.id):
        assert SameCompany.objects.get(id=pair.id).verdict == Verdict.SAME


def test_a_record_that_has_ended_is_not_said_to_be_declined(world: World) -> None:
    with tenant_scope(world.acme.id):
        pair = a_pair(NOON)
        Referral.objects.filter(id=pair.other_id).update(stage_kind="won")
        number = Referral.objects.get(id=pair.other_id).number
    client = Client()
    client.force_login(world.manager, backend="allauth.account.auth_backends.AuthenticationBackend")

    page = client.get(tenant_path(world.acme, "referrals:duplicate-detail", pair_id=pair.id)).text

    assert f"{number} has ended and stays as it is" in page
    assert f"{number} is declined" not in page
