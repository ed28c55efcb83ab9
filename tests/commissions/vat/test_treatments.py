"""VAT on a payment follows from both countries, both numbers and what the partner is."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import pytest

from commissions.vat.rules import NotAVatNumber, Party, Treatment, checked_vat_number, vat_for

TODAY = date(2026, 11, 18)


@dataclass
class _Rate:
    country: str
    rate: Decimal
    from_on: date


RATES = [
    _Rate("IT", Decimal("0.21"), date(2011, 9, 17)),
    _Rate("IT", Decimal("0.22"), date(2013, 10, 1)),
    _Rate("IT", Decimal("0.24"), date(2027, 1, 1)),
    _Rate("IE", Decimal("0.23"), date(2021, 3, 1)),
    _Rate("CH", Decimal("0.081"), date(2024, 1, 1)),
]


@pytest.mark.parametrize(
    ("vendor", "partner", "treatment", "rate"),
    [
        pytest.param(("IT", 1), ("IT", 1, "registered"), "charged", "0.22", id="at home"),
        pytest.param(("IT", 1), ("IT", 0, "small"), "small", "0", id="forfettario at home"),
        pytest.param(("IT", 0), ("IT", 1, "registered"), "charged", "0.22", id="vendor no number"),
        pytest.param(("IE", 1), ("IT", 1, "registered"), "reverse", "0", id="two of the Union"),
        pytest.param(("IE", 1), ("IT", 1, "small"), "reverse", "0", id="small, with a number"),
        pytest.param(("IE", 1), ("IT", 0, "small"), "small", "0", id="small, without one"),
        pytest.param(("IE", 1), ("IT", 0, "registered"), "no_number", "0", id="number missing"),
        pytest.param(("IE", 0), ("IT", 1, "registered"), "charged", "0.22", id="partner's rate"),
        pytest.param(("IE", 1), ("DE", 1, "registered"), "reverse", "0", id="no rate is needed"),
        pytest.param(("DE", 1), ("DE", 1, "registered"), "no_rate", "0", id="rate missing"),
        pytest.param(("IE", 1), ("US", 0, "registered"), "import", "0", id="from outside"),
        pytest.param(("US", 0), ("IT", 1, "registered"), "export", "0", id="to outside"),
        pytest.param(("CH", 1), ("CH", 1, "registered"), "charged", "0.081", id="Swiss at home"),
        pytest.param(("CH", 1), ("GB", 1, "registered"), "export", "0", id="neither in the Union"),
        pytest.param(("IT", 1), ("GR", 1, "registered"), "reverse", "0", id="Greece is GR here"),
        pytest.param(("IT", 1), ("IT", 0, "unregistered"), "unregistered", "0", id="no VAT at all"),
        pytest.param(("IE", 1), ("IT", 0, "person"), "person", "0", id="a person"),
        pytest.param(("IT", 1), ("IT", 0, ""), "no_status", "0", id="nothing said"),
    ],
)
def test_each_pair_has_its_treatment(
    vendor: tuple[str, int], partner: tuple[str, int, str], treatment: str, rate: str
) -> None:
    buyer = Party(vendor[0], has_number=bool(vendor[1]))
    seller = Party(partner[0], has_number=bool(partner[1]), kind=partner[2])

    found = vat_for(buyer, seller, RATES, on=TODAY)

    assert (found.treatment, found.rate) == (Treatment(treatment), Decimal(rate))


@pytest.mark.parametrize(
    ("vendor", "check", "treatment"),
    [
        pytest.param("IT", "received", "unchecked", id="no VAT before finance looked"),
        pytest.param("IT", "refused", "refused", id="no VAT to a refused number"),
        pytest.param("IE", "received", "reverse", id="none is paid by reverse charge"),
        pytest.param("IE", "refused", "refused", id="a refused number reverses nothing"),
        pytest.param("US", "refused", "export", id="no number is needed"),
        pytest.param("IT", "reopened", "unchecked", id="no VAT to what the partner is no more"),
        pytest.param("IE", "reopened", "unchecked", id="nor is anything reversed to it"),
        pytest.param("US", "reopened", "export", id="no number is needed from outside"),
    ],
)
def test_vat_is_paid_to_a_confirmed_number_only(vendor: str, check: str, treatment: str) -> None:
    seller = Party("IT", has_number=True, kind="registered", check=check)

    found = vat_for(Party(vendor, has_number=True), seller, RATES, on=TODAY)

    assert (found.treatment, found.rate) == (Treatment(treatment), Decimal(0))


def test_the_rate_of_the_day_counts_and_is_rounded_once() -> None:
    italy = Party("IT", has_number=True, kind="registered")

    assert vat_for(italy, italy, RATES, on=date(2013, 9, 30)).on(100_000) == 21_000
    assert vat_for(italy, italy, RATES, on=date(2027, 1, 1)).on(100_000) == 24_000
    # 0.5 and 1.5 cents of 10 %, and below zero.
    tenth = vat_for(italy, italy, [_Rate("IT", Decimal("0.1"), TODAY)], on=TODAY)
    assert [tenth.on(minor) for minor in (5, 15, -5, -15, -25)] == [0, 2, 0, -2, -2]
    assert vat_for(italy, italy, RATES, on=date(2011, 9, 16)).treatment == Treatment.NO_RATE


@pytest.mark.parametrize(
    ("country", "text", "number"),
    [
        ("IT", "00743110157", "IT00743110157"),
        ("IT", "it 0074 3110 157", "IT00743110157"),
        ("IT", "00743110158", ""),
        ("IE", "IE6433435F", "IE6433435F"),
        ("GR", "EL094259216", "EL094259216"),
        ("GR", "094259216", "EL094259216"),
        ("DE", "IT00743110157", ""),
        ("GB", "GB 980 7806 84", "980780684"),
        ("US", "EIN 12-3456789", "EIN12-3456789"),
        ("", "none", ""),
        # No other digits, no formulas, no marks that turn the line around, nothing of HTML.
        ("US", "١٢٣٤٥٦٧٨٩", ""),
        ("US", "=1+12345", ""),
        ("US", "\u202e12345", ""),
        ("US", "<b>12345", ""),
    ],
)
def test_a_number_is_checked_by_its_country(country: str, text: str, number: str) -> None:
    if number:
        assert checked_vat_number(country, text) == number
        return
    with pytest.raises(NotAVatNumber):
        checked_vat_number(country, text)
