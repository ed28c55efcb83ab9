"""What a rule and a version say beyond a rate, in the reader's language: one clause each."""

from decimal import Decimal

from django.utils.translation import gettext, ngettext

from commissions.plans.terms import (
    Activity,
    Bands,
    Bonus,
    Budget,
    Cap,
    Condition,
    Group,
    Policy,
    Preferred,
    Terms,
)
from prm.web.choices import country_name
from prm.web.formats import money_text, number_text, percent_text


def clauses(terms: Terms, currency: str) -> list[str]:
    """Return what a rule says beyond its reward, in the order in which it is applied."""
    found = []
    if terms.groups:
        found.append(conditions_words(terms.groups, currency))
    if terms.bands:
        found += bands_words(terms.bands, currency)
    if terms.bonus:
        found.append(bonus_words(terms.bonus, currency))
    if terms.cap:
        found.append(cap_words(terms.cap, currency))
    if terms.payee == "rep":
        found.append(gettext("paid to the person who sent the referral"))
    return found


def conditions_words(groups: tuple[Group, ...], currency: str) -> str:
    """Return the conditions: all of a group together, one group or another."""
    parts = [_group(group, currency) for group in groups]
    if len(parts) == 1:
        return parts[0]
    return gettext("%(first)s; otherwise %(rest)s") % {
        "first": parts[0],
        "rest": gettext("; otherwise ").join(parts[1:]),
    }


def _group(group: Group, currency: str) -> str:
    words = gettext(" and ").join(condition_words(row, currency) for row in group.conditions)
    own = ""
    if group.rate is not None:
        own = _rate(group.rate)
    elif group.amount_minor is not None:
        own = money_text(group.amount_minor, currency)
    if not words:
        return (
            gettext("%(reward)s in all other cases") % {"reward": own} if own else gettext("always")
        )
    if own:
        return gettext("%(reward)s %(conditions)s") % {"reward": own, "conditions": words}
    return gettext("only %(conditions)s") % {"conditions": words}


def condition_words(row: Condition, currency: str) -> str:
    """Return one condition: "for product Pro or Team", "for deals of €5,000.00 or more"."""
    values = _any_of([_value(row, value) for value in row.values])
    match row.field:
        case "product":
            text = gettext("for product %(values)s")
        case "country":
            text = gettext("for customers in %(values)s")
        case "tier":
            text = gettext("for partners of tier %(values)s")
        case "role":
            text = gettext("for %(values)s")
        case "payment" | "standing":
            text = gettext("on %(values)s")
            if row.field == "standing":
                text = gettext("on %(values)s terms")
        case "metadata":
            text = gettext("where %(key)s is %(values)s")
        case _:
            return _between(row, currency)
    return text % {"values": values, "key": row.key}


def _between(row: Condition, currency: str) -> str:
    money = row.field == "deal"

    def say(value: int) -> str:
        return money_text(value, currency) if money else number_text(value)

    values = {"least": say(row.least or 0), "below": say(row.below or 0)}
    if row.least is not None and row.below is not None:
        text = (
            gettext("for deals from %(least)s to below %(below)s")
            if money
            else gettext("for contracts from %(least)s to below %(below)s months")
        )
    elif row.below is not None:
        text = (
            gettext("for deals below %(below)s")
            if money
            else gettext("for contracts below %(below)s months")
        )
    else:
        text = (
            gettext("for deals of %(least)s or more")
            if money
            else gettext("for contracts of %(least)s months or more")
        )
    return text % values


def _value(row: Condition, value: str) -> str:
    known = {
        ("role", "intro"): gettext("partners that introduce the company"),
        ("role", "cosell"): gettext("partners that sell together with the vendor"),
        ("payment", "first"): gettext("the first payment"),
        ("payment", "sale"): gettext("new sales"),
        ("payment", "renewal"): gettext("renewals"),
        ("payment", "expansion"): gettext("expansions"),
        ("standing", "preferred"): gettext("preferred"),
        ("standing", "standard"): gettext("standard"),
    }
    if row.field == "country":
        return str(country_name(value.upper()))
    return known.get((row.field, value), value)


