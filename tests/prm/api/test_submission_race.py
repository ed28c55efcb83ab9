"""Eight calls with one Idempotency-Key at the same moment are one referral and one answer."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connections

from prm.tenancy.scope import tenant_scope
from referrals.pipeline.models import Referral
from tests.builders.api import Caller, a_key, a_submission
from tests.builders.referrals import people_of
from tests.conftest import NOON, make_world

CALLS = 8


@pytest.mark.race
def test_eight_at_once_are_one(real_database: str) -> None:
    world = make_world()
    with tenant_scope(world.acme.id):
        team = people_of(world.acme)
        _, secret = a_key(team.admin, NOON, partner_id=team.partner.id)
    together = Barrier(CALLS)

    def send(number: int) -> Any:
        # Every third is another body under the same key: it is refused, whoever comes first.
        body = a_submission("Bramble Foods" if number % 3 == 2 else "Kestrel Logistics")
        together.wait()
        try:
            return Caller(world.acme, secret).post("/referrals", body, key="order-1")
        finally:
            connections.close_all()

    with ThreadPoolExecutor(CALLS) as pool:
        answers = list(pool.map(send, range(CALLS)))

    made = [answer for answer in answers if answer.status_code == 201]
    with tenant_scope(world.acme.id):
        (referral,) = Referral.objects.all()
    assert {answer.json()["id"] for answer in made} == {str(referral.id)}
    assert sum("Idempotency-Replayed" not in answer.headers for answer in made) == 1
    assert {answer.status_code for answer in answers} == {201, 422}
