"""A year's certificate on paper and as a file, in every language of the portal."""

from typing import Any

from django.utils import translation
from django.utils.translation import gettext

from commissions.tax.models import YearCertificate
from commissions.tax.paper import Sheet, party_lines
from prm.money import Money
from prm.web.formats import day_text, money_text


def certificate_sheet(row: YearCertificate, language: str) -> Sheet:
    """Return the paper of a certificate."""
    vendor = row.parties["vendor"]
    with translation.override(language):
        context = certificate_context(row)
    return Sheet(
        folder="year-certificates",
        paper_id=row.id,
        number=row.number,
        template="commissions/tax/certificate.html",
        context=context,
        language=language,
        time_zone=vendor["time_zone"],
        made_at=row.issued_at,
        look=vendor,
    )


def certificate_context(row: YearCertificate) -> dict[str, Any]:
    """Return what a certificate says, in the active language."""
    vendor, partner = row.parties["vendor"], row.parties["partner"]
    return {
        "certificate": row,
        "footer": gettext("%(name)s · %(number)s") % {"name": vendor["name"], "number": row.number},
        "by_lines": party_lines(vendor, number=vendor["tax_number"]),
        "to_lines": party_lines(partner, number=partner["tax_number"]),
        "brand": vendor["brand"],
        "issued": day_text(row.issued_at),
        "span": gettext("1 January to %(day)s") % {"day": day_text(row.until_on)},
        "totals": [
            (
                total["currency"],
                *(
                    money_text(total[name], total["currency"])
                    for name in ("gross_minor", "withheld_minor", "vat_minor", "paid_minor")
                ),
            )
            for total in row.totals
        ],
        "exchanged": [
            _exchanged_words(total) for total in row.totals if "exchanged_minor" in total
        ],
        "replaced": row.replaces.number if row.replaces else "",
        "support_email": vendor["support_email"],
    }


def _exchanged_words(total: dict[str, Any]) -> str:
    """Return why before tax, tax and paid do not add up in one currency alone."""
    minor, currency = total["exchanged_minor"], total["currency"]
    words = (
        gettext("%(amount)s came back from the bank and was converted into another currency.")
        if minor > 0
        else gettext("%(amount)s was converted from another currency, in which its tax is counted.")
    )
    return words % {"amount": money_text(abs(minor), currency)}


def certificate_lines(row: YearCertificate) -> tuple[list[str], list[list[Any]]]:
    """Return head and rows of the certificate's file."""
    header = [
        gettext("Certificate"),
        gettext("Year"),
        gettext("Until"),
        gettext("Partner"),
        gettext("Currency"),
        gettext("Before tax"),
        gettext("Tax withheld"),
        gettext("VAT"),
        gettext("Paid"),
        gettext("Converted"),
    ]
    rows = [
        [
            row.number,
            row.year,
            row.until_on,
            row.parties["partner"]["name"],
            total["currency"],
            *(
                Money(total[name], total["currency"])
                for name in ("gross_minor", "withheld_minor", "vat_minor", "paid_minor")
            ),
            Money(total.get("exchanged_minor", 0), total["currency"]),
        ]
        for total in row.totals
    ]
    return header, rows
