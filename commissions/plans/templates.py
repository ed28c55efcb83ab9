"""Plans that have proved themselves, each with why: one click makes a draft of it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from commissions.plans.services import PlanTerms, RuleTerms
from commissions.plans.terms import (
    Activity,
    Band,
    Bands,
    Bonus,
    Cap,
    Condition,
    Group,
    Policy,
    Preferred,
    Terms,
)
from prm.money import currency_exponent

NOTICE_DAYS = 30


@dataclass(frozen=True)
class PlanTemplate:
    """A plan to start from: its name, whom it suits, why it is as it is, and its terms for a currency's minor unit."""

    key: str
    title: Any
    suits: Any
    rationale: Any
    made: Callable[[int], PlanTerms]

    def terms(self, currency: str) -> PlanTerms:
        """Return the terms in a currency, with the reasons for those who run the plan later."""
        terms = self.made(10 ** currency_exponent(currency))
        return replace(terms, rationale=str(self.rationale), notice_days=NOTICE_DAYS)


def _share(rate: str, scope: str = "lifetime", **more: Any) -> RuleTerms:
    return RuleTerms("revenue", "percent", rate=Decimal(rate), scope=scope, **more)


def _lifetime(unit: int) -> PlanTerms:
    return PlanTerms([_share("0.2", "active")], policy=Policy(activity=Activity(1, "year")))


def _first_year(unit: int) -> PlanTerms:
    return PlanTerms([_share("0.2", "months", months=12)], minimum_payout_minor=50 * unit)


def _two_stage(unit: int) -> PlanTerms:
    rules = [
        RuleTerms("qualified", "fixed", amount_minor=50 * unit),
        RuleTerms("won", "fixed", amount_minor=500 * unit),
    ]
    return PlanTerms(rules, policy=Policy(two_stage="deductible"))


def _bands(unit: int) -> PlanTerms:
    bands = Bands(
        (
            Band(0, Decimal("0.1")),
            Band(50_000 * unit, Decimal("0.125")),
            Band(100_000 * unit, Decimal("0.15")),
        ),
        period="year",
    )
    return PlanTerms([_share("0.1", terms=Terms(bands=bands))])


def _uplift(unit: int) -> PlanTerms:
    bonus = Bonus("threshold", measure="sales", value=100_000 * unit, uplift_rate=Decimal("0.15"))
    return PlanTerms([_share("0.1", terms=Terms(bonus=bonus))])


def _third_win(unit: int) -> PlanTerms:
    bonus = RuleTerms(
        "won", "fixed", amount_minor=1_000 * unit, terms=Terms(bonus=Bonus("nth", 3, "quarter"))
    )
    return PlanTerms([_share("0.15", "months", months=12), bonus])


def _renewals(unit: int) -> PlanTerms:
    renewal = _share("0.05", terms=Terms(bonus=Bonus("renewal")))
    return PlanTerms([_share("0.15", "first"), renewal])


def _preferred(unit: int) -> PlanTerms:
    preferred = Group((Condition("standing", ("preferred",)),), rate=Decimal("0.2"))
    standard = Group((Condition("standing", ("standard",)),), rate=Decimal("0.1"))
    rule = _share("0.1", terms=Terms(groups=(preferred, standard)))
    return PlanTerms([rule], policy=Policy(preferred=Preferred(4, "year", 30)))


def _finders_fee(unit: int) -> PlanTerms:
    rule = RuleTerms(
        "won",
        "percent",
        rate=Decimal("0.1"),
        terms=Terms(cap=Cap(5_000 * unit, "referral")),
    )
    return PlanTerms([rule], hold_days=45)


def _on_cash(unit: int) -> PlanTerms:
    return PlanTerms(
        [_share("0.1", "months", months=24)], hold_days=14, policy=Policy(base="net", basis="cash")
    )


