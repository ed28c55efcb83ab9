"""How a vendor keeps its word to partners: time to decide, payments on their day, rewards taken back."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.cache import cache
from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from prm.tenancy.scope import current_scope
from prm.web.formats import number_text, percent_text

LOOKED_BACK = timedelta(days=365)
# Under so many cases a figure is a coincidence and is not shown.
ENOUGH = 5
KEPT_SECONDS = 600


@dataclass(frozen=True)
class Record:
    """Figures of the last 365 days over all partners: medians in hours, and counts of how many cases."""

    decision_hours: float | None = None
    decided: int = 0
    paid: int = 0
    paid_on_time: int = 0
    earned: int = 0
    taken_back: int = 0

    @property
    def shown(self) -> list[tuple[str, str, str]]:
        """Term, figure and how many cases it rests on, for what has enough of them."""
        rows = []
        if self.decided >= ENOUGH and self.decision_hours is not None:
            note = ngettext("of %(count)s referral", "of %(count)s referrals", self.decided)
            rows.append((_("Median time to an answer"), _time_text(self.decision_hours), note))
        if self.paid >= ENOUGH:
            share = percent_text(self.paid_on_time / self.paid)
            note = ngettext("of %(count)s payment", "of %(count)s payments", self.paid)
            rows.append((_("Paid by the announced day"), share, note))
        if self.earned >= ENOUGH:
            share = percent_text(self.taken_back / self.earned)
            note = ngettext("of %(count)s reward", "of %(count)s rewards", self.earned)
            rows.append((_("Rewards taken back"), share, note))
        counts = {
            _("Median time to an answer"): self.decided,
            _("Paid by the announced day"): self.paid,
        }
        return [
            (term, value, note % {"count": number_text(counts.get(term, self.earned))})
            for term, value, note in rows
        ]


def service_record(at: datetime) -> Record:
    """Return the open tenant's record, kept for ten minutes.

    Counted by a function of the guard role: a partner's own rows would tell only of that partner.
    """
    key = f"service-record:{current_scope().tenant_id}"
    found: Record | None = cache.get(key)
    if found is None:
        with connection.cursor() as cursor:
            cursor.execute("select * from commissions_service_record(%s)", [at - LOOKED_BACK])
            found = Record(*cursor.fetchone())
        cache.set(key, found, KEPT_SECONDS)
    return found


def _time_text(hours: float) -> str:
    if hours < 48:
        count = max(round(hours), 1)
        return ngettext("%(count)s hour", "%(count)s hours", count) % {"count": count}
    count = round(hours / 24)
    return ngettext("%(count)s day", "%(count)s days", count) % {"count": count}