def bands_words(bands: Bands, currency: str) -> list[str]:
    """Return the bands after the first, whose rate the rule itself names, and how they are counted."""
    counts = bands.measure == "count"
    found = []
    for band in bands.bands[1:]:
        reward = (
            _rate(band.rate)
            if band.rate is not None
            else money_text(band.amount_minor or 0, currency)
        )
        values = {
            "reward": reward,
            "start": number_text(band.start + 1) if counts else money_text(band.start, currency),
        }
        text = (
            gettext("%(reward)s from number %(start)s on")
            if counts
            else {
                "sales": gettext("%(reward)s beyond %(start)s of new sales"),
                "revenue": gettext("%(reward)s beyond %(start)s of revenue"),
            }[bands.measure]
        )
        found.append(text % values)
    found.append(_counted(bands.period))
    found.append(
        gettext("each part at its own rate")
        if bands.mode == "marginal"
        else gettext("the whole amount at the rate it reaches")
    )
    return found


def _counted(period: str) -> str:
    return {
        "lifetime": gettext("counted over the whole time"),
        "year": gettext("counted anew each calendar year"),
        "quarter": gettext("counted anew each quarter"),
        "month": gettext("counted anew each month"),
    }[period]


def bonus_words(bonus: Bonus, currency: str) -> str:
    """Return when a bonus is paid."""
    number = number_text(bonus.n)
    if bonus.kind == "nth":
        every = {
            "lifetime": gettext("with every %(n)s of them"),
            "year": gettext("with every %(n)s of them in a calendar year"),
            "quarter": gettext("with every %(n)s of them in a quarter"),
            "month": gettext("with every %(n)s of them in a month"),
        }
        once = {
            "lifetime": gettext("only with number %(n)s"),
            "year": gettext("only with number %(n)s of a calendar year"),
            "quarter": gettext("only with number %(n)s of a quarter"),
            "month": gettext("only with number %(n)s of a month"),
        }
        return (every if bonus.repeat else once)[bonus.period] % {"n": number}
    if bonus.kind == "streak":
        return {
            "lifetime": gettext("only after %(n)s in a row"),
            "year": gettext("only in the %(n)s. calendar year in a row that has one"),
            "quarter": gettext("only in the %(n)s. quarter in a row that has one"),
            "month": gettext("only in the %(n)s. month in a row that has one"),
        }[bonus.period] % {"n": number}
    if bonus.kind == "renewal":
        return (
            gettext("only on renewal number %(n)s of a customer") % {"n": number}
            if bonus.n
            else gettext("only on renewals")
        )
    return _threshold(bonus, currency)


def _threshold(bonus: Bonus, currency: str) -> str:
    reached = {
        "count": gettext("number %(value)s"),
        "sales": gettext("%(value)s of new sales"),
        "revenue": gettext("%(value)s of revenue"),
    }[bonus.measure] % {
        "value": number_text(bonus.value)
        if bonus.measure == "count"
        else money_text(bonus.value, currency)
    }
    values = {"reached": reached, "counted": _counted(bonus.period)}
    if bonus.uplift_rate is not None:
        return gettext("%(rate)s from the one on that reaches %(reached)s, %(counted)s") % {
            **values,
            "rate": _rate(bonus.uplift_rate),
        }
    return gettext("only once, with the one that reaches %(reached)s, %(counted)s") % values


def cap_words(cap: Cap, currency: str) -> str:
    """Return a cap: "at most €5,000.00 per partner and calendar year"."""
    per = {
        ("referral", "lifetime"): gettext("at most %(amount)s per referral"),
        ("partner", "lifetime"): gettext("at most %(amount)s per partner in all"),
        ("partner", "year"): gettext("at most %(amount)s per partner and calendar year"),
        ("partner", "quarter"): gettext("at most %(amount)s per partner and quarter"),
        ("partner", "month"): gettext("at most %(amount)s per partner and month"),
    }
    key = ("referral", "lifetime") if cap.per == "referral" else (cap.per, cap.period)
    return per[key] % {"amount": money_text(cap.minor, currency)}


