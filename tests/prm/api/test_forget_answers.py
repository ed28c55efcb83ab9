"""The answer kept for a repeated call holds nothing of a person who was erased since."""

import json
from datetime import datetime

from prm.api.models import IdempotencyKey
from prm.api.referrals import referral_out
from prm.events.services import SYSTEM
from prm.tenancy.models import Tenant
from referrals.capture.privacy import erase_person
from tests.builders.api import a_key
from tests.builders.referrals import a_referral
from tests.conftest import World


def test_a_kept_answer_names_the_pseudonym(world: World, acme: Tenant, at: datetime) -> None:
    referral, other = a_referral(at), a_referral(at, contact_email="ann@other.example")
    key, _secret = a_key(world.admin, at)
    for number, row in enumerate((referral, other)):
        IdempotencyKey.objects.create(
            api_key=key,
            key=str(number),
            request_digest="",
            status=201,
            body=json.dumps(referral_out(row)),
        )

    pseudonym = erase_person(referral_id=referral.id, actor=SYSTEM, at=at)

    first, second = (
        json.loads(row.body)["contact"] for row in IdempotencyKey.objects.order_by("key")
    )
    assert (first["name"], first["email"]) == (pseudonym, pseudonym)
    assert second["email"] == "ann@other.example"
