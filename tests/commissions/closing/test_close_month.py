"""A closed month stays as it is: in the database, in its reports, whatever is booked later."""

import threading
from csv import DictReader
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.db import IntegrityError, connection, transaction

from commissions.accruals.services import claw_back, release_due
from commissions.closing.chart import save_codes, words_now
from commissions.closing.models import PeriodReport
from commissions.closing.reports import csv_proof, report_rows
from commissions.closing.rules import REPORTS, Frozen
from commissions.closing.selectors import months
from commissions.closing.services import (
    NotClosable,
    ReportChanged,
    close_month,
    hold_against_first,
    prove_reports,
)
from commissions.ledger.models import ClosedPeriod, Transfer
from commissions.ledger.rules import booking_period, last_day, next_period
from commissions.ledger.selectors import period_is_closed
from commissions.ledger.services import reverse_transfer
from commissions.verification import faults
from partners.directory.models import Partner
from prm.events.models import QueuedEvent
from prm.events.relay import relay_tenant
from prm.events.services import SYSTEM
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from prm.web.exports import csv_lines
from tests.builders.closing import a_closed_month
from tests.builders.commissions import an_accrual
from tests.builders.partners import a_partner
from tests.builders.payouts import payable
from tests.builders.people import a_tenant

OCTOBER = datetime(2026, 10, 10, 12, tzinfo=UTC)
NOVEMBER = datetime(2026, 11, 10, 12, tzinfo=UTC)
DECEMBER = datetime(2026, 12, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "closed", "period"),
    [
        pytest.param("2026-10-31", 0, 202610, id="nothing is closed"),
        pytest.param("2026-10-31", 202609, 202610, id="its own month is open"),
        pytest.param("2026-10-31", 202610, 202611, id="late by a day"),
        pytest.param("2026-08-01", 202612, 202701, id="late by months, over the year"),
    ],
)
def test_what_is_late_goes_into_the_first_open_month(day: str, closed: int, period: int) -> None:
    assert booking_period(datetime.fromisoformat(day).date(), closed) == period
    assert (next_period(202612), last_day(202602).day) == (202701, 28)


def csv_of(report: str, period: int, words: Frozen) -> str:
    """Return a report's file."""
    return "".join(csv_lines(words.headings[report], report_rows(report, period, words)))


def test_a_closed_months_reports_are_the_same_bytes_whatever_comes_later(
    acme: Tenant,
) -> None:
    accrual = an_accrual(OCTOBER, company="First")
    # As if the worker had handled them: no event of the month that books may wait.
    QueuedEvent.objects.all().delete()
    month = a_closed_month(202610, NOVEMBER)
    words = Frozen.from_json(month.frozen)
    before = {report: csv_of(report, 202610, words) for report in REPORTS}

    # Late facts of October, a reversal, another name, other codes: nothing of it reaches October.
    late = an_accrual(OCTOBER + timedelta(days=1), company="Late")
    claw_back(
        accrual_id=accrual.id, amount_minor=700, reason="x", key="k", actor=SYSTEM, at=NOVEMBER
    )
    release_due(until=DECEMBER + timedelta(days=60), at=DECEMBER)
    reverse_transfer(transfer=payable(late.partner_id, 900, at=OCTOBER), key="r", at=OCTOBER)
    Partner.objects.update(name="Another name")
    save_codes(codes={"cash": ("1810", "House bank")}, actor=SYSTEM, at=DECEMBER)

    stored = Frozen.from_json(ClosedPeriod.objects.get(period=202610).frozen)
    assert {report: csv_of(report, 202610, stored) for report in REPORTS} == before
    assert prove_reports(period=202610, at=DECEMBER)["journal"].row_count == 2
    assert PeriodReport.objects.count() == len(REPORTS)
    assert late.transfer.period == 202611
    assert (str(late.transfer.booked_on), period_is_closed(late.earned_on)) == ("2026-10-11", True)
    assert [f.check for f in faults()] == ["every movement has its reason"]
    proof = csv_proof("earnings", 202610, words_now("en"))
    with pytest.raises(ReportChanged, match="earnings of 202610"):
        hold_against_first(month, "earnings", proof, at=DECEMBER)


