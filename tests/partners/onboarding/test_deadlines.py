"""A deadline ends with its last day in the tenant's zone, whatever the clocks do that night."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partners.onboarding.models import Entitlement, RewardKind
from partners.onboarding.rules import Way, closed_by, end_of_day, in_time, last_day
from partners.onboarding.services import confirm_read
from prm.events.services import SYSTEM
from prm.tenancy.models import Tenant
from tests.builders.onboarding import a_run, a_track, steps_in
from tests.builders.partners import a_partner, a_program

ROME, HAVANA, BEIRUT, APIA = (
    ZoneInfo(name) for name in ("Europe/Rome", "America/Havana", "Asia/Beirut", "Pacific/Apia")
)


def utc(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("started", "zone", "ends"),
    [
        pytest.param(utc(2026, 11, 2, 9), ROME, utc(2026, 11, 16, 23), id="winter in Rome"),
        pytest.param(utc(2026, 7, 1, 9), ROME, utc(2026, 7, 15, 22), id="summer in Rome"),
        pytest.param(utc(2026, 3, 20, 9), ROME, utc(2026, 4, 3, 22), id="over the start of summer"),
        pytest.param(utc(2026, 10, 20, 9), ROME, utc(2026, 11, 3, 23), id="over the end of summer"),
        pytest.param(
            utc(2026, 11, 2, 23, 30), ROME, utc(2026, 11, 17, 23), id="already the next day in Rome"
        ),
        pytest.param(
            utc(2026, 11, 2, 9), APIA, utc(2026, 11, 16, 11), id="a zone far ahead of Greenwich"
        ),
        # Lebanon's clocks skip the midnight of 29 March 2026: the day ends when they jump.
        pytest.param(utc(2026, 3, 14, 9), BEIRUT, utc(2026, 3, 28, 22), id="a midnight left out"),
        # Cuba's midnight of 1 November 2026 comes twice: the first one ends the day.
        pytest.param(utc(2026, 10, 17, 15), HAVANA, utc(2026, 11, 1, 4), id="a midnight twice"),
    ],
)
def test_fourteen_days_end_with_the_fourteenth(
    started: datetime, zone: ZoneInfo, ends: datetime
) -> None:
    assert end_of_day(started, 14, zone) == ends


@given(
    started=st.integers(946_684_800, 2_840_140_800).map(lambda at: datetime.fromtimestamp(at, UTC)),
    days=st.integers(0, 400),
    zone=st.sampled_from([ROME, HAVANA, BEIRUT, APIA, ZoneInfo("UTC")]),
)
def test_the_last_day_is_the_start_plus_the_days(
    started: datetime, days: int, zone: ZoneInfo
) -> None:
    ends = end_of_day(started, days, zone)

    assert last_day(ends, zone) == started.astimezone(zone).date() + timedelta(days=days)
    assert ends.astimezone(zone).date() == last_day(ends, zone) + timedelta(days=1)


def test_without_a_deadline_nothing_is_in_time() -> None:
    assert not in_time([utc(2026, 1, 1)], None)
    assert in_time([utc(2026, 1, 1)], utc(2026, 1, 2))
    assert not in_time([utc(2026, 1, 1), utc(2026, 1, 2)], utc(2026, 1, 2))


def test_only_the_first_unsettled_step_that_holds_back_closes_the_rest() -> None:
    way = [Way(1, True, True), Way(2, False, False), Way(3, True, False), Way(4, True, False)]

    assert closed_by(way) == {4: 3}
    assert closed_by([*way, Way(5, False, True)]) == {4: 3, 5: 3}


@pytest.mark.parametrize(
    ("finished", "earns"),
    [
        pytest.param(utc(2026, 11, 15, 12), True, id="day 13"),
        pytest.param(utc(2026, 11, 16, 12), True, id="day 14"),
        pytest.param(utc(2026, 11, 16, 22, 59), True, id="the last minute of day 14"),
        pytest.param(utc(2026, 11, 16, 23), False, id="the first moment of day 15"),
        pytest.param(utc(2026, 11, 17, 12), False, id="day 15"),
    ],
)
def test_finishing_in_time_earns_the_first_lead(
    acme: Tenant, finished: datetime, earns: bool
) -> None:
    program = a_program()
    partner = a_partner()
    a_track(program, finish_days=14)
    # Acme's clocks are those of Amsterdam.
    run = a_run(partner.id, program, at=utc(2026, 11, 2, 9))

    confirm_read(done_id=steps_in(run)[0].id, actor=SYSTEM, at=finished)

    run.refresh_from_db()
    assert run.finished_at == finished
    kinds = list(Entitlement.objects.filter(partner=partner).values_list("kind", "key"))
    assert kinds == ([(RewardKind.FIRST_LEAD, f"finish:{run.track_id}")] if earns else [])
