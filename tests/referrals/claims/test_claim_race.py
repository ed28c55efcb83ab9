"""Twenty approvals of one account, at the same moment on twenty connections, give exactly one claim."""

import threading

import pytest
from django.db import connections

from prm.events.models import Event
from prm.events.services import SYSTEM
from prm.tenancy.scope import tenant_scope
from referrals.claims.models import Claim, ClaimKey
from referrals.pipeline.hooks import MoveRefused
from referrals.pipeline.models import Referral
from referrals.pipeline.services import change_stage
from tests.builders.referrals import a_partner, a_referral, stage_of
from tests.conftest import NOON, make_world

AT_ONCE = 20


@pytest.mark.race
def test_twenty_approvals_of_one_account_give_one_claim(real_database: str) -> None:
    world = make_world()
    with tenant_scope(world.acme.id):
        sent = [
            a_referral(NOON, partner=a_partner(f"Partner {number}"), website="kestrel.example")
            for number in range(AT_ONCE)
        ]
        accepted = stage_of(sent[0].program_id, "accepted").id
    start, claimed, refused, broken = threading.Barrier(AT_ONCE), [], [], []

    def approve(referral: Referral) -> None:
        try:
            start.wait()
            with tenant_scope(world.acme.id):
                change_stage(referral_id=referral.id, to_stage_id=accepted, actor=SYSTEM, at=NOON)
            claimed.append(referral.id)
        except MoveRefused as no:
            refused.append(str(no))
        except Exception as error:  # noqa: BLE001  whatever else comes must be seen by the test
            broken.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=approve, args=[row]) for row in sent]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert broken == []
    assert (len(claimed), len(refused)) == (1, AT_ONCE - 1)
    assert all("protects this company with" in words for words in refused)
    with tenant_scope(world.acme.id):
        assert [row.referral_id for row in Claim.objects.all()] == claimed
        assert ClaimKey.objects.count() == 1
        assert Referral.objects.filter(stage_kind="accepted").count() == 1
        assert Event.objects.filter(name="claim.made").count() == 1