def test_the_journal_balances_per_currency_and_equals_the_ledger(acme: Tenant) -> None:
    partner = a_partner()
    payable(partner.id, 10_000, at=OCTOBER)
    dollars = payable(partner.id, 2_500, "USD", at=OCTOBER)
    reverse_transfer(transfer=dollars, key="back", at=OCTOBER)
    payable(partner.id, 777, at=NOVEMBER)

    rows = list(DictReader(StringIO(csv_of("journal", 202610, words_now("en")).lstrip("\ufeff"))))

    sums = {
        (row["Currency"], side): sum(
            round(float(r[side]) * 100)
            for r in rows
            if r[side] and r["Currency"] == row["Currency"]
        )
        for row in rows
        for side in ("Debit", "Credit")
    }
    assert sums == {
        ("EUR", "Debit"): 10_000,
        ("EUR", "Credit"): 10_000,
        ("USD", "Debit"): 5_000,
        ("USD", "Credit"): 5_000,
    }
    # The reversal is the mirror: what was credited is debited, and it names what it takes back.
    back = [row for row in rows if row["Takes back entry"]]
    assert [(row["Account"], row["Debit"], row["Credit"]) for row in back] == [
        ("2110", "25.00", ""),
        ("6000", "", "25.00"),
    ]
    assert {row["Takes back entry"] for row in back} == {str(dollars.id)}


def test_months_are_closed_in_order_once_they_are_over(acme: Tenant) -> None:
    partner = a_partner()
    payable(partner.id, 10_000, at=OCTOBER - timedelta(days=31))
    payable(partner.id, 500, at=NOVEMBER)

    def refused(period: int, at: datetime) -> list[str]:
        with pytest.raises(NotClosable) as problem:
            close_month(period=period, actor=SYSTEM, at=at)
        return [check.code for check in problem.value.found]

    assert refused(202610, NOVEMBER) == ["earlier"]
    assert refused(202611, NOVEMBER) == ["over", "earlier"]
    first = close_month(period=202609, actor=SYSTEM, at=NOVEMBER)
    # Nothing moved in October; it keeps what is owed.
    second = close_month(period=202610, actor=SYSTEM, at=NOVEMBER)
    assert close_month(period=202609, actor=SYSTEM, at=DECEMBER) == first
    assert second.totals["EUR"]["owed"] == 10_000
    shown = months(now=DECEMBER)
    assert [(m.period, m.is_next, m.totals["EUR"]["owed"]) for m in shown] == [
        (202612, False, 10_500),
        (202611, True, 10_500),
        (202610, False, 10_000),
        (202609, False, 10_000),
    ]


def test_the_database_lets_nothing_into_a_closed_month(acme: Tenant) -> None:
    transfer = payable(a_partner().id, 100, at=OCTOBER)
    month = close_month(period=202610, actor=SYSTEM, at=NOVEMBER)

    transfer.id, transfer.key = None, "smuggled"
    with pytest.raises(IntegrityError, match="period 202610 is closed"), transaction.atomic():
        transfer.save(force_insert=True)
    month.id, month.period = None, 202609
    with pytest.raises(IntegrityError, match="or a later one is closed"), transaction.atomic():
        month.save(force_insert=True)
    assert Transfer.objects.count() == 1


def test_who_posts_while_a_month_is_closed_is_counted_or_goes_into_the_next(
    real_database: str,
) -> None:
    tenant = a_tenant("racing")
    with tenant_scope(tenant.id):
        partner = a_partner()
        payable(partner.id, 1, at=OCTOBER)
    relay_tenant(tenant.id)
    posted, closing = threading.Event(), threading.Event()

    def post() -> None:
        with tenant_scope(tenant.id):
            payable(partner.id, 2, at=OCTOBER)
            posted.set()
            # The closing is asked for meanwhile, and has to wait for this commit.
            closing.wait(10)
        connection.close()

    def close() -> None:
        posted.wait(10)
        threading.Timer(0.3, closing.set).start()
        with tenant_scope(tenant.id):
            close_month(period=202610, actor=SYSTEM, at=NOVEMBER)
        connection.close()

    threads = [threading.Thread(target=work) for work in (post, close)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with tenant_scope(tenant.id):
        assert ClosedPeriod.objects.get().transfer_count == 2
        assert payable(partner.id, 3, at=OCTOBER).period == 202611
