"""Pages of long lists by key: each page starts where the last one ended, so the hundredth costs what the first costs.

    orders = {"company": ("company_name",), "changed": ("changed_at",), "reward": ("reward_minor",)}
    page = keyset_page(referrals, params=request.GET, orders=orders, default="-changed")

`?sort=-changed&after=…` names order and place. Sort columns must not be null (annotate a Coalesce where they are);
the primary key is added to every order, so that no two rows share a place.
"""

import base64
import binascii
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from functools import cached_property
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import connection
from django.db.models import BooleanField, Expression, F, Field, Model, Q, QuerySet, Value
from django.db.models.query import ModelIterable
from django.http import QueryDict
from django.utils.translation import gettext

from prm.web.formats import number_text

PAGE_SIZE = 25
COUNT_BOUND = 1000
MAX_CURSOR = 2000


class BadCursor(ValueError):
    """The place named in the address is not one of this list's."""


class RowBefore(Expression):
    """SQL's row comparison (a, b) < (x, y) or >; unlike its spelled-out form an index answers it in one descent."""

    output_field = BooleanField()
    conditional = True

    def __init__(self, columns: Sequence[Any], values: Sequence[Any], operator: str) -> None:
        super().__init__()
        self.columns, self.values, self.operator = list(columns), list(values), operator

    def get_source_expressions(self) -> list[Any]:
        """Return both sides, as Django resolves them."""
        return [*self.columns, *self.values]

    def set_source_expressions(self, exprs: Sequence[Any]) -> None:
        """Take both sides back."""
        half = len(exprs) // 2
        self.columns, self.values = list(exprs[:half]), list(exprs[half:])

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        """Write (columns) operator (values)."""
        sides: list[str] = []
        params: list[Any] = []
        for side in (self.columns, self.values):
            parts = [compiler.compile(part) for part in side]
            sides.append(", ".join(sql for sql, _ in parts))
            params += [param for _, given in parts for param in given]
        return f"({sides[0]}) {self.operator} ({sides[1]})", tuple(params)


@dataclass(frozen=True)
class Page:
    """One page of a list and what its pager, its header links and its count line need."""

    rows: list[Any]
    sort: str
    orders: tuple[str, ...]
    query: QueryDict
    after: str | None
    before: str | None
    count: int | None
    bound: int

    @property
    def sort_key(self) -> str:
        """The sorted column's name."""
        return self.sort.lstrip("-")

    @property
    def descending(self) -> bool:
        """Whether the greatest comes first."""
        return self.sort.startswith("-")

    @property
    def is_first(self) -> bool:
        """Whether nothing comes before this page."""
        return self.before is None

    @cached_property
    def next_query(self) -> str:
        """The query string of the page after this one, empty when there is none."""
        return self._query(after=self.after) if self.after else ""

    @cached_property
    def previous_query(self) -> str:
        """The query string of the page before this one, empty when there is none."""
        return self._query(before=self.before) if self.before else ""

    @property
    def has_more(self) -> bool:
        """Whether the whole list is longer than this page."""
        return bool(self.after or self.before)

    @property
    def count_text(self) -> str:
        """The number of rows in the whole list, "1,000+" beyond what was counted."""
        if self.count is None:
            return ""
        return number_text(self.bound) + "+" if self.count > self.bound else number_text(self.count)

    @property
    def shown_text(self) -> str:
        """What the pager says: "25 of 48 shown"."""
        if self.count is None:
            return gettext("%(shown)s shown") % {"shown": number_text(len(self.rows))}
        return gettext("%(shown)s of %(all)s shown") % {
            "shown": number_text(len(self.rows)),
            "all": self.count_text,
        }

    def sort_query(self, key: str) -> str:
        """Return the query string that sorts by the column, the other way round when it already does."""
        turned = f"-{key}" if self.sort == key else key
        return self._query(sort=turned)

    def _query(self, **changes: str | None) -> str:
        # Not QueryDict.copy(), which copies deeply.
        kept = {
            name: values
            for name, values in self.query.lists()
            if name not in {"after", "before", "page"}
        }
        return "?" + urlencode(kept | {name: value or "" for name, value in changes.items()}, True)


