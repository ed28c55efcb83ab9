"""Money that a bank returned is taxed once, also when it is paid again in another currency."""

from datetime import datetime, timedelta
from decimal import Decimal

from commissions.adjustments.services import NewRate, add_rates, convert_payable
from commissions.payouts.models import Payout
from commissions.payouts.services import return_payout, settle_all
from commissions.tax.certificate_paper import certificate_context
from commissions.tax.certificates import issue_certificate
from commissions.tax.models import Withholding
from commissions.tax.years import year_totals_of
from commissions.vat.models import VatCharge
from commissions.verification import faults
from partners.directory.models import Partner
from prm.events.services import SYSTEM
from prm.money import Money
from prm.tenancy.models import Tenant
from tests.builders.payouts import a_payee, exported_run, payable
from tests.builders.tax import withheld_on_half
from tests.builders.vat import a_vat_partner, a_vat_vendor
from tests.conftest import World

DAY = timedelta(days=1)
# Rewards of these tests are posted without accruals, which one check of the books misses.
KNOWN = {"every movement has its reason"}


def _wrong() -> list[str]:
    return [str(row) for row in faults() if row.check not in KNOWN]


def _paid(world: World, at: datetime) -> dict[str, Payout]:
    """Pay everything that is ready, and return the payments by currency."""
    run = exported_run(at=at, user_id=world.finance.id, approver_id=world.second_finance.id)
    settle_all(run_id=run.id, actor=SYSTEM, at=at)
    return {row.currency: row for row in Payout.objects.filter(run=run)}


def _convert(partner: Partner, amount: Money, into: str, rate: str, at: datetime) -> None:
    day = at.date()
    add_rates(
        rates=[NewRate(amount.currency, into, day, Decimal(rate), "ECB")], actor=SYSTEM, at=at
    )
    convert_payable(
        partner_id=partner.id,
        amount=amount,
        to_currency=into,
        reason="The account takes no euros",
        key=f"to-{into}",
        actor=SYSTEM,
        at=at,
    )


def _taxes() -> tuple[int, int]:
    return (
        sum(VatCharge.objects.values_list("amount_minor", flat=True)),
        sum(Withholding.objects.values_list("amount_minor", flat=True)),
    )


def test_what_came_back_and_was_converted_is_taxed_once(
    world: World, acme: Tenant, at: datetime
) -> None:
    partner = a_payee("Ferrante", 100_050, at=at)
    a_vat_vendor(at=at)
    a_vat_partner(partner, at=at, bills=True)
    withheld_on_half(at)
    # 22 % of 1,000.50 is 220.11, 23 % of the half of it 115.06.
    first = _paid(world, at)["EUR"]
    assert (first.amount_minor, _taxes()) == (110_555, (22_011, 11_506))
    return_payout(payout_id=first.id, reason="Takes no euros", actor=SYSTEM, at=at)
    payable(partner.id, 10_000, at=at)

    _convert(partner, Money(100_000, "EUR"), "USD", "1.10", at)
    again = _paid(world, at + DAY)

    # In euros 105.55 that came back, and 100.00 with VAT and tax of its own; what is in dollars now was taxed.
    assert again["EUR"].amount_minor == 10_555 + 10_000 + 2_200 - 1_150
    assert again["USD"].amount_minor == 110_000
    assert _taxes() == (24_211, 12_656)
    assert _wrong() == []
    years = {row.currency: row for row in year_totals_of(at.year)}
    assert years["EUR"].gross_minor == 110_050
    assert (years["USD"].paid_minor, years["USD"].gross_minor) == (110_000, 0)
    return_payout(payout_id=again["USD"].id, reason="Closed", actor=SYSTEM, at=at + DAY)
    _convert(partner, Money(110_000, "USD"), "EUR", "0.90", at + 2 * DAY)
    assert _paid(world, at + 3 * DAY)["EUR"].amount_minor == 99_000
    assert _taxes() == (24_211, 12_656)
    assert _wrong() == []
    certificate = issue_certificate(
        partner_id=partner.id, year=at.year, actor=SYSTEM, at=at + 3 * DAY
    )
    context = certificate_context(certificate)
    # What is left converted of the euros is what the two rates made of them.
    assert context["totals"] == [
        ("EUR", "€1,100.50", "€126.56", "€242.11", "€1,206.05"),
    ]
    assert context["exchanged"] == [
        "€10.00 came back from the bank and was converted into another currency."
    ]


def test_what_was_never_paid_is_taxed_in_the_currency_it_is_paid_in(
    world: World, acme: Tenant, at: datetime
) -> None:
    partner = a_payee("Ferrante", 100_000, at=at)
    a_vat_vendor(at=at)
    a_vat_partner(partner, at=at, bills=True)

    _convert(partner, Money(100_000, "EUR"), "USD", "1.10", at)

    assert _paid(world, at)["USD"].amount_minor == 110_000 + 24_200
    assert _wrong() == []
