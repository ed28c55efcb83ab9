"""publish_version puts dated terms in force, and what is published stands."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from commissions.plans.models import PlanRule, PlanVersion
from commissions.plans.selectors import plan_in_force
from commissions.plans.services import (
    PlanIsPublished,
    PlanPaysNothing,
    PlanStartsInThePast,
    PlanStartsTooEarly,
    PlanTerms,
    create_version,
    discard_draft,
    publish_version,
)
from prm.events.models import Event
from prm.events.services import SYSTEM, Actor
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from tests.builders.commissions import TWENTY_PERCENT, WON_500, a_plan
from tests.builders.referrals import a_program
from tests.conftest import make_world


def a_draft(at: datetime, starts_at: datetime, *rules: object) -> PlanVersion:
    return create_version(
        program_id=a_program().id,
        terms=PlanTerms(rules or (TWENTY_PERCENT,)),  # type: ignore[arg-type]
        starts_at=starts_at,
        actor=SYSTEM,
        at=at,
    )


def test_the_first_version_may_start_in_the_past(acme: Tenant, at: datetime) -> None:
    draft = a_draft(at, at - timedelta(days=400))

    publish_version(version_id=draft.id, actor=SYSTEM, at=at)

    assert plan_in_force(a_program().id, at - timedelta(days=400)) == draft
    assert plan_in_force(a_program().id, at - timedelta(days=401)) is None


def test_a_later_version_ends_the_one_before_at_its_start(acme: Tenant, at: datetime) -> None:
    first = a_plan()
    start = at + timedelta(days=30)

    second = publish_version(version_id=a_draft(at, start, WON_500).id, actor=SYSTEM, at=at)

    first.refresh_from_db()
    assert (first.ends_at, second.number) == (start, 2)
    assert plan_in_force(a_program().id, start - timedelta(microseconds=1)) == first
    assert plan_in_force(a_program().id, start) == second
    assert Event.objects.filter(name="plan.version_published").count() == 2


@pytest.mark.parametrize("days", [0, -1])
def test_a_later_version_never_starts_in_the_past(acme: Tenant, at: datetime, days: int) -> None:
    first = a_plan()
    draft = a_draft(at, at + timedelta(days=days))

    with pytest.raises(PlanStartsInThePast):
        publish_version(version_id=draft.id, actor=SYSTEM, at=at)

    first.refresh_from_db()
    assert first.ends_at is None
    assert Event.objects.filter(name="plan.version_published").count() == 1


def test_a_third_version_starts_after_the_second(acme: Tenant, at: datetime) -> None:
    a_plan()
    publish_version(version_id=a_draft(at, at + timedelta(days=30)).id, actor=SYSTEM, at=at)

    with pytest.raises(PlanStartsTooEarly):
        publish_version(version_id=a_draft(at, at + timedelta(days=10)).id, actor=SYSTEM, at=at)


def test_a_repeat_publishes_once(acme: Tenant, at: datetime) -> None:
    version = a_plan()

    publish_version(version_id=version.id, actor=SYSTEM, at=at)

    assert Event.objects.filter(name="plan.version_published").count() == 1


def test_a_version_without_rules_is_refused(acme: Tenant, at: datetime) -> None:
    draft = create_version(
        program_id=a_program().id, terms=PlanTerms(()), starts_at=at, actor=SYSTEM, at=at
    )

    with pytest.raises(PlanPaysNothing):
        publish_version(version_id=draft.id, actor=SYSTEM, at=at)


def test_the_draft_is_one_and_changes_in_place(acme: Tenant, at: datetime) -> None:
    first = a_draft(at, at)
    again = a_draft(at, at, WON_500, TWENTY_PERCENT)

    assert again.id == first.id
    assert [
        rule.trigger for rule in PlanRule.objects.filter(version_id=first.id).order_by("position")
    ] == ["won", "revenue"]

    discard_draft(version_id=first.id, actor=SYSTEM, at=at)
    assert not PlanVersion.objects.exists()


def test_two_people_publish_at_once_and_one_version_is_in_force(
    real_database: str, at: datetime
) -> None:
    world = make_world()
    with tenant_scope(world.acme.id):
        first = a_plan()
        draft = a_draft(at, at + timedelta(days=30), WON_500)

    def publish(user_id: int) -> PlanVersion:
        try:
            with tenant_scope(world.acme.id):
                return publish_version(version_id=draft.id, actor=Actor(user_id), at=at)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        people = [world.admin.id, world.manager.id, world.finance.id, world.second_finance.id]
        found = list(pool.map(publish, people))

    with tenant_scope(world.acme.id):
        stored = PlanVersion.objects.get(id=draft.id)
        assert {version.published_by_id for version in found} == {stored.published_by_id}
        assert Event.objects.filter(name="plan.version_published").count() == 2
        first.refresh_from_db()
        assert first.ends_at == stored.starts_at


def test_the_database_itself_refuses_versions_that_overlap(acme: Tenant, at: datetime) -> None:
    first = a_plan()
    second = publish_version(
        version_id=a_draft(at, at + timedelta(days=30), WON_500).id, actor=SYSTEM, at=at
    )

    for version, ends_at in ((first, None), (first, second.starts_at + timedelta(seconds=1))):
        with pytest.raises(DatabaseError), transaction.atomic():
            PlanVersion.objects.filter(id=version.id).update(ends_at=ends_at)
    with pytest.raises(DatabaseError), transaction.atomic():
        PlanVersion.objects.create(
            program_id=first.program_id,
            number=3,
            currency="EUR",
            starts_at=at - timedelta(days=1),
            created_at=at,
            published_at=at,
        )

    first.refresh_from_db()
    assert first.ends_at == second.starts_at


def test_no_rule_is_added_to_a_published_version(acme: Tenant, at: datetime) -> None:
    version = a_plan()

    with pytest.raises(DatabaseError), transaction.atomic():
        PlanRule.objects.create(
            version_id=version.id, position=2, trigger="won", reward="fixed", amount_minor=1
        )

    assert PlanRule.objects.count() == 1


def test_what_is_published_is_never_changed(acme: Tenant, at: datetime) -> None:
    version = a_plan()

    with pytest.raises(PlanIsPublished):
        discard_draft(version_id=version.id, actor=SYSTEM, at=at)
    with pytest.raises(DatabaseError), transaction.atomic():
        PlanVersion.objects.filter(id=version.id).update(hold_days=1)
    with pytest.raises(DatabaseError), transaction.atomic():
        PlanRule.objects.filter(version_id=version.id).update(rate="0.9")
    with pytest.raises(DatabaseError), transaction.atomic():
        PlanRule.objects.filter(version_id=version.id).delete()
