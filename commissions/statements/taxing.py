"""The part of a statement about tax: what was withheld and added, and how VAT stood on each payment."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import translation

from commissions.statements.models import Statement, StatementLine
from commissions.vat.models import SelfBill, VatCharge
from commissions.vat.selectors import vat_settings
from commissions.vat.wording import vat_words
from prm.web.formats import money_text

# Kinds of transfers; they are adjustments to the sums of a statement, and a section of their own on paper.
TAX_KINDS = frozenset({"vat", "withholding"})


@dataclass(frozen=True)
class TaxRow:
    """One payment as VAT sees it; words are the law's, paper is the number of its note or invoice."""

    treatment: str
    paper: str
    words: str
    net: str
    vat: str
    gross: str


def tax_facts(
    *, partner_id: UUID, currency: str, since: datetime | None, until_on: date
) -> dict[str, Any]:
    """Return what a statement keeps about tax, of the staged lines and of the charges that no earlier one had.

    since: when the statement before was issued. Nothing when no tax was dealt with.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "select coalesce(sum(amount_minor), 0)::bigint, count(*) from statement_stage"
            " where kind = any(%s)",
            [list(TAX_KINDS)],
        )
        tax_minor, count = cursor.fetchone()
    taken = VatCharge.objects.filter(takes_back__isnull=False).values("takes_back_id")
    charges = VatCharge.objects.filter(
        partner_id=partner_id, currency=currency, takes_back=None, charged_on__lte=until_on
    ).exclude(id__in=taken)
    if since:
        charges = charges.filter(charged_at__gt=since)
    rows = list(charges.select_related("invoice").order_by("id"))
    if not count and not rows:
        return {}
    notes = dict(SelfBill.objects.filter(charge__in=rows).values_list("charge_id", "number"))
    words = vat_settings().words
    return {
        "minor": tax_minor,
        "charges": [
            {
                "treatment": row.treatment,
                "rate": str(row.rate),
                "base_minor": row.base_minor,
                "amount_minor": row.amount_minor,
                "paper": notes.get(row.id) or (row.invoice.number if row.invoice else ""),
                "words": words.get(row.treatment, {}),
            }
            for row in rows
        ],
    }


def tax_minor_of(statement: Statement) -> int:
    """Return what tax changed in a statement, a part of its adjustments; nothing where papers did not tell it apart."""
    return int(statement.parties.get("tax", {}).get("minor", 0))


def section_of(statement: Statement, line: StatementLine) -> str:
    """Return under which heading a line is printed."""
    if "tax" in statement.parties and line.detail.get("kind") in TAX_KINDS:
        return "tax"
    return line.section


def tax_rows(statement: Statement) -> list[TaxRow]:
    """Return how VAT stood on each payment of a statement, in the active language."""
    currency = statement.currency
    language = translation.get_language() or "en"
    return [
        TaxRow(
            vat_words(row["treatment"], Decimal(row["rate"])),
            row["paper"],
            row["words"].get(language, ""),
            money_text(row["base_minor"], currency),
            money_text(row["amount_minor"], currency),
            money_text(row["base_minor"] + row["amount_minor"], currency),
        )
        for row in statement.parties.get("tax", {}).get("charges", [])
    ]
