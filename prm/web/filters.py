"""The filter line of a list: a search box and a few choices, all kept in the address."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext

LONGEST_SEARCH = 100


@dataclass(frozen=True)
class Select:
    """One choice: options are (value, label); a value outside them counts as not chosen."""

    name: str
    label: Any
    options: Sequence[tuple[str, Any]]
    value: str = ""
    any_label: Any = ""


@dataclass(frozen=True)
class Chip:
    """A filter in force and the address without it."""

    text: str
    url: str


@dataclass(frozen=True)
class FilterBar:
    """What components/filters.html and active_filters.html write."""

    url: str
    label: Any
    params: QueryDict
    search_label: Any = ""
    selects: Sequence[Select] = field(default_factory=tuple)
    keep: Sequence[str] = ("sort",)

    @property
    def search_value(self) -> str:
        """The words searched for."""
        return search_words(self.params)

    @property
    def kept(self) -> list[tuple[str, str]]:
        """Names that live beside the filters, such as the order and the view."""
        found = ((name, self.params.get(name)) for name in self.keep)
        return [(name, str(value)) for name, value in found if value]

    @property
    def chips(self) -> list[Chip]:
        """The filters in force in words, each with the address that takes it out."""
        found = []
        if self.search_value:
            found.append(
                Chip(
                    gettext("Search: %(words)s") % {"words": self.search_value}, self._without("q")
                )
            )
        for select in self.selects:
            text = dict(select.options).get(select.value)
            if select.value and text is not None:
                found.append(Chip(f"{select.label}: {text}", self._without(select.name)))
        return found

    @property
    def clear_url(self) -> str:
        """The address without any filter."""
        return self._without("q", *(select.name for select in self.selects))

    def _without(self, *names: str) -> str:
        query = self.params.copy()
        for name in (*names, "after", "before"):
            query.pop(name, None)
        return self.url + ("?" + query.urlencode() if query else "")


def search_words(params: QueryDict) -> str:
    """Return the trimmed search words of the address; NUL, which no database column holds, is taken out."""
    return params.get("q", "").replace("\x00", "").strip()[:LONGEST_SEARCH]


def select_from(
    params: QueryDict,
    name: str,
    label: Any,
    options: Sequence[tuple[str, Any]],
    *,
    any_label: Any = "",
) -> Select:
    """Return a choice with the value of the address when it is one of the options."""
    value = params.get(name, "")
    known = value if value in {str(option) for option, _ in options} else ""
    return Select(
        name,
        label,
        [(str(option), text) for option, text in options],
        known,
        any_label or gettext("Any"),
    )