def keyset_page(
    queryset: QuerySet[Any],
    *,
    params: QueryDict,
    orders: Mapping[str, Sequence[str]],
    default: str,
    size: int = PAGE_SIZE,
    bound: int | None = COUNT_BOUND,
) -> Page:
    """Return the page the address asks for; an unknown order or place gives the first page.

    orders: name in the address -> columns, ascending; a "-" before a column turns it.
    default: one of them, with "-" for descending.
    bound: how far the whole list is counted; None counts nothing.
    """
    sort = params.get("sort", default)
    if sort.removeprefix("-") not in orders:
        sort = default
    columns = _columns(
        queryset.model, orders[sort.removeprefix("-")], descending=sort.startswith("-")
    )

    def fetch(place: list[Any] | None, *, backward: bool) -> list[Any]:
        wanted = (
            queryset
            if place is None
            else queryset.filter(_beyond(queryset, columns, place, backward=backward))
        )
        return _rows(wanted, columns, size, backward=backward)

    rows, after, before = _window(fetch, queryset, columns, params, size)
    count = queryset.order_by()[: bound + 1].count() if bound is not None else None
    return Page(rows, sort, tuple(orders), params, after, before, count, bound or 0)


def page_by(
    fetch: Callable[..., list[Any]],
    *,
    model: type[Model],
    columns: Sequence[tuple[str, bool]],
    params: QueryDict,
    sort: str,
    orders: Sequence[str],
    size: int = PAGE_SIZE,
) -> Page:
    """Return the page the address asks for of rows that a statement of its own reads; it is not counted.

    fetch: takes a place (the values of the columns there, None for the start) and `backward`, by name;
    returns up to size + 1 rows, which have the columns as attributes. columns: (field of the model, descending).
    """
    rows, after, before = _window(fetch, QuerySet(model), list(columns), params, size)
    return Page(rows, sort, tuple(orders), params, after, before, None, 0)


def _columns(
    model: type[Model], names: Sequence[str], *, descending: bool
) -> list[tuple[str, bool]]:
    columns = [(name.removeprefix("-"), name.startswith("-") != descending) for name in names]
    if model._meta.pk.name not in [name for name, _ in columns]:
        columns.append((model._meta.pk.name, columns[-1][1]))
    return columns


def _window(
    fetch: Callable[..., list[Any]],
    queryset: QuerySet[Any],
    columns: list[tuple[str, bool]],
    params: QueryDict,
    size: int,
) -> tuple[list[Any], str | None, str | None]:
    """Return rows, the cursor for the page after them and for the page before them."""
    for name in ("after", "before"):
        if given := params.get(name):
            try:
                place = _read(given, queryset, columns)
            except BadCursor:
                break
            rows = fetch(place, backward=name == "before")
            if not rows:
                break
            more, rows = len(rows) > size, rows[:size]
            if name == "before":
                rows.reverse()
                # The rows left out are the earliest: this page's start is a place only if some remain before it.
                return rows, _write(rows[-1], columns), _write(rows[0], columns) if more else None
            return rows, _write(rows[-1], columns) if more else None, _write(rows[0], columns)
    rows = fetch(None, backward=False)
    return rows[:size], _write(rows[size - 1], columns) if len(rows) > size else None, None


def _rows(
    queryset: QuerySet[Any], columns: list[tuple[str, bool]], size: int, *, backward: bool
) -> list[Any]:
    order = ["-" + name if descending != backward else name for name, descending in columns]
    ordered = queryset.order_by(*order)
    query = queryset.query
    if (
        issubclass(queryset._iterable_class, ModelIterable)  # noqa: SLF001  values() has no other mark
        and query.select_related
        and not query.is_sliced
    ):
        # The page is chosen from its own table alone, then dressed: a planner that misjudges the joins behind
        # the policies would else join and sort the whole list for one page (100,000 rows: 270 ms for 1). What
        # is dressed is not asked again whether it belongs: a planner that expects one row of that answer
        # chooses the page anew for each row (746 times for 26 of 3,000 runs).
        dressed = ordered.all()
        dressed.query.clear_where()
        return list(dressed.filter(pk__in=ordered.values("pk")[: size + 1]))
    return list(ordered[: size + 1])


