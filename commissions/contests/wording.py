"""Contests in words: when, what for, who wins what."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from commissions.contests.models import Competes, Contest, ContestPlace, Metric, Prize, TieRule
from prm.web.formats import day_text, money_text, number_text

STANDS = {
    "draft": (gettext_lazy("Draft"), ""),
    "coming": (gettext_lazy("Coming"), "info"),
    "running": (gettext_lazy("Running"), "ok"),
    "ended": (gettext_lazy("Ended, being checked"), "warn"),
    "settled": (gettext_lazy("Prizes given"), ""),
    "cancelled": (gettext_lazy("Called off"), "bad"),
}
FIELD_NAMES = {
    "title": gettext_lazy("Name"),
    "description": gettext_lazy("What it is about"),
    "starts_at": gettext_lazy("First day"),
    "ends_at": gettext_lazy("Last day"),
    "competes": gettext_lazy("Who competes"),
    "metric": gettext_lazy("What counts"),
    "products": gettext_lazy("Products that count"),
    "tiers": gettext_lazy("Tiers that take part"),
    "least": gettext_lazy("Least score to win"),
    "tie_rule": gettext_lazy("With the same score"),
    "check_days": gettext_lazy("Days before prizes are given"),
    "prizes": gettext_lazy("Prizes"),
}
# Conditions that are kept as words of the code.
CHOICES: dict[str, dict[str, Any]] = {
    "competes": dict(Competes.choices),
    "metric": dict(Metric.choices),
    "tie_rule": dict(TieRule.choices),
}


def lacking_text(why: str) -> str:
    """Return what stops a contest, as ContestIncomplete names it, in words that say what to do."""
    if why == "prizes":
        return _("Give at least the first place a prize.")
    if why == "ends":
        return _("That day has passed. Choose a later one, or call the contest off.")
    return _("The first day has begun. Choose a later one: nobody wins by what was not announced.")


def span_text(contest: Contest, zone: ZoneInfo) -> str:
    """Return the first and the last day."""
    first = contest.starts_at.astimezone(zone).date()
    last = contest.ends_at.astimezone(zone).date() - timedelta(days=1)
    return _("%(first)s to %(last)s") % {"first": day_text(first), "last": day_text(last)}


def score_text(contest: Contest, score: int) -> str:
    """Return a score as people read it: a count, or an amount."""
    if contest.metric == Metric.VALUE:
        return money_text(score, contest.currency)
    return number_text(score)


def prize_text(prize: Prize, currency: str) -> str:
    """Return what a place wins."""
    return money_text(prize.amount_minor, currency) if prize.amount_minor else prize.goods


def instead_text(prize: Prize, currency: str) -> str:
    """Return what a prize in money is where the winner's employer allows no money."""
    return _("Reward worth %(amount)s") % {"amount": money_text(prize.amount_minor, currency)}


def won_text(place: ContestPlace, currency: str) -> str:
    """Return what the winner of a place gets, empty for nothing."""
    if place.prize is None:
        return ""
    return (
        instead_text(place.prize, currency)
        if place.is_in_kind
        else prize_text(place.prize, currency)
    )


def place_text(rank: int) -> str:
    """Return a place's name."""
    return _("Place %(rank)s") % {"rank": rank}


def rules_of(contest: Contest) -> list[tuple[str, str]]:
    """Return the conditions as (label, sentence)."""
    least = (
        _("Any won deal")
        if contest.metric == Metric.VALUE and contest.least == 1
        else _("At least %(amount)s") % {"amount": money_text(contest.least, contest.currency)}
        if contest.metric == Metric.VALUE
        else ngettext("At least %(n)s", "At least %(n)s", contest.least) % {"n": contest.least}
    )
    people = [
        (
            _("Whose it is"),
            _("A referral counts for the person who sent it and still works at the partner."),
        ),
        (
            _("Who takes part"),
            _(
                "People whose company allows them rewards, with what they bring while it does."
                " Where it allows no money, a prize in money is given as a reward worth as much."
            ),
        ),
    ]
    return [
        (_("Who competes"), str(contest.get_competes_display())),
        *(people if contest.is_for_people else []),
        (_("What counts"), str(contest.get_metric_display())),
        (_("Products that count"), ", ".join(contest.products) or _("All")),
        (_("Tiers that take part"), ", ".join(contest.tiers) or _("All")),
        (_("To win"), least),
        (_("With the same score"), str(contest.get_tie_rule_display())),
        (
            _("Prizes are given"),
            _("As soon as it ends")
            if not contest.check_days
            else ngettext(
                "%(n)s day after the end; a win taken back by then does not count",
                "%(n)s days after the end; a win taken back by then does not count",
                contest.check_days,
            )
            % {"n": contest.check_days},
        ),
    ]
