"""Words that the dashboards share."""

from datetime import date, timedelta

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from prm.analytics import selectors
from prm.analytics.selectors import Asked
from prm.web.formats import day_text, money_text, number_text


def period_sentence(asked: Asked) -> str:
    """Say which days the figures cover, in which currency, against what."""
    last = asked.period.end - timedelta(days=1)
    if asked.period.name == "all":
        return _("Everything up to %(last)s, in %(currency)s") % {
            "last": day_text(last),
            "currency": asked.currency,
        }
    return _("%(first)s to %(last)s, in %(currency)s, compared with %(before)s") % {
        "first": day_text(asked.period.start),
        "last": day_text(last),
        "currency": asked.currency,
        "before": _("the same days a year before")
        if asked.period.before_is_a_year_ago
        else _("the days just before"),
    }


def figure_url(figure: str, query: str) -> str:
    """Return the page that lists a figure's rows for the same question."""
    return reverse("manage-figure", kwargs={"figure": figure}) + (f"?{query}" if query else "")


def revenue_sentence(asked: Asked, total: int) -> str:
    """Say what the listed revenue rows add up to."""
    return ngettext("%(rows)s row, %(sum)s in all", "%(rows)s rows, %(sum)s in all", total) % {
        "rows": number_text(total),
        "sum": money_text(selectors.revenue_of(asked), asked.currency),
    }


def month_text(month: date, *, short: bool = False) -> str:
    """Return a month in words: "November 2026", short "Nov"."""
    return day_text(month, "mon" if short else "month")
