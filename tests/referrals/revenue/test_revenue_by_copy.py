"""The file of revenue that PostgreSQL writes holds the cells of the rows that models give."""

import csv
from datetime import datetime, timedelta
from pathlib import Path

from prm.events.services import SYSTEM
from prm.money import Money
from prm.tenancy.models import Tenant
from prm.web.exports import csv_lines
from referrals.revenue.exporting import copy_revenue
from referrals.revenue.models import RevenueEvent
from referrals.revenue.selectors import Wanted, revenue_header, revenue_lines
from referrals.revenue.services import Sold, record_refund
from tests.builders.revenue import a_customer, a_payment


def test_the_copied_file_has_the_cells_of_the_rows(
    acme: Tenant, at: datetime, tmp_path: Path
) -> None:
    customer = a_customer(at, minor=10_000)
    paid = a_payment(
        customer, at, minor=119_00, sold=Sold(tax_minor=19_00, product="=Gold, yearly")
    )
    a_payment(customer, at + timedelta(days=1), minor=4_000, sold=Sold(unpaid=True))
    record_refund(
        external_id="back; =1",
        kind="refund",
        refunds_id=paid.id,
        amount=Money(1_900, "EUR"),
        booked_at=at + timedelta(days=2),
        source="form",
        actor=SYSTEM,
        at=at + timedelta(days=2),
    )
    rows = Wanted().rows(at.date())

    assert copy_revenue(tmp_path / "r.csv", rows) == RevenueEvent.objects.count()

    text = (tmp_path / "r.csv").read_text()
    written = "".join(csv_lines(revenue_header(), revenue_lines(rows)))
    assert list(csv.reader(text.splitlines())) == list(csv.reader(written.splitlines()))
    assert "-19.00" in text
