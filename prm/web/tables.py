"""The base of every list: django-tables2 declares the columns, this module writes the rows in one plain loop.

    class PartnerTable(Table):
        caption = _("Partners, most recently active first")
        name = Column(_("Partner"), row_header=True, sort="name")
        tier = TextColumn(_("Tier"), priority=2)
        owed = MoneyColumn(_("On hold"), accessor="held_minor")

        def render_name(self, record): return ident(record.name, reverse(...), sub=record.country, hue=record.id)

    PartnerTable(page.rows, page=page)      and in the template      {% table partners %}

tables2's own template costs 7 times a hand-written one (STACK.md, section 1); the loop below costs less than that.
`render_<column>` methods may ask for record, value, column or table; what they return is escaped unless it is safe.
"""

import inspect
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any, ClassVar
from uuid import UUID

import django_tables2
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext

from prm.web.formats import money_text, number_text, percent_text
from prm.web.marks import (
    MARKUP,
    NOTHING,
    ago_mark,
    day_mark,
    escaped,
    hue_of,
    initials_of,
    moment_mark,
)
from prm.web.paging import Page

Html = SafeString | str


class Column(django_tables2.Column):
    """A column with its place in the design.

    priority: 1 stays, 3 hides first, 2 hides on phones (`ident(narrow=…)` carries their content there).
    end: numbers, aligned at the end. row_header: the cell that names the row. sort: its name in Page.orders.
    """

    end_by_default = False

    def __init__(
        self,
        header: Any = "",
        *,
        priority: int = 1,
        end: bool | None = None,
        row_header: bool = False,
        sort: str = "",
        css: str = "",
        **options: Any,
    ) -> None:
        if isinstance(options.get("accessor"), str):
            options["accessor"] = options["accessor"].replace(".", "__")
        super().__init__(verbose_name=header or None, **options)
        self.label = header
        self.row_header, self.sort = row_header, sort
        classes = [
            f"p{priority}" if priority > 1 else "",
            "n" if (self.end_by_default if end is None else end) else "",
            css,
        ]
        self.css = " ".join(filter(None, classes))

    def cell(self, record: Any, value: Any) -> Html:
        """Return the cell's content; the base writes the value as text."""
        return NOTHING if value in (None, "") else escaped(value)


TextColumn = Column


class MoneyColumn(Column):
    """Minor units beside the record's currency."""

    end_by_default = True

    def __init__(
        self, header: Any = "", *, currency: str = "currency", sign: str = "symbol", **options: Any
    ) -> None:
        super().__init__(header, **options)
        self.currency, self.sign = _getter(currency), sign

    def cell(self, record: Any, value: Any) -> Html:
        """Return the amount in the language's form."""
        if value is None:
            return NOTHING
        return (
            f'<span class="money">{money_text(value, self.currency(record), sign=self.sign)}</span>'
        )


class NumberColumn(Column):
    """A number with grouping."""

    end_by_default = True

    def cell(self, record: Any, value: Any) -> Html:
        """Return the number in the language's form."""
        return NOTHING if value is None else number_text(value)


class PercentColumn(Column):
    """A fraction shown as a percentage."""

    end_by_default = True

    def cell(self, record: Any, value: Any) -> Html:
        """Return the percentage in the language's form."""
        return NOTHING if value is None else percent_text(value, digits=1)


class DayColumn(Column):
    """A day or the day of a moment."""

    def __init__(self, header: Any = "", *, form: str = "medium", **options: Any) -> None:
        super().__init__(header, **options)
        self.form = form

    def cell(self, record: Any, value: Any) -> Html:
        """Return the day in the language's form."""
        return day_mark(value, self.form)


class MomentColumn(Column):
    """A moment with its time."""

    def cell(self, record: Any, value: Any) -> Html:
        """Return day and time."""
        return moment_mark(value, "medium")


class AgoColumn(Column):
    """A moment as distance from now, up to seven days."""

    def cell(self, record: Any, value: Any) -> Html:
        """Return how long ago it was."""
        return ago_mark(value)


