"""Reads about the answers of banks: what the portal knows of the payments they name, and what was made of them."""

from collections import Counter
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet, Sum

from commissions.payouts.models import Payout
from commissions.payouts.selectors import CurrencyTotal
from commissions.results.models import Match, ResultFile, ResultRow
from commissions.results.rules import Payment, ReadRow

_AT_ONCE = 5_000


def payments_named(rows: Iterable[ReadRow]) -> dict[str, Payment]:
    """Return the payments that rows name, by number."""
    numbers = sorted(
        {n for row in rows for n in (row.reference, f"PR-{row.reference}") if row.reference}
    )
    found: dict[str, Payment] = {}
    for start in range(0, len(numbers), _AT_ONCE):
        known = Payout.objects.filter(number__in=numbers[start : start + _AT_ONCE])
        for row in known.values_list("id", "number", "amount_minor", "currency", "state"):
            found[row[1]] = Payment(*row)
    return found


def match_counts(file_ids: Iterable[Any]) -> dict[UUID, Counter[str]]:
    """Return how many rows of each file have which match."""
    found: dict[UUID, Counter[str]] = {file_id: Counter() for file_id in file_ids}
    rows = ResultRow.objects.filter(file_id__in=list(found)).values_list("file_id", "match")
    for file_id, match, count in rows.annotate(count=Count("id")).order_by():
        found[file_id][match] = count
    return found


def open_rows(file_id: UUID) -> QuerySet[ResultRow]:
    """Return the rows that applying a file would book: new results, and fees of known ones; in their order."""
    worth = Q(match=Match.MATCHED) | Q(match=Match.KNOWN, fee_minor__gt=0)
    return ResultRow.objects.filter(worth, file_id=file_id, applied_at=None).order_by("position")


def file_totals(file_id: UUID) -> list[tuple[str, CurrencyTotal]]:
    """Return what the matched rows of a file come to, by outcome and currency; never added across currencies."""
    rows = (
        ResultRow.objects.filter(file_id=file_id, match=Match.MATCHED)
        .values("outcome", "currency")
        .annotate(total=Sum("amount_minor"), count=Count("id"))
        .order_by("outcome", "currency")
    )
    return [
        (row["outcome"], CurrencyTotal(row["currency"], row["total"], row["count"])) for row in rows
    ]


def listed_files() -> QuerySet[ResultFile]:
    """Return the files that were read, in no order yet."""
    return ResultFile.objects.select_related("read_by", "applied_by")
