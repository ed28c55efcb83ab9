"""The queue of applications as the address asks for it: view, filters, order, page."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.cache import cache
from django.db.models import QuerySet
from django.http import QueryDict
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from partners.applications.models import Application, ApplicationState
from partners.applications.similar import NOBODY, Likeness, likenesses
from partners.directory.rules import folded_name
from partners.programs.selectors import open_programs
from prm.tenancy.scope import current_scope
from prm.web.counts import bounded_counts, count_text
from prm.web.domains import canonical_domain
from prm.web.filters import FilterBar, Select, search_words, select_from
from prm.web.paging import COUNT_BOUND, Page, keyset_page
from prm.web.parts import Tab

VIEWS = (
    ApplicationState.SUBMITTED,
    ApplicationState.INFO_ASKED,
    ApplicationState.COURSE,
    ApplicationState.APPROVED,
    ApplicationState.DECLINED,
    ApplicationState.WITHDRAWN,
)
ORDERS = {"sent": ("submitted_at",), "score": ("score", "submitted_at")}
# Sources and campaigns offered as filters, and the seconds for which they are remembered.
CHOICES = 50
_NUMBER = re.compile(r"A-\d+(-\d+)*", re.IGNORECASE)
_KEPT_SECONDS = 300
_LEFT_OUT = ("answers", "score_parts", "reason", "asked", "answered")


@dataclass(frozen=True)
class Row:
    """One line of the queue: the application, whom it resembles, and whether the promise to decide is broken."""

    application: Application
    likeness: Likeness
    is_late: bool

    @property
    def id(self) -> UUID:
        """The application's id, which bulk actions send."""
        return self.application.id


@dataclass(frozen=True)
class Queue:
    """What the page of the queue shows."""

    rows: list[Row]
    page: Page
    tabs: list[Tab]
    bar: FilterBar
    view: str


def queue_asked_for(params: QueryDict, *, at: datetime) -> Queue:
    """Return the page of the queue that an address names; what is not understood counts as not asked."""
    view = params.get("state", "")
    view = view if view in {state.value for state in VIEWS} else ApplicationState.SUBMITTED.value
    bar = _bar(params)
    every = _narrowed(bar)
    views = {state.value: every.filter(state=state) for state in VIEWS}
    waiting = view == ApplicationState.SUBMITTED
    page = keyset_page(
        views[view].select_related("program").defer(*_LEFT_OUT),
        params=params,
        orders=ORDERS,
        default="sent" if waiting else "-sent",
        bound=None,
    )
    counts = bounded_counts(views)
    alike = likenesses(page.rows)
    rows = [
        Row(row, alike.get(row.id, NOBODY), bool(row.due_at and row.due_at < at))
        for row in page.rows
    ]
    return Queue(
        rows,
        replace(page, count=counts[view], bound=COUNT_BOUND),
        _tabs(counts, view, bar),
        bar,
        view,
    )


def next_waiting(after: Application) -> UUID | None:
    """Return the application that waits longest apart from this one, None when the queue is empty."""
    return (
        Application.objects.filter(state=ApplicationState.SUBMITTED)
        .exclude(id=after.id)
        .order_by("submitted_at", "id")
        .values_list("id", flat=True)
        .first()
    )


def sources_known() -> tuple[list[str], list[str]]:
    """Return up to 50 sources and campaigns that applications came from, by name; remembered for five minutes."""
    key = f"application-sources:{current_scope().tenant_id}"
    found: tuple[list[str], list[str]] | None = cache.get(key)
    if found is None:
        found = (_values("source"), _values("campaign"))
        cache.set(key, found, _KEPT_SECONDS)
    return found


def _values(column: str) -> list[str]:
    rows = Application.objects.exclude(**{column: ""}).order_by(column)
    return list(rows.values_list(column, flat=True).distinct()[:CHOICES])


def _bar(params: QueryDict) -> FilterBar:
    sources, campaigns = sources_known()
    selects: list[Select] = [
        select_from(
            params,
            "program",
            _("Program"),
            [(str(program.id), program.name) for program in open_programs()],
        )
    ]
    if sources or params.get("source"):
        selects.append(
            select_from(params, "source", _("Source"), [(name, name) for name in sources])
        )
    if campaigns or params.get("campaign"):
        selects.append(
            select_from(params, "campaign", _("Campaign"), [(name, name) for name in campaigns])
        )
    return FilterBar(
        reverse("partners:application-list"),
        _("Filter applications"),
        params,
        _("Start of the company, email, domain or number"),
        tuple(selects),
        keep=("sort", "state"),
    )


def _narrowed(bar: FilterBar) -> QuerySet[Application]:
    found = Application.objects.all()
    for select in bar.selects:
        if select.value:
            column = "program_id" if select.name == "program" else select.name
            found = found.filter(**{column: select.value})
    words = search_words(bar.params)
    if not words:
        return found
    # Each way of looking is one equality or prefix, so that each has its index.
    if "@" in words:
        return found.filter(email=words.lower())
    if _NUMBER.fullmatch(words):
        return found.filter(number=words.upper())
    if "." in words and (domain := canonical_domain(words)):
        return found.filter(domain=domain)
    return found.filter(**starts_with("company_norm", folded_name(words)))


def starts_with(column: str, text: str) -> dict[str, str]:
    """Return the filter for a beginning of a name, as a range.

    Behind row-level security only leak-proof operators use an index, and LIKE is none of them.
    """
    return {f"{column}__gte": text, f"{column}__lt": text + "\U0010ffff"}


def _tabs(counts: Mapping[str, int], view: str, bar: FilterBar) -> list[Tab]:
    kept: dict[str, Any] = {"q": search_words(bar.params)}
    kept |= {select.name: select.value for select in bar.selects}
    tabs = []
    for state in VIEWS:
        query = urlencode({key: value for key, value in {"state": state, **kept}.items() if value})
        tabs.append(
            Tab(
                state.label,
                f"{bar.url}?{query}",
                state == view,
                count_text(counts[state.value]),
                hot=state == ApplicationState.SUBMITTED and counts[state.value] > 0,
            )
        )
    return tabs
