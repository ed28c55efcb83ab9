"""What simulations say elsewhere: a draft outside the cost limits is pointed out before it is published."""

from commissions.plans.models import PlanVersion
from commissions.plans.places import warns
from commissions.plans.selectors import version_terms
from commissions.simulation.pages import result_page
from commissions.simulation.selectors import newest_result


@warns
def outside_the_limits(draft: PlanVersion) -> list[str]:
    """Return which limits the newest try of exactly these terms breaks."""
    newest = newest_result(draft.program_id, version_terms(draft))
    return result_page(newest).warnings if newest else []
