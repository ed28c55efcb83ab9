"""One open claim per account: accepting claims, closing frees, time ends, and the database keeps it to one."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from prm.events.models import Event
from prm.events.services import SYSTEM, Actor
from prm.tenancy.models import Tenant
from referrals.claims.models import Claim, ClaimEnd, ClaimKey, ClaimRules
from referrals.claims.selectors import places_of
from referrals.claims.services import claim, expire_claims, release_claim, sweep_idle, warn_of_ends
from referrals.pipeline.hooks import MoveRefused
from referrals.pipeline.models import Referral
from referrals.pipeline.services import change_stage
from tests.builders.referrals import a_partner, a_program, a_referral, stage_of

pytestmark = pytest.mark.django_db


def accepted(at: datetime, partner: str = "Brightwater", **facts: Any) -> Referral:
    return a_referral(at, partner=a_partner(partner), stage="accepted", **facts)


def accept(referral: Referral, at: datetime) -> None:
    change_stage(
        referral_id=referral.id,
        to_stage_id=stage_of(referral.program_id, "accepted").id,
        actor=SYSTEM,
        at=at,
    )


def test_accepting_protects_the_account_for_the_programs_days(acme: Tenant, at: datetime) -> None:
    referral = accepted(at, website="www.kestrel.example", tax_id="IT 0123", country="IT")

    held = Claim.objects.get(referral=referral)
    assert held.protected_until == at + timedelta(days=a_program().protection_days)
    assert referral.protected_until == held.protected_until
    assert held.account_key == "domain:kestrel.example"
    keys = ClaimKey.objects.filter(claim=held).values_list("key", flat=True)
    assert sorted(keys) == ["domain:kestrel.example", "tax:0123|IT"]
    assert Event.objects.filter(name="claim.made").count() == 1


@pytest.mark.parametrize(
    "second",
    [
        pytest.param({"contact_email": "ann@kestrel.example"}, id="same domain"),
        pytest.param(
            {"contact_email": "ann@gmail.com", "tax_id": "0123", "country": "IT"},
            id="same tax number",
        ),
    ],
)
def test_a_second_partner_is_refused_in_words(
    acme: Tenant, at: datetime, second: dict[str, Any]
) -> None:
    accepted(at, contact_email="tom@kestrel.example", tax_id="IT0123", country="IT")
    late = a_referral(at, partner=a_partner("Solea"), **second)

    with pytest.raises(MoveRefused, match="Brightwater protects this company with R-2026-0001"):
        accept(late, at)

    late.refresh_from_db()
    assert (late.stage_kind, late.protected_until) == ("submitted", None)
    assert Claim.objects.count() == 1
    assert not Event.objects.filter(name="claim.made", partner_id=late.partner_id).exists()


def test_closing_frees_the_account(acme: Tenant, at: datetime) -> None:
    first = accepted(at, contact_email="tom@kestrel.example")
    late = a_referral(at, partner=a_partner("Solea"), contact_email="tom@kestrel.example")

    change_stage(
        referral_id=first.id,
        to_stage_id=stage_of(first.program_id, "lost").id,
        actor=SYSTEM,
        at=at + timedelta(days=1),
        reason="No budget",
    )
    accept(late, at + timedelta(days=1))

    assert Claim.objects.get(referral=first).ended_why == ClaimEnd.CLOSED
    assert Claim.objects.open().get().partner_id == late.partner_id
    first.refresh_from_db()
    assert first.protected_until == at + timedelta(days=1)


def test_protection_ends_at_its_exact_moment(acme: Tenant, at: datetime) -> None:
    first = accepted(at, contact_email="tom@kestrel.example")
    late = a_referral(at, partner=a_partner("Solea"), contact_email="tom@kestrel.example")
    assert first.protected_until is not None
    end = first.protected_until

    with pytest.raises(MoveRefused):
        accept(late, end - timedelta(seconds=1))
    assert expire_claims(at=end - timedelta(seconds=1)) == 0
    accept(late, end)

    assert Claim.objects.get(referral=first).ended_at == end
    assert Claim.objects.get(referral=first).ended_why == ClaimEnd.EXPIRED
    assert Event.objects.filter(name="claim.expired").count() == 1


def test_the_sweep_ends_it_at_the_same_moment_once(acme: Tenant, at: datetime) -> None:
    referral = accepted(at)
    assert referral.protected_until is not None
    late = referral.protected_until + timedelta(hours=5)

    assert [expire_claims(at=late), expire_claims(at=late)] == [1, 0]

    assert Claim.objects.get().ended_at == referral.protected_until
    referral.refresh_from_db()
    assert referral.stage_kind == "accepted"


def test_it_is_warned_of_14_and_3_days_before_once_each(acme: Tenant, at: datetime) -> None:
    referral = accepted(at)
    assert referral.protected_until is not None
    end = referral.protected_until

    told = [
        warn_of_ends(at=end - left)
        for left in (
            timedelta(days=14, seconds=1),
            timedelta(days=14),
            timedelta(days=13),
            timedelta(days=3),
            timedelta(days=1),
        )
    ]

    assert told == [0, 1, 0, 1, 0]
    days = [event.payload["days"] for event in Event.objects.filter(name="claim.warned")]
    assert sorted(days) == [3, 14]


def test_the_26th_is_refused_and_closing_one_frees_a_place(acme: Tenant, at: datetime) -> None:
    held = [accepted(at, contact_email=f"tom@kestrel-{n}.example") for n in range(25)]
    partner = held[0].partner_id
    fresh = {"contact_email": "ann@other.example", "company": "Other"}

    with pytest.raises(MoveRefused, match="25 of 25 places"):
        accepted(at, **fresh)
    refused = Referral.objects.count()
    release_claim(referral_id=held[3].id, why=ClaimEnd.GIVEN_UP, actor=SYSTEM, at=at)
    accepted(at, **fresh)

    assert refused == 25
    places = places_of(partner_id=partner, program_id=held[0].program_id, at=at)
    assert (places.taken, places.most, places.left) == (25, 25, 0)


def test_silence_is_warned_of_and_then_released(acme: Tenant, at: datetime) -> None:
    program = a_program()
    ClaimRules.objects.create(
        program=program,
        base_places=25,
        floor_places=10,
        most_places=100,
        places_per_win=1,
        heartbeat_days=30,
        heartbeat_warning_days=7,
        extension_days=60,
        most_extensions=2,
        checks_per_day=30,
        hold_hours=72,
    )
    referral = accepted(at)
    day = timedelta(days=1)

    changed = [sweep_idle(at=at + days * day) for days in (22, 23, 24, 29, 30, 31)]

    assert changed == [0, 1, 0, 0, 1, 0]
    row = Claim.objects.get(referral=referral)
    assert (row.ended_why, row.ended_at) == (ClaimEnd.IDLE, at + 30 * day)


def test_a_late_sweep_still_warns_first(acme: Tenant, at: datetime) -> None:
    accepted(at)

    changed = [sweep_idle(at=at + timedelta(days=days)) for days in (80, 86, 87)]

    assert changed == [1, 0, 1]


def test_a_repeat_returns_the_same_claim(acme: Tenant, at: datetime) -> None:
    referral = accepted(at)

    again = claim(referral=referral, actor=Actor(user_id=None), at=at + timedelta(days=3))

    assert again.claimed_at == at
    assert Claim.objects.count() == 1
    assert release_claim(referral_id=uuid4(), why=ClaimEnd.CLOSED, actor=SYSTEM, at=at) is None
