"""How the vendor keeps its word: counted over all partners, shown to each, equal to a recount, silent when few."""

from datetime import datetime, timedelta
from statistics import median

import pytest
from django.core.cache import cache

from prm.analytics.record import Record, service_record
from prm.tenancy.scope import tenant_scope
from referrals.pipeline.models import Referral
from tests.builders.referrals import a_referral, people_of
from tests.conftest import World


def test_answers_of_all_partners_are_counted_for_each(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        mine, other = people_of(world.acme), people_of(world.acme, "Osprey")
        for number, people in enumerate([mine, mine, other, other, other]):
            row = a_referral(
                at, partner=people.partner, stage="accepted", contact_email=f"a@c{number}.example"
            )
            Referral.objects.filter(id=row.id).update(
                registered_at=at - timedelta(hours=10 * number + 3)
            )
        waited = [
            (row.decided_at - row.registered_at).total_seconds() / 3600
            for row in Referral.objects.exclude(decided_at=None)
            if row.decided_at
        ]
    with tenant_scope(world.acme.id, mine.partner.id):
        found = service_record(at + timedelta(days=1))
    cache.clear()
    with tenant_scope(world.globex.id):
        elsewhere = service_record(at + timedelta(days=1))

    assert found.decided == 5
    assert found.decision_hours == pytest.approx(median(waited))
    assert found.shown[0][1:] == ("23 hours", "of 5 referrals")
    assert elsewhere == Record()


def test_few_cases_are_not_a_figure() -> None:
    assert Record(decision_hours=1, decided=4, paid=4, paid_on_time=4, earned=4).shown == []


def test_each_figure_names_its_own_count() -> None:
    record = Record(
        decision_hours=72, decided=10, paid=20, paid_on_time=19, earned=40, taken_back=1
    )

    assert [row[1:] for row in record.shown] == [
        ("3 days", "of 10 referrals"),
        ("95%", "of 20 payments"),
        ("2%", "of 40 rewards"),
    ]
