"""Where a partner's people see their protection: on the list and on their home."""

from dataclasses import asdict, replace
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from prm.events.services import SYSTEM
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from prm.web.formats import day_text
from referrals.claims.models import ClaimRules
from referrals.claims.rules import DEFAULTS
from referrals.claims.selectors import places_in
from referrals.pipeline.models import Referral
from referrals.pipeline.services import change_stage
from tests.builders.referrals import (
    People,
    a_partner,
    a_program,
    a_referral,
    people_of,
    stage_of,
)
from tests.conftest import World


@pytest.fixture
def people(world: World) -> People:
    with tenant_scope(world.acme.id):
        return people_of(world.acme)


def page(people: People, path: str) -> str:
    client = Client()
    client.force_login(people.rep, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client.get(path).content.decode()


def test_the_list_shows_the_end_of_a_running_protection_only(world: World, people: People) -> None:
    # At noon it is the same day in the vendor's zone and in the test's.
    now = timezone.now().replace(hour=12)
    with tenant_scope(world.acme.id):
        running = a_referral(now, partner=people.partner, by=people.rep, stage="accepted")
        late = a_referral(
            now - timedelta(days=200), partner=people.partner, by=people.rep, stage="qualified"
        )
        over = a_referral(
            now - timedelta(days=7), partner=people.partner, by=people.rep, stage="accepted"
        )
        assert running.protected_until is not None
        assert late.protected_until is not None
        assert over.protected_until is not None
        change_stage(
            referral_id=over.id,
            to_stage_id=stage_of(over.program_id, "lost").id,
            actor=SYSTEM,
            at=now,
            reason="No budget",
        )
        # A win keeps the end that was shown.
        Referral.objects.filter(id=over.id).update(protected_until=over.protected_until)

    text = page(people, "/acme/referrals/")

    assert "Protected until" in text
    assert text.count(f">{day_text(running.protected_until)}<") == 1
    for past in (late.protected_until, over.protected_until):
        assert day_text(past) not in text


def test_the_home_says_how_many_places_are_left(world: World, people: People) -> None:
    with tenant_scope(world.acme.id):
        rules = replace(DEFAULTS, base_places=3, floor_places=1)
        ClaimRules.objects.create(program=a_program(), **asdict(rules))
        a_referral(timezone.now(), partner=people.partner, by=people.rep, stage="accepted")

    assert "2 of 3 places for protected companies left." in page(people, "/acme/")


def test_the_home_names_the_programs_where_there_are_two(world: World, people: People) -> None:
    with tenant_scope(world.acme.id):
        a_partner("Brightwater", program=a_program("resale"))
        ClaimRules.objects.create(
            program=a_program("resale"), **asdict(replace(DEFAULTS, base_places=12))
        )

    text = page(people, "/acme/")

    assert "<b>Resale</b>: 12 of 12 places" in text
    assert "<b>Referral</b>: 25 of 25 places" in text


def test_places_of_many_programs_are_three_queries(acme: Tenant) -> None:
    now = timezone.now()
    programs = [a_program(f"program-{number}") for number in range(4)]
    partner = a_partner(program=programs[0])
    a_referral(now, partner=partner, program=programs[0], stage="accepted")

    with CaptureQueriesContext(
        connection,
    ) as context:
        found = places_in(partner_id=partner.id, program_ids=[row.id for row in programs], at=now)

    assert len(context.captured_queries) == 3
    assert [found[row.id].taken for row in programs] == [1, 0, 0, 0]