def policy_lines(policy: Policy, currency: str) -> list[tuple[str, str]]:
    """Return what a version says for all its rules: (subject, sentence); nothing of what is usual."""
    found = []
    if policy.base == "net":
        found.append((gettext("Base"), gettext("Computed on amounts without tax and discount")))
    if policy.basis == "cash":
        found.append(
            (
                gettext("Earned"),
                gettext("Earned when the customer's money comes in, in proportion to it"),
            )
        )
    if policy.two_stage == "deductible":
        found.append(
            (
                gettext("Two stages"),
                gettext("What a referral earned by qualifying is taken off what its win earns"),
            )
        )
    if policy.after_loss == "take_back":
        found.append(
            (
                gettext("After a loss"),
                gettext("What a referral earned by qualifying is taken back when it is lost"),
            )
        )
    for cap in policy.caps:
        words = cap_words(cap, currency)
        found.append((gettext("Cap"), gettext("All rewards together: %(cap)s") % {"cap": words}))
    if policy.activity:
        found.append((gettext("Activity"), activity_words(policy.activity)))
    if policy.preferred:
        found.append((gettext("Preferred terms"), preferred_words(policy.preferred)))
    if policy.budget:
        found.append((gettext("Budget"), budget_words(policy.budget, currency)))
    return found


def usual_words(subject: str) -> str:
    """Return what counts where a version says nothing of a subject of policy_lines; empty where nothing does."""
    return {
        gettext("Base"): gettext("Computed on amounts as they are booked"),
        gettext("Earned"): gettext("Earned when the payment is booked"),
        gettext("Two stages"): gettext("Qualifying and winning are both paid in full"),
        gettext("After a loss"): gettext("A qualified referral that is lost keeps what it earned"),
    }.get(subject, "")


def activity_words(activity: Activity) -> str:
    """Return what "while active" asks of a partner."""
    rolling = {
        "year": ngettext(
            "Active means %(n)s win within any twelve months",
            "Active means %(n)s wins within any twelve months",
            activity.successes,
        ),
        "quarter": ngettext(
            "Active means %(n)s win within any three months",
            "Active means %(n)s wins within any three months",
            activity.successes,
        ),
        "month": ngettext(
            "Active means %(n)s win within any month",
            "Active means %(n)s wins within any month",
            activity.successes,
        ),
    }
    calendar = {
        "year": ngettext(
            "Active means %(n)s win per calendar year",
            "Active means %(n)s wins per calendar year",
            activity.successes,
        ),
        "quarter": ngettext(
            "Active means %(n)s win per quarter",
            "Active means %(n)s wins per quarter",
            activity.successes,
        ),
        "month": ngettext(
            "Active means %(n)s win per month",
            "Active means %(n)s wins per month",
            activity.successes,
        ),
    }
    words = (rolling if activity.mode == "rolling" else calendar)[activity.period]
    return words % {"n": number_text(activity.successes)}


def preferred_words(preferred: Preferred) -> str:
    """Return who keeps preferred terms, and from when standard ones count."""
    words = {
        "year": gettext(
            "Preferred terms for partners that sent %(n)s referrals in the last calendar year"
        ),
        "quarter": gettext(
            "Preferred terms for partners that sent %(n)s referrals in the last quarter"
        ),
        "month": gettext(
            "Preferred terms for partners that sent %(n)s referrals in the last month"
        ),
    }[preferred.period]
    until = ngettext(
        "standard terms otherwise, %(days)s day after the period's end",
        "standard terms otherwise, %(days)s days after the period's end",
        preferred.notice_days,
    )
    return gettext("%(who)s; %(otherwise)s") % {
        "who": words % {"n": number_text(preferred.minimum)},
        "otherwise": until % {"days": number_text(preferred.notice_days)},
    }


def budget_words(budget: Budget, currency: str) -> str:
    """Return the budget and that nothing beyond it is lost."""
    words = {
        "lifetime": gettext("The program pays %(amount)s in all"),
        "year": gettext("The program pays up to %(amount)s a calendar year"),
        "quarter": gettext("The program pays up to %(amount)s a quarter"),
        "month": gettext("The program pays up to %(amount)s a month"),
    }[budget.period]
    return gettext("%(budget)s; what comes after waits for the next, in order") % {
        "budget": words % {"amount": money_text(budget.minor, currency)}
    }


def _any_of(values: list[str]) -> str:
    if len(values) < 2:
        return "".join(values)
    return gettext("%(all_but_last)s or %(last)s") % {
        "all_but_last": ", ".join(values[:-1]),
        "last": values[-1],
    }


def _rate(fraction: Decimal) -> str:
    return percent_text(fraction, digits=4)
