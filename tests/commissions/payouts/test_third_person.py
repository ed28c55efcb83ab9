"""Above a limit a run takes two people besides its preparer; so does every run that the clock prepared."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from commissions.payouts.clock import prepare_by_clock
from commissions.payouts.models import PayoutRun, RunApproval, RunState
from commissions.payouts.rules import Limits, approvals_needed, last_run_day, next_run_day
from commissions.payouts.services import PreparedByYou, approve_run
from commissions.payouts.settings import (
    AchHead,
    Clock,
    CurrencyLimits,
    save_payout_limits,
    save_payout_settings,
)
from prm.events.models import Event
from prm.events.services import Actor
from prm.notices.models import Mail
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from tests.builders.payouts import a_payee, submitted_run
from tests.conftest import World

LIMIT = {"EUR": Limits(run_minor=10_000, payment_minor=6_000)}


@pytest.mark.parametrize(
    ("payments", "by_a_person", "needed"),
    [
        pytest.param({"EUR": [5_000, 5_000]}, True, 1, id="at both limits"),
        pytest.param({"EUR": [5_000, 5_001]}, True, 2, id="a cent above the run's"),
        pytest.param({"EUR": [6_001]}, True, 2, id="a cent above a payment's"),
        pytest.param({"USD": [999_999]}, True, 1, id="another currency has its own limits"),
        pytest.param({"EUR": [1]}, False, 2, id="nobody saw it prepared"),
    ],
)
def test_how_many_people_look_is_decided_by_amounts(
    payments: dict[str, list[int]],
    by_a_person: bool,
    needed: int,
) -> None:
    assert approvals_needed(payments, LIMIT, by_a_person=by_a_person) == needed


def test_a_run_above_the_limit_is_booked_with_the_second_word(
    world: World, at: datetime, deliver: Callable[[], int]
) -> None:
    first = Actor(world.second_finance.id)
    with tenant_scope(world.acme.id):
        limits = {"EUR": CurrencyLimits(1_000, None, None)}
        save_payout_limits(limits=limits, actor=Actor(world.admin.id), at=at)
        a_payee("Alder", 1_001, at=at)
        run = submitted_run(at=at, user_id=world.finance.id)
        for _again in range(2):
            run = approve_run(run_id=run.id, digest=run.digest, actor=first, at=at)
            assert run.state == RunState.PREPARED
        with pytest.raises(PreparedByYou):
            approve_run(run_id=run.id, digest=run.digest, actor=Actor(world.finance.id), at=at)
    deliver()

    with tenant_scope(world.acme.id):
        asked = Mail.objects.filter(kind="run.waiting", user=world.admin)
        assert asked.count() == 2
        run = approve_run(run_id=run.id, digest=run.digest, actor=Actor(world.admin.id), at=at)

        assert run.state == RunState.APPROVED
        assert RunApproval.objects.filter(run=run).count() == 2
        facts = Event.objects.filter(name__startswith="payout_run.").order_by("id")
        assert list(facts.values_list("name", flat=True)) == [
            "payout_run.prepared",
            "payout_run.agreed",
            "payout_run.approved",
        ]


def test_the_clock_prepares_once_a_day_and_catches_up_with_a_day_that_was_missed(
    world: World, acme: Tenant, at: datetime
) -> None:
    save_payout_settings(
        methods=["sepa"],
        clock=Clock("monthly", 20),
        head=AchHead(),
        actor=Actor(world.finance.id),
        at=at,
    )
    a_payee("Alder", 1_000, at=at)

    assert prepare_by_clock(at=at) is None
    late = datetime(2026, 11, 21, 6, tzinfo=UTC)
    run = prepare_by_clock(at=late)
    assert run is not None
    assert prepare_by_clock(at=late + timedelta(hours=1)) is None

    assert (run.prepared_by_id, run.approvals_needed) == (None, 2)
    assert PayoutRun.objects.count() == 1


def test_days_of_the_clock() -> None:
    friday = datetime(2026, 11, 20, tzinfo=UTC).date()

    assert last_run_day(friday, cadence="weekly", run_day=5) == friday
    assert next_run_day(friday, cadence="weekly", run_day=4) == friday + timedelta(days=6)
    assert last_run_day(friday, cadence="monthly", run_day=28) == friday - timedelta(days=23)
    assert next_run_day(friday, cadence="", run_day=1) is None
