"""A year's totals against the sum of its year: 600 until 2025, 2,000 from 2026 on."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.test import Client

from commissions.payouts.models import Payout
from commissions.payouts.services import return_payout, settle_all
from commissions.tax.withholding import add_rule
from commissions.tax.years import set_threshold, year_totals_of
from prm.events.services import SYSTEM
from prm.money import Money
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from tests.builders.payouts import a_payee, exported_run, payable
from tests.conftest import World


def _paid(world: World, at: datetime) -> None:
    run = exported_run(at=at, user_id=world.finance.id, approver_id=world.second_finance.id)
    settle_all(run_id=run.id, actor=SYSTEM, at=at)


@pytest.mark.parametrize(("year", "reported"), [(2025, True), (2026, False)])
def test_the_threshold_of_the_year_counts(
    world: World, acme: Tenant, year: int, reported: bool
) -> None:
    at = datetime(year, 6, 1, 12, tzinfo=UTC)
    partner = a_payee("Brightwater", 150_000, at=at)
    partner.country = "US"
    partner.save(update_fields=["country"])
    for from_year, minor in ((2025, 60_000), (2026, 200_000)):
        set_threshold(
            from_year=from_year,
            country="US",
            amount=Money(minor, "EUR"),
            actor=SYSTEM,
            at=at,
        )
    add_rule(
        country="US",
        partner_type="",
        rate=Decimal("0.23"),
        share=Decimal("0.5"),
        starts_on=at.date(),
        actor=SYSTEM,
        at=at,
    )
    _paid(world, at)

    (row,) = year_totals_of(year)

    assert (row.gross_minor, row.withheld_minor, row.paid_minor) == (150_000, 17_250, 132_750)
    assert row.is_reported is reported
    assert year_totals_of(year - 1) == []


def test_a_year_ends_in_the_vendors_zone_and_a_return_is_taken_off(
    world: World, acme: Tenant
) -> None:
    partner = a_payee("Brightwater", 10_000, at=datetime(2025, 12, 1, tzinfo=UTC))
    # 00:30 of the new year in Amsterdam.
    _paid(world, datetime(2025, 12, 31, 23, 30, tzinfo=UTC))
    assert year_totals_of(2025) == []
    later = datetime(2026, 2, 1, tzinfo=UTC)
    payable(partner.id, 500, at=later)
    _paid(world, later)
    assert [row.paid_minor for row in year_totals_of(2026)] == [10_500]

    newest = Payout.objects.order_by("-id")[0]
    return_payout(payout_id=newest.id, reason="Closed", actor=SYSTEM, at=later)

    assert [row.paid_minor for row in year_totals_of(2026)] == [10_000]


def test_finance_sets_a_threshold_and_takes_the_file(world: World) -> None:
    with tenant_scope(world.acme.id):
        partner = a_payee("Brightwater", 200_000, at=datetime(2026, 6, 1, tzinfo=UTC))
        partner.country = "US"
        partner.save(update_fields=["country"])
        _paid(world, datetime(2026, 6, 1, tzinfo=UTC))
    finance = Client()
    finance.force_login(world.finance)
    page = "/acme/manage/tax/years/2026/"
    assert "To be reported" not in finance.get(page).content.decode()

    values = {"country": "US", "amount": "2,000.00", "amount_currency": "EUR"}
    assert finance.post(f"{page}threshold/", {**values, "amount": "x"}).status_code == 422
    assert finance.post(f"{page}threshold/", values).status_code == 303

    assert "To be reported" in finance.get(page).content.decode()
    file = finance.get(f"{page}csv/").content.decode()
    assert "Brightwater" in file
    assert "2000.00" in file
    assert finance.get("/acme/manage/tax/years/1/").status_code == 404
