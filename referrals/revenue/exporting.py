"""Exports of revenue of any length, copied by PostgreSQL; the same cells as of selectors.revenue_lines."""

from pathlib import Path
from typing import Any

from django.db.models import Case, F, QuerySet, When

from prm.web.copying import MONEY, PLAIN, TEXT, Copied, copy_csv
from referrals.revenue.models import PAYMENT_KINDS, RevenueEvent
from referrals.revenue.selectors import revenue_header

# Refunds are negative.
_SIGNED = Case(When(kind__in=PAYMENT_KINDS, then=F("amount_minor")), default=F("amount_minor") * -1)
# In the order of revenue_header.
_SOURCES: list[tuple[Any, str]] = [
    ("external_id", TEXT),
    ("kind", TEXT),
    ("booked_on", PLAIN),
    ("customer__name", TEXT),
    ("referral__number", TEXT),
    ("customer__partner__name", TEXT),
    (_SIGNED, MONEY),
    ("currency", TEXT),
    ("refunded_minor", MONEY),
    ("refunds__external_id", TEXT),
    ("source", TEXT),
    ("note", TEXT),
    ("tax_minor", MONEY),
    ("discount_minor", MONEY),
    ("product", TEXT),
    ("term_months", PLAIN),
    ("received_minor", MONEY),
]


def copy_revenue(target: Path, rows: QuerySet[RevenueEvent]) -> int:
    """Write revenue as CSV, newest first; return how many rows. Headings in the active language."""
    columns = [
        Copied(word, source, kind, F("currency"))
        for word, (source, kind) in zip(revenue_header(), _SOURCES, strict=True)
    ]
    return copy_csv(target, rows.order_by("-booked_at", "-id"), columns)
