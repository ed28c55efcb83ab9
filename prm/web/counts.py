"""Several bounded counts in one query, for the tabs of a list and for the menu around it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet, Value

from prm.web.formats import number_text
from prm.web.paging import COUNT_BOUND

MENU_BOUND = 99


@dataclass(frozen=True)
class Counted:
    """A statement that gives one number, and its values."""

    sql: str
    values: Mapping[str, Any] | Sequence[Any] = field(default_factory=dict)


def bounded(queryset: QuerySet[Any], bound: int = COUNT_BOUND) -> Counted | None:
    """Return what counts the rows of a queryset up to bound + 1; None when it can have none."""
    try:
        sql, given = queryset.order_by().values_list(Value(1))[: bound + 1].query.sql_with_params()
    except EmptyResultSet:
        return None
    return Counted(f"select count(*) from ({sql}) as counted", given)  # noqa: S608  Django's own SQL


def numbers_of(wanted: Mapping[str, Counted | None]) -> dict[str, int]:
    """Return the numbers by name, all from one query; None counts as nothing."""
    found = dict.fromkeys(wanted, 0)
    asked = {name: count for name, count in wanted.items() if count is not None}
    if asked:
        parts = [
            f"({connection.ops.compose_sql(count.sql, count.values)})"  # type: ignore[attr-defined]
            for count in asked.values()
        ]
        with connection.cursor() as cursor:
            cursor.execute(f"select {', '.join(parts)}")
            found.update(zip(asked, cursor.fetchone(), strict=True))
    return found


def bounded_counts(
    querysets: Mapping[str, QuerySet[Any]], *, bound: int = COUNT_BOUND
) -> dict[str, int]:
    """Return how many rows each queryset has, counted up to bound + 1, by name; one query in all."""
    return numbers_of({name: bounded(queryset, bound) for name, queryset in querysets.items()})


def count_text(count: int, *, bound: int = COUNT_BOUND) -> str:
    """Return a bounded count in words: "1,000+" beyond the bound."""
    return number_text(bound) + "+" if count > bound else number_text(count)


# ---------------------------------------------------------------- numbers in the menu


@dataclass(frozen=True)
class MenuCount:
    """What waits behind a link of the menu for one person; hot: a number above nothing says that it is urgent."""

    count: Counted | None
    hot: Counted | None = None


MenuCounter = Callable[[Any], MenuCount | None]
_menu: dict[str, MenuCounter] = {}


def counts_menu(url_name: str) -> Callable[[MenuCounter], MenuCounter]:
    """Register what counts for a link of the menu, from the member; None for people it does not concern.

    Counts up to MENU_BOUND + 1, so that no page pays for a long queue. Raises ValueError for a second one.
    """

    def register(counter: MenuCounter) -> MenuCounter:
        if _menu.get(url_name, counter) is not counter:
            raise ValueError(f"{url_name} is counted already")
        _menu[url_name] = counter
        return counter

    return register


def menu_numbers(
    request: Any, beside: Mapping[str, Counted | None] | None = None
) -> dict[str, int]:
    """Return the menu's numbers, "name" and "name hot", and those asked for beside them, from one query.

    A page that counts for itself asks here, and the shell around it then needs no query of its own.
    """
    known: dict[str, int] | None = getattr(request, "menu_numbers", None)
    asked: dict[str, Counted | None] = dict(beside or {})
    if known is None:
        for name, counter in _menu.items():
            if (found := counter(request.member)) is not None:
                asked |= {name: found.count, f"{name} hot": found.hot}
    numbers = {**(known or {}), **numbers_of(asked)}
    if known is None:
        request.menu_numbers = {
            name: number for name, number in numbers.items() if name not in (beside or {})
        }
    return numbers