TEMPLATES = (
    PlanTemplate(
        "lifetime",
        _("20% for life while active"),
        _("Software with monthly revenue and partners that stay close to their customers"),
        _(
            "A partner that shares in every payment has the same interest as you: customers that stay. The condition of"
            " one win a year keeps the promise affordable, because partners that stopped working stop earning, and are"
            " warned before. The rate is high, so check it against your margin over the customer's whole life."
        ),
        _lifetime,
    ),
    PlanTemplate(
        "first-year",
        _("20% of the first twelve months"),
        _("The first partner program, when nobody knows yet how long customers stay"),
        _(
            "The cost ends by itself: each customer costs a fifth of one year, whatever happens later. Partners"
            " understand it in one sentence. It rewards bringing customers, not keeping them, so pair it with a renewal"
            " bonus where partners also serve the customer."
        ),
        _first_year,
    ),
    PlanTemplate(
        "two-stage",
        _("50 on qualified, 500 in all on won"),
        _("Long sales cycles in which partners wait months for the first money"),
        _(
            "A small amount soon keeps partners sending while the deal ripens. It is taken off what the win pays, so a"
            " won deal costs the same as without it, and the risk is limited to leads that qualify but never sign."
            " Watch the share of qualified leads: when it rises and wins do not, the first stage is too easy."
        ),
        _two_stage,
    ),
    PlanTemplate(
        "bands",
        _("10%, 12.5%, 15% by sales of the year"),
        _("Partners of very different size in one program"),
        _(
            "Growing partners earn more without a negotiation. Each part of the sales is paid at its own rate, so no"
            " single deal is worth holding back or rushing to jump over an edge. Counting starts anew each calendar"
            " year, which gives everybody a reason to come back in January."
        ),
        _bands,
    ),
    PlanTemplate(
        "uplift",
        _("10%, and 15% for good after 100,000"),
        _("A few strategic partners that you want to bind for years"),
        _(
            "A lasting higher rate is a goal that a partner's management can plan for, and it is never lost again. Only"
            " what comes after the goal is paid at the higher rate: past earnings stay as they were, and the cost of"
            " reaching it is known in advance."
        ),
        _uplift,
    ),
    PlanTemplate(
        "third-win",
        _("15%, and a bonus with the third win of a quarter"),
        _("Partners that could send more, but send a deal now and then"),
        _(
            "The bonus pays for rhythm. Three wins in one quarter mean that a partner has made you part of its week."
            " Once per quarter keeps it from becoming a second commission, and the fixed amount makes the cost of a"
            " campaign easy to tell."
        ),
        _third_win,
    ),
    PlanTemplate(
        "renewals",
        _("15% of the first payment, 5% of renewals"),
        _("Yearly contracts that partners help to renew"),
        _(
            "The renewal bonus is lower than the first commission because the work is smaller, but it comes every year"
            " and grows with the customers kept. It gives partners a reason to call the customer before the contract"
            " ends, which is when you need them most."
        ),
        _renewals,
    ),
    PlanTemplate(
        "preferred",
        _("20% with four referrals a year, 10% otherwise"),
        _("Many sleeping partners with terms from better days"),
        _(
            "Preferred terms are earned again each year by a number everybody can reach. Who falls below keeps earning"
            " at the standard rate, is told in advance, and is back the moment the fourth referral arrives. Nobody is"
            " thrown out, and the high rate goes to those who work."
        ),
        _preferred,
    ),
    PlanTemplate(
        "finders-fee",
        _("10% of the deal once, at most 5,000"),
        _("Consultants who recommend you and leave the selling to you"),
        _(
            "One payment for one introduction, with a limit that keeps very large deals from costing more than the"
            " introduction is worth. Nothing runs on, so contracts stay simple and the books are closed soon after the"
            " win. The longer hold covers the time in which customers may still withdraw."
        ),
        _finders_fee,
    ),
    PlanTemplate(
        "on-cash",
        _("10% of what is really paid, for two years"),
        _("Customers that pay late or in parts, and finance teams that want no surprises"),
        _(
            "Commissions follow the money: tax and discount are taken out, and a customer that paid 40% of its invoice"
            " has earned the partner 40% of the commission. You never pay out what you have not received, so the hold"
            " can be short, which partners like."
        ),
        _on_cash,
    ),
)


def template_named(key: str) -> PlanTemplate | None:
    """Return the template of a name, None for a name nobody knows."""
    return next((row for row in TEMPLATES if row.key == key), None)
