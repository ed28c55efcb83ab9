"""The views of what waits for a decision, shared by their pages."""

from dataclasses import replace

from django.urls import reverse
from django.utils.translation import gettext as _

from prm.web.counts import bounded_counts, count_text
from prm.web.parts import Tab
from referrals.claims.models import ClaimExtension, ExtensionState
from referrals.claims.pages import open_pairs
from referrals.pipeline.selectors import history_waiting, waiting_referrals


def review_counts() -> dict[str, int]:
    """Return how many wait in each view of the review, each counted up to 1,001, in one query."""
    return bounded_counts(
        {
            "queue": waiting_referrals(),
            "history": history_waiting(),
            "duplicates": open_pairs(),
            "extensions": ClaimExtension.objects.filter(state=ExtensionState.ASKED),
        }
    )


def review_tabs(current: str, counts: dict[str, int] | None = None) -> list[Tab]:
    """Return the views with their sizes: queue, imported history while there is some, duplicates, more time.

    current: "queue", "history", "duplicates" or "extensions". counts: of review_counts, where a page has them already.
    """
    counts = counts or review_counts()
    url = reverse("referrals:queue")
    tabs = {
        "queue": Tab(_("In the queue"), url),
        "duplicates": Tab(_("Possible duplicates"), reverse("referrals:duplicate-list")),
        "extensions": Tab(_("More time asked"), reverse("referrals:extension-list")),
        "history": Tab(_("Imported history"), f"{url}?view=history"),
    }
    return [
        replace(tab, current=name == current, count=count_text(counts[name]))
        for name, tab in tabs.items()
        if counts[name] or name == current or name != "history"
    ]
