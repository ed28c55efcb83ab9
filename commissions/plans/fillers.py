"""What plans add elsewhere: the own fields that payments are asked for."""

from collections.abc import Collection, Iterable
from uuid import UUID

from commissions.plans.models import PlanRule
from commissions.plans.terms import Terms
from referrals.revenue.naming import asks_names


@asks_names
def own_fields(program_ids: Collection[UUID]) -> Iterable[str]:
    """Return the names that conditions of published plans ask for."""
    rules = PlanRule.objects.filter(
        version__program_id__in=program_ids, version__published_at__isnull=False
    ).exclude(terms={})
    return [
        condition.key
        for stored in rules.values_list("terms", flat=True)
        for group in Terms.from_json(stored).groups
        for condition in group.conditions
        if condition.key
    ]
