"""Which group of a rule's conditions an event meets."""

from commissions.plans.shapes import Facts
from commissions.plans.terms import Condition, Group, Terms


def group_met(terms: Terms, facts: Facts) -> tuple[int, Group | None]:
    """Return the first group that holds and its number from 1; (0, None) when none does.

    A rule without groups holds always: number 0 with an empty group.
    """
    if not terms.groups:
        return 0, _ALWAYS
    for number, group in enumerate(terms.groups, start=1):
        if all(meets(condition, facts) for condition in group.conditions):
            return number, group
    return 0, None


def meets(condition: Condition, facts: Facts) -> bool:
    """Tell whether one condition holds; a fact that is not known meets none."""
    if condition.field in {"deal", "term_months"}:
        number = facts.deal_minor if condition.field == "deal" else facts.term_months
        return (
            number is not None
            and (condition.least is None or number >= condition.least)
            and (condition.below is None or number < condition.below)
        )
    wanted = {value.strip().casefold() for value in condition.values}
    return bool(wanted & _texts(condition, facts))


def _texts(condition: Condition, facts: Facts) -> set[str]:
    if condition.field == "payment":
        first = {"first"} if facts.payment_no == 1 else set()
        return first | {facts.kind}
    if condition.field == "metadata":
        name = condition.key.strip().casefold()
        return {
            value.strip().casefold()
            for key, value in facts.metadata
            if key.strip().casefold() == name
        }
    value: str = getattr(facts, condition.field)
    return {value.strip().casefold()} if value else set()


_ALWAYS = Group()
