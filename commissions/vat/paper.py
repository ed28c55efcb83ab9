"""A self-billing note on paper, in every language of the portal."""

from datetime import datetime
from typing import Any

from django.utils import translation
from django.utils.translation import gettext

from commissions.tax.paper import Sheet, party_lines
from commissions.vat.models import SelfBill
from commissions.vat.wording import vat_words
from prm.accounts.secrets import decrypt
from prm.web.formats import day_text, money_text


def bill_sheet(bill: SelfBill, language: str) -> Sheet:
    """Return the paper of a note."""
    vendor = bill.facts["vendor"]
    with translation.override(language):
        context = bill_context(bill)
    return Sheet(
        folder="self-bills",
        paper_id=bill.id,
        number=bill.number,
        template="commissions/vat/bill.html",
        context=context,
        language=language,
        time_zone=vendor["time_zone"],
        made_at=bill.issued_at,
        look=vendor,
    )


def bill_context(bill: SelfBill) -> dict[str, Any]:
    """Return what a note says, in the active language."""
    facts = bill.facts
    partner, vendor = facts["partner"], facts["vendor"]
    credit = bill.net_minor < 0
    language = translation.get_language() or "en"
    words = facts["words"].get(language) or next(iter(facts["words"].values()), "")
    return {
        "bill": bill,
        "footer": gettext("%(name)s · %(number)s")
        % {"name": partner["name"], "number": bill.number},
        "title": gettext("Self-billing credit note") if credit else gettext("Self-billing invoice"),
        "by_lines": party_lines(partner, number=decrypt(partner["sealed_number"])),
        "to_lines": party_lines(vendor, number=vendor["tax_number"]),
        "brand": vendor["brand"],
        "issued": day_text(bill.issued_on),
        "service": gettext("Commissions for referrals, payment %(number)s")
        % {"number": facts["payout"]},
        "rows": _rows(bill),
        "total": (
            gettext("To be paid, %(currency)s") % {"currency": bill.currency},
            money_text(bill.net_minor + bill.vat_minor - facts["withheld_minor"], bill.currency),
        ),
        "net": money_text(bill.net_minor, bill.currency),
        "rate": vat_words(bill.treatment, bill.rate),
        "words": words,
        "agreed": day_text(datetime.fromisoformat(facts["agreed_at"]))
        if facts["agreed_at"]
        else "",
        "support_email": vendor["support_email"],
    }


def _rows(bill: SelfBill) -> list[tuple[str, str]]:
    rows = [
        (gettext("Net"), money_text(bill.net_minor, bill.currency)),
        (vat_words(bill.treatment, bill.rate), money_text(bill.vat_minor, bill.currency)),
    ]
    if withheld := bill.facts["withheld_minor"]:
        gross = bill.net_minor + bill.vat_minor
        rows.append((gettext("Gross"), money_text(gross, bill.currency)))
        rows.append((gettext("Tax withheld"), money_text(-withheld, bill.currency)))
    return rows
