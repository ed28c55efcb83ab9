"""What the pages of simulations show, gathered for their templates."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from commissions.ledger.rules import first_day, next_period
from commissions.simulation.models import Simulation
from commissions.simulation.rules import Result
from commissions.simulation.selectors import broken_bounds, targets_of
from prm.web.charts import Bar, Chart, line_chart
from prm.web.formats import day_text, money_compact, money_text, number_text, percent_text
from prm.web.parts import Stat


@dataclass(frozen=True)
class ResultPage:
    """A finished simulation as its page shows it."""

    simulation: Simulation
    span: str
    stats: list[Stat]
    chart: Chart | None
    costs: list[tuple[str, str, str, str]]
    proof: str
    proven: bool
    differing: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    skipped: str = ""
    winners: int = 0
    losers: int = 0

    @property
    def has_limits(self) -> bool:
        """Whether the program says what a lead or a customer may cost."""
        return any(limit for *_words, limit in self.costs)


def span_text(simulation: Simulation) -> str:
    """Return the first and the last day."""
    return _("%(first)s to %(last)s") % {
        "first": day_text(simulation.from_on),
        "last": day_text(simulation.until_on),
    }


def tried_words(simulation: Simulation) -> str:
    """Return what a finished simulation came to, in a sentence."""
    result = Result.from_json(simulation.result or {})
    difference = money_text(result.new_minor - result.old_minor, simulation.currency, plus=True)
    return _("%(span)s: %(difference)s. Partners that get more: %(more)s, less: %(less)s.") % {
        "span": span_text(simulation),
        "difference": difference,
        "more": number_text(result.winners),
        "less": number_text(result.losers),
    }


def result_page(simulation: Simulation) -> ResultPage:
    """Return a finished simulation's figures in words."""
    result, currency = Result.from_json(simulation.result or {}), simulation.currency
    difference = result.new_minor - result.old_minor
    delta = percent_text(difference / result.old_minor, digits=1) if result.old_minor else ""
    return ResultPage(
        simulation,
        span_text(simulation),
        [
            Stat(
                _("In force"), money_text(result.old_minor, currency), _("commissions of the time")
            ),
            Stat(
                _("As tried"),
                money_text(result.new_minor, currency),
                _("the same events, the other terms"),
            ),
            Stat(_("Difference"), money_text(difference, currency, plus=True), delta),
            Stat(
                _("Partners"),
                number_text(result.partners),
                _("%(more)s get more, %(less)s get less")
                % {"more": number_text(result.winners), "less": number_text(result.losers)},
            ),
        ],
        _chart(result, currency),
        _costs(simulation, result),
        _proof(result, currency),
        result.reproduces,
        result.differing,
        [_warning(name, simulation, result) for name in broken_bounds(simulation)],
        ngettext(
            "%(n)s event in another currency was left out",
            "%(n)s events in another currency were left out",
            result.skipped,
        )
        % {"n": number_text(result.skipped)}
        if result.skipped
        else "",
        result.winners,
        result.losers,
    )


def _chart(result: Result, currency: str) -> Chart | None:
    if not result.months:
        return None
    points, old = [], []
    # A month without a commission is a point at nothing, not a gap that the line jumps over.
    for period in _periods(int(min(result.months)), int(max(result.months))):
        before, new = result.months.get(str(period), (0, 0))
        day = first_day(period)
        points.append(Bar(day_text(day, "month")[:3], day_text(day, "month"), new))
        old.append(before)

    def words(value: float) -> str:
        return money_text(round(value), currency)

    return line_chart(
        points,
        heading=_("Commissions by month"),
        finding=_("As tried, beside what was in force"),
        head=[_("Month"), _("As tried"), _("In force")],
        goal=old,
        words=words,
        axis_words=lambda value: money_compact(round(value), currency),
        key=[("", _("As tried")), ("goal", _("In force"))],
    )


def _periods(first: int, last: int) -> Iterator[int]:
    period = first
    while period <= last:
        yield period
        period = next_period(period)


def _costs(simulation: Simulation, result: Result) -> list[tuple[str, str, str, str]]:
    """Return cost lines: label, in force, as tried, what marketing gives."""
    currency, targets = simulation.currency, targets_of(simulation.program_id)

    def money(minor: int | None) -> str:
        return "–" if minor is None else money_text(minor, currency)

    band = [
        _("at least %(amount)s") % {"amount": money(targets.customer_floor)}
        if targets.customer_floor
        else "",
        _("at most %(amount)s") % {"amount": money(targets.customer_ceiling)}
        if targets.customer_ceiling
        else "",
    ]
    ceiling = (
        _("at most %(amount)s") % {"amount": money(targets.lead_ceiling)}
        if targets.lead_ceiling
        else ""
    )
    beside = (
        (_("Bank fees"), result.fees_minor),
        (_("Prizes in money"), result.prizes_minor),
        (_("Other prizes and gifts, at cost"), result.goods_minor),
    )
    return [
        (_("Commissions"), money(result.old_minor), money(result.new_minor), ""),
        (
            _("Rewards of people that are not money"),
            money(result.old_things_minor),
            money(result.new_things_minor),
            "",
        ),
        *((label, money(minor), money(minor), "") for label, minor in beside),
        (
            _("Per lead, of %(n)s") % {"n": number_text(result.leads)},
            money(result.per_lead(result.old_cost_minor)),
            money(result.per_lead(result.new_cost_minor)),
            ceiling,
        ),
        (
            _("Per customer, of %(n)s") % {"n": number_text(result.customers)},
            money(result.per_customer(result.old_cost_minor)),
            money(result.per_customer(result.new_cost_minor)),
            ", ".join(word for word in band if word),
        ),
    ]


def _proof(result: Result, currency: str) -> str:
    booked = money_text(result.booked_minor, currency)
    if result.reproduces:
        return _(
            "Replaying what was in force gives every commission of the time as it is booked: %(amount)s before refunds."
        ) % {"amount": booked}
    return ngettext(
        "Replaying what was in force differs from the books in %(n)s commission.",
        "Replaying what was in force differs from the books in %(n)s commissions.",
        result.differing_count,
    ) % {"n": number_text(result.differing_count)}


def _warning(name: str, simulation: Simulation, result: Result) -> str:
    targets, currency = targets_of(simulation.program_id), simulation.currency
    whole = result.new_cost_minor
    lead, customer = result.per_lead(whole), result.per_customer(whole)
    if name == "lead":
        text, cost, bound = (
            _("A lead would cost %(cost)s, more than the %(bound)s it may."),
            lead,
            targets.lead_ceiling,
        )
    elif name == "customer":
        text, cost, bound = (
            _("A customer would cost %(cost)s, more than the %(bound)s it may."),
            customer,
            targets.customer_ceiling,
        )
    else:
        text, cost, bound = (
            _(
                "A customer would cost %(cost)s, less than the %(bound)s that make referring worthwhile."
            ),
            customer,
            targets.customer_floor,
        )
    return text % {
        "cost": money_text(cost or 0, currency),
        "bound": money_text(bound or 0, currency),
    }


def stat_rows(simulations: list[Simulation]) -> list[dict[str, Any]]:
    """Return simulations for a list: what it tried, when, and what came of it."""
    rows = []
    for one in simulations:
        result = Result.from_json(one.result) if one.result is not None else None
        difference = result.new_minor - result.old_minor if result else 0
        rows.append(
            {
                "simulation": one,
                "span": span_text(one),
                "difference": money_text(difference, one.currency, plus=True) if result else "",
                "warned": bool(broken_bounds(one)),
            }
        )
    return rows
