"""Several bounded counts in one query, for the tabs of a list."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet, Value

from prm.web.formats import number_text
from prm.web.paging import COUNT_BOUND


def bounded_counts(
    querysets: Mapping[str, QuerySet[Any]], *, bound: int = COUNT_BOUND
) -> dict[str, int]:
    """Return how many rows each queryset has, counted up to bound + 1, by name; one query in all."""
    names: list[str] = []
    parts: list[str] = []
    params: list[Any] = []
    counts = dict.fromkeys(querysets, 0)
    for name, queryset in querysets.items():
        try:
            sql, given = (
                queryset.order_by().values_list(Value(1))[: bound + 1].query.sql_with_params()
            )
        except EmptyResultSet:
            continue
        names.append(name)
        parts.append(f"(select count(*) from ({sql}) as counted)")  # noqa: S608  Django's own SQL
        params += given
    if parts:
        with connection.cursor() as cursor:
            cursor.execute(f"select {', '.join(parts)}", params)
            counts.update(zip(names, cursor.fetchone(), strict=True))
    return counts


def count_text(count: int, *, bound: int = COUNT_BOUND) -> str:
    """Return a bounded count in words: "1,000+" beyond the bound."""
    return number_text(bound) + "+" if count > bound else number_text(count)