class BadgeColumn(Column):
    """A state as a badge; tones maps the stored word to its tone, labels to what is shown."""

    def __init__(
        self,
        header: Any = "",
        *,
        tones: Mapping[str, str],
        labels: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(header, **options)
        self.tones, self.labels = tones, labels

    def cell(self, record: Any, value: Any) -> Html:
        """Return the badge."""
        label = self.labels.get(value, value) if self.labels else value
        return NOTHING if value in (None, "") else badge(label, self.tones.get(value, ""))


class Table(django_tables2.Table):
    """A list on a page: caption, scopes, aria-sort, priorities and nothing that runs a query."""

    caption: ClassVar[Any] = ""
    _plans: ClassVar[dict[str, tuple[str, ...]]] = {}

    def __init__(
        self,
        rows: Sequence[Any],
        *,
        page: Page | None = None,
        caption: Any = "",
        totals: Mapping[str, Html] | None = None,
        pick: bool = False,
        picked: Collection[str] = (),
        without: Sequence[str] = (),
        **options: Any,
    ) -> None:
        """Take the rows to show.

        page: makes the headers named by `sort` links. totals: column -> content of the foot. pick: a checkbox a row for
        bulk actions (`pick_label(record)` names it). picked: values that were ticked already. without: columns
        this person does not see.
        """
        super().__init__(
            data=rows if isinstance(rows, list) else list(rows),
            exclude=tuple(without),
            orderable=False,
            **options,
        )
        self.records: Sequence[Any] = self.data.data
        self.page, self.totals, self.pick, self.picked = page, totals or {}, pick, picked
        self.words = caption or self.caption

    def row_class(self, record: Any) -> str:
        """Return the class of a row; none by default."""
        return ""

    def pick_label(self, record: Any) -> str:
        """Return what the row's checkbox is called."""
        return str(record)

    def pick_value(self, record: Any) -> str:
        """Return what the row's checkbox sends."""
        return str(record.pk if hasattr(record, "pk") else record.id)

    def as_html(self, request: HttpRequest | None = None) -> SafeString:
        """Return the whole table."""
        return self.html()

    def html(self) -> SafeString:
        """Return the table in its scrolling wrapper, or the empty state."""
        if not self.records:
            words = self.empty_text or gettext("Nothing here yet")
            return render_to_string("components/empty.html", {"title": words, "icon": "inbox"})
        columns = [(name, column) for name, column in self.columns.items() if column.visible]
        cells = [self._cell(name, bound) for name, bound in columns]
        parts = [
            '<div class="table-wrap"><table class="table"><caption class="vh">',
            escaped(self.words),
            "</caption>",
        ]
        parts += [self._head(columns), "<tbody>", *self._rows(cells), "</tbody>"]
        if self.totals:
            parts.append(self._foot(columns))
        parts.append("</table></div>")
        return SafeString("".join(parts))

    def _rows(self, cells: list[Callable[[Any], str]]) -> list[str]:
        lines = []
        for record in self.records:
            css = self.row_class(record)
            first = self._pick_cell(record) if self.pick else ""
            lines.append(f'<tr class="{css}">' if css else "<tr>")
            lines.append(first)
            lines += [cell(record) for cell in cells]
            lines.append("</tr>\n")
        return lines

    def _cell(self, name: str, bound: Any) -> Callable[[Any], str]:
        """Return the function that writes one column's cell, with everything looked up beforehand."""
        column = bound.column
        read = _getter(str(bound.accessor))
        css = f' class="{column.css}"' if getattr(column, "css", "") else ""
        start, end = (
            (f'<th scope="row"{css}>', "</th>")
            if getattr(column, "row_header", False)
            else (f"<td{css}>", "</td>")
        )
        method = getattr(self, f"render_{name}", None)
        if method is not None:
            wanted = self._wanted(name, method)
            if wanted == ("record",):
                return lambda record: f"{start}{escaped(method(record=record))}{end}"
            given = {"column": column, "bound_column": bound, "table": self}

            def called(record: Any) -> str:
                values = {"record": record, "value": read(record), **given}
                return f"{start}{escaped(method(**{key: values[key] for key in wanted}))}{end}"

            return called
        if not isinstance(column, Column):
            return lambda record: f"{start}{escaped(column.render(value=read(record)))}{end}"
        write = column.cell
        return lambda record: f"{start}{write(record, read(record))}{end}"

    def _wanted(self, name: str, method: Callable[..., Any]) -> tuple[str, ...]:
        key = f"{type(self).__module__}.{type(self).__qualname__}.{name}"
        if key not in self._plans:
            self._plans[key] = tuple(inspect.signature(method).parameters)
        return self._plans[key]

    def _head(self, columns: list[tuple[str, Any]]) -> str:
        parts = ["<thead><tr>"]
        if self.pick:
            words = escaped(gettext("Select all rows"))
            parts.append(
                f'<td><label class="pick"><input type="checkbox" data-all><span class="vh">{words}</span></label></td>'
            )
        parts += [self._header(bound.column, bound.header) for _, bound in columns]
        parts.append("</tr></thead>")
        return "".join(parts)

    def _header(self, column: Any, words: Any) -> str:
        css = f' class="{column.css}"' if getattr(column, "css", "") else ""
        text = escaped(getattr(column, "label", "") or words)
        key, page = getattr(column, "sort", ""), self.page
        if not key or page is None or key not in page.orders:
            return f'<th scope="col"{css}>{text}</th>'
        sorted_now = page.sort_key == key
        state = (
            f' aria-sort="{"descending" if page.descending else "ascending"}"' if sorted_now else ""
        )
        arrow = MARKUP["sort-down" if page.descending else "sort-up"] if sorted_now else ""
        link = escaped(page.sort_query(key))
        swap = f'hx-get="{link}" hx-target="#results" hx-push-url="true"'
        inner = f'<a class="sort" href="{link}" {swap}>{text}{arrow}</a>'
        return f'<th scope="col"{css}{state}>{inner}</th>'

    def _foot(self, columns: list[tuple[str, Any]]) -> str:
        parts = ["<tfoot><tr>", "<td></td>" if self.pick else ""]
        for name, bound in columns:
            css = f' class="{bound.column.css}"' if getattr(bound.column, "css", "") else ""
            tag = 'th scope="row"' if getattr(bound.column, "row_header", False) else "td"
            parts.append(f"<{tag}{css}>{escaped(self.totals.get(name, ''))}</{tag[:2]}>")
        return "".join([*parts, "</tr></tfoot>"])

    def _pick_cell(self, record: Any) -> str:
        own = self.pick_value(record)
        value, ticked = escaped(own), " checked" if own in self.picked else ""
        words = escaped(self.pick_label(record))
        box = (
            f'<input type="checkbox" name="pick" value="{value}"{ticked}>'
            f'<span class="vh">{words}</span>'
        )
        return f'<td><label class="pick">{box}</label></td>'


def _getter(path: str) -> Callable[[Any], Any]:
    """Return a reader of a dotted path over objects and mappings; a missing link reads as None."""
    names = path.replace("__", ".").split(".")

    def read(record: Any) -> Any:
        for name in names:
            if record is None:
                return None
            record = (
                record.get(name) if isinstance(record, Mapping) else getattr(record, name, None)
            )
        return record() if callable(record) else record

    return read


_NOBODY = UUID(int=0)


def row_url(name: str, argument: str) -> Callable[[UUID], str]:
    """Return what writes the addresses of a list's rows; reverse() is asked once for all of them."""
    before, _, after = reverse(name, kwargs={argument: _NOBODY}).partition(str(_NOBODY))
    return lambda identity: f"{before}{identity}{after}"


def badge(text: Any, tone: str = "", icon: str = "") -> SafeString:
    """Return a badge; the tone is never the only signal, the word carries it."""
    toned = f' data-tone="{tone}"' if tone else ""
    return SafeString(
        f'<span class="badge"{toned}>{MARKUP[icon] if icon else ""}{escaped(text)}</span>'
    )


def pips(step: int, total: int, tone: str = "", *, words: bool = True) -> SafeString:
    """Return the small stage bar; words adds "Step 4 of 6" for screen readers."""
    return _pips(step, total, tone, get_language() if words else "")


@lru_cache(maxsize=1024)
def _pips(step: int, total: int, tone: str, language: str | None) -> SafeString:
    """Return the bar in the active language, "" for none: lists draw the same few again and again."""
    words = language != ""
    toned = f' data-tone="{tone}"' if tone else ""
    bars = '<i class="on"></i>' * step + "<i></i>" * (total - step)
    said = gettext("Step %(step)s of %(total)s") % {"step": step, "total": total} if words else ""
    hidden = f'<span class="vh">{said}</span>' if said else ""
    return SafeString(f'<span class="pips"{toned}>{bars}{hidden}</span>')


def stage_cell(label: Any, step: int, total: int, tone: str = "") -> SafeString:
    """Return a stage's name over its bar; total 0, as of an ended one, has no bar."""
    bar = pips(step, total, tone) if total else ""
    return SafeString(f'<span class="stack stack-1"><span>{escaped(label)}</span>{bar}</span>')


def ident(
    name: Any,
    url: str = "",
    *,
    sub: Any = "",
    hue: Any = None,
    narrow: Any = "",
    person: bool = False,
    mark: bool = True,
) -> SafeString:
    """Return the cell that names a row: mark, link, line below, and what hidden columns say on phones.

    hue: the row's id. narrow: shown instead of hidden columns. person: round mark. mark: False leaves the mark out.
    """
    text = escaped(name)
    link = f'<a href="{escaped(url)}">{text}</a>' if url else f"<strong>{text}</strong>"
    lines = link
    if sub:
        lines += f'<span class="sub">{escaped(sub)}</span>'
    if narrow:
        lines += f'<span class="sub when-narrow">{escaped(narrow)}</span>'
    if not mark:
        return SafeString(f'<div class="ident"><div>{lines}</div></div>')
    css = "avatar" if person else "logo"
    letters = escaped(initials_of(str(name)))
    drawn = f'<span class="{css}" data-hue="{hue_of(name if hue is None else hue)}" aria-hidden="true">{letters}</span>'
    return SafeString(f'<div class="ident">{drawn}<div>{lines}</div></div>')


def two_lines(first: Any, second: Any) -> SafeString:
    """Return a cell of a line and a fainter line under it; an empty second line is left out."""
    below = f'<span class="sub">{escaped(second)}</span>' if second else ""
    return SafeString(f"{escaped(first)}{below}")
