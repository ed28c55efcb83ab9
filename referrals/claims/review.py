"""The views of what waits for a decision, shared by their pages; slices above add theirs.

@waits_in("held", order=30, label=gettext_lazy("Held"), url="referrals:manage-hold-list")
def held() -> QuerySet[Hold]: ...
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from prm.web.counts import bounded_counts, count_text
from prm.web.parts import Tab
from referrals.claims.models import ClaimExtension, ExtensionState
from referrals.claims.pages import open_pairs
from referrals.pipeline.selectors import history_waiting, waiting_referrals

# A queryset of what waits, or several that are counted together.
Waiting = Callable[[], QuerySet[Any] | Sequence[QuerySet[Any]]]


@dataclass(frozen=True)
class View:
    """One view. is_rare: has no tab while nothing waits in it."""

    order: int
    label: Any
    url: str
    query: str
    is_rare: bool
    waiting: Waiting


_views: dict[str, View] = {}


def waits_in(
    name: str, *, order: int, label: Any, url: str, query: str = "", is_rare: bool = False
) -> Callable[[Waiting], Waiting]:
    """Register a view and what waits in it. url: name of its page. Raises ValueError for a second of one name."""

    def register(waiting: Waiting) -> Waiting:
        if name in _views and _views[name].waiting is not waiting:
            raise ValueError(f"{name} is a view already")
        _views[name] = View(order, label, url, query, is_rare, waiting)
        return waiting

    return register


def review_counts() -> dict[str, int]:
    """Return how many wait in each view of the review, each counted up to 1,001, in one query."""
    asked = {name: view.waiting() for name, view in _views.items()}
    parts = {
        f"{name} {number}": part
        for name, found in asked.items()
        for number, part in enumerate([found] if isinstance(found, QuerySet) else found)
    }
    counts = bounded_counts(parts)
    return {
        name: sum(count for part, count in counts.items() if part.split()[0] == name)
        for name in asked
    }


def review_tabs(current: str, counts: dict[str, int] | None = None) -> list[Tab]:
    """Return the views with their sizes; the rare ones only while something waits there.

    current: name of a view. counts: of review_counts, where a page has them already.
    """
    counts = counts or review_counts()
    return [
        Tab(view.label, reverse(view.url) + view.query, name == current, count_text(counts[name]))
        for name, view in sorted(_views.items(), key=lambda row: row[1].order)
        if counts[name] or name == current or not view.is_rare
    ]


waits_in("queue", order=10, label=_("In the queue"), url="referrals:queue")(waiting_referrals)
waits_in("duplicates", order=20, label=_("Possible duplicates"), url="referrals:duplicate-list")(
    open_pairs
)
waits_in(
    "history",
    order=90,
    label=_("Imported history"),
    url="referrals:queue",
    query="?view=history",
    is_rare=True,
)(history_waiting)


@waits_in("extensions", order=40, label=_("More time asked"), url="referrals:extension-list")
def asked_for_time() -> QuerySet[ClaimExtension]:
    """Return the requests for more time that nobody has answered."""
    return ClaimExtension.objects.filter(state=ExtensionState.ASKED)