def _beyond(
    queryset: QuerySet[Any], columns: list[tuple[str, bool]], place: list[Any], *, backward: bool
) -> Any:
    """Return the condition for rows after the place (before it when backward)."""
    falling = [descending != backward for _, descending in columns]
    if len(set(falling)) == 1:
        values = [
            Value(value, output_field=_field(queryset, name))
            for (name, _), value in zip(columns, place, strict=True)
        ]
        return RowBefore([F(name) for name, _ in columns], values, "<" if falling[0] else ">")
    condition, same = Q(), Q()
    for (name, _), value, down in zip(columns, place, falling, strict=True):
        condition |= same & Q(**{f"{name}__{'lt' if down else 'gt'}": value})
        same &= Q(**{name: value})
    return condition


def _field(queryset: QuerySet[Any], name: str) -> "Field[Any, Any]":
    annotation = queryset.query.annotations.get(name)
    if annotation is not None:
        return annotation.output_field
    model: Any = queryset.model
    field: Any = None
    for part in name.split("__"):
        try:
            field = model._meta.get_field(part)
        except FieldDoesNotExist as error:
            raise BadCursor(name) from error
        model = field.related_model or model
    while getattr(field, "remote_field", None) and hasattr(field, "target_field"):
        field = field.target_field
    return field  # type: ignore[no-any-return]


def _value_of(row: Any, name: str) -> Any:
    if isinstance(row, Mapping):
        return row[name]
    for part in name.split("__"):
        row = getattr(row, part)
    return row


def _write(row: Any, columns: list[tuple[str, bool]]) -> str:
    values = [_plain(_value_of(row, name)) for name, _ in columns]
    return (
        base64.urlsafe_b64encode(json.dumps(values, separators=(",", ":")).encode())
        .decode()
        .rstrip("=")
    )


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, UUID | Decimal):
        return str(value)
    return value


def _read(cursor: str, queryset: QuerySet[Any], columns: list[tuple[str, bool]]) -> list[Any]:
    """Return the place's values; the cursor is unsigned, so every value is checked as its column's type."""
    if len(cursor) > MAX_CURSOR:
        raise BadCursor(cursor[:20])
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError, RecursionError) as error:
        raise BadCursor(cursor) from error
    if not isinstance(values, list) or len(values) != len(columns):
        raise BadCursor(cursor)
    return [
        _checked(_field(queryset, name), value)
        for (name, _), value in zip(columns, values, strict=True)
    ]


def _is_storable(text: str) -> bool:
    """Tell whether the database can be asked for a text: no NUL, no half of a pair of surrogates."""
    return "\x00" not in text and not any("\ud800" <= sign <= "\udfff" for sign in text)


def _checked(field: "Field[Any, Any]", value: Any) -> Any:
    if (
        value is None
        or isinstance(value, list | dict)
        or (isinstance(value, str) and not _is_storable(value))
    ):
        raise BadCursor(str(value))
    try:
        read = field.to_python(value)
    except (ValidationError, ValueError, TypeError, OverflowError) as error:
        raise BadCursor(str(value)) from error
    if isinstance(read, int) and not isinstance(read, bool):
        low, high = connection.ops.integer_field_range(field.get_internal_type())
        if not low <= read <= high:
            raise BadCursor(str(value))
    if isinstance(read, datetime) and read.tzinfo is None:
        raise BadCursor(str(value))
    if isinstance(read, Decimal) and not read.is_finite():
        raise BadCursor(str(value))
    return read
