"""The vendor's own midnight parts two months, not the server's: every booking is on the statement of its local day."""

from datetime import UTC, date, datetime, timedelta

import pytest

from commissions.payouts.models import PayoutRun
from commissions.statements.models import Statement, StatementLine
from commissions.statements.services import issue_statement
from prm.events.services import SYSTEM
from prm.tenancy.models import Tenant
from tests.builders.payouts import a_payee, payable, submitted_run

NOVEMBER = date(2026, 11, 30)


def _month(partner_id: object, until_on: date, at: datetime) -> Statement:
    return issue_statement(
        partner_id=partner_id,  # type: ignore[arg-type]
        currency="EUR",
        until_on=until_on,
        actor=SYSTEM,
        at=at,
    )


@pytest.mark.parametrize(
    ("zone", "booked", "in_november"),
    [
        pytest.param("Europe/Rome", "2026-11-30T22:59:59", True, id="last second in Rome"),
        pytest.param("Europe/Rome", "2026-11-30T23:30:00", False, id="half past midnight in Rome"),
        pytest.param("America/New_York", "2026-12-01T04:30:00", True, id="evening in New York"),
        pytest.param("America/New_York", "2026-12-01T05:00:00", False, id="midnight in New York"),
        pytest.param("Pacific/Kiritimati", "2026-11-30T10:30:00", False, id="already tomorrow"),
    ],
)
def test_a_booking_at_the_end_of_the_month_is_on_the_statement_of_its_local_day(
    acme: Tenant, at: datetime, zone: str, booked: str, *, in_november: bool
) -> None:
    Tenant.objects.filter(id=acme.id).update(time_zone=zone)
    moment = datetime.fromisoformat(booked).replace(tzinfo=UTC)
    partner = a_payee("Brightwater", 1_000, at=at)
    payable(partner.id, 70, at=moment)

    first = _month(partner.id, NOVEMBER, moment + timedelta(days=1))
    payable(partner.id, 5, at=moment + timedelta(days=3))
    second = _month(partner.id, date(2026, 12, 31), moment + timedelta(days=32))

    stated = dict(StatementLine.objects.values_list("amount_minor", "statement__number"))
    assert stated[70] == (first if in_november else second).number
    assert (first.number, second.number) == ("ST-2026-11-0001", "ST-2026-12-0001")
    assert (first.opening_minor, second.opening_minor) == (0, first.closing_minor)
    assert second.closing_minor == 1_075
    assert (first.period_end, second.period_start) == (NOVEMBER, date(2026, 12, 1))


def test_a_run_is_named_after_the_vendors_month(acme: Tenant) -> None:
    Tenant.objects.filter(id=acme.id).update(time_zone="Europe/Rome")
    moment = datetime(2026, 11, 30, 23, 30, tzinfo=UTC)
    a_payee("Brightwater", 1_000, at=moment)

    submitted_run(at=moment)

    assert PayoutRun.objects.get().number == "PR-2026-12"
