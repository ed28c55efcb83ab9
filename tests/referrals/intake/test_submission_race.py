"""Two requests with one form's key, at the same moment on two connections, make one referral."""

import threading
from uuid import uuid4

import pytest
from django.db import connections

from prm.events.models import Event
from prm.events.services import SYSTEM
from prm.tenancy.scope import tenant_scope
from referrals.intake.services import submit_referral
from referrals.pipeline.models import Referral
from tests.builders.referrals import a_draft, a_partner
from tests.conftest import NOON, make_world


@pytest.mark.race
def test_one_key_at_once_is_one_referral(real_database: str) -> None:
    world = make_world()
    with tenant_scope(world.acme.id):
        partner, draft = a_partner(), a_draft()
    key, start, made = uuid4(), threading.Barrier(4), []

    def send() -> None:
        try:
            start.wait()
            with tenant_scope(world.acme.id, partner.id):
                referral = submit_referral(
                    draft=draft,
                    partner_id=partner.id,
                    submitted_by_id=None,
                    actor=SYSTEM,
                    at=NOON,
                    key=key,
                )
                made.append((referral.id, referral.number))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(made) == 4
    assert len(set(made)) == 1
    with tenant_scope(world.acme.id):
        assert Referral.objects.count() == 1
        assert Event.objects.filter(name="referral.submitted").count() == 1


@pytest.mark.race
def test_numbers_have_no_gap_and_no_twin(real_database: str) -> None:
    world = make_world()
    with tenant_scope(world.acme.id):
        partner, draft = a_partner(), a_draft()
    start = threading.Barrier(4)

    def send() -> None:
        try:
            start.wait()
            for _ in range(3):
                with tenant_scope(world.acme.id):
                    submit_referral(
                        draft=draft,
                        partner_id=partner.id,
                        submitted_by_id=None,
                        actor=SYSTEM,
                        at=NOON,
                        key=uuid4(),
                    )
        finally:
            connections.close_all()

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with tenant_scope(world.acme.id):
        numbers = sorted(Referral.objects.values_list("number", flat=True))
    assert numbers == [f"R-2026-{number:04d}" for number in range(1, 13)]
