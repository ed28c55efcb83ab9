"""What simulations say elsewhere: before a draft is published, what it came to and which cost limits it breaks."""

from django.urls import reverse

from commissions.plans.models import PlanVersion
from commissions.plans.places import Tried, tries, warns
from commissions.plans.selectors import version_terms
from commissions.simulation.pages import result_page, tried_words
from commissions.simulation.selectors import newest_result


@tries
def newest_try(draft: PlanVersion) -> Tried | None:
    """Return what the newest try of exactly these terms came to."""
    newest = newest_result(draft.program_id, version_terms(draft))
    if newest is None:
        return None
    url = reverse("commissions:simulation-detail", kwargs={"simulation_id": newest.id})
    return Tried(tried_words(newest), url)


@warns
def outside_the_limits(draft: PlanVersion) -> list[str]:
    """Return which limits the newest try of exactly these terms breaks."""
    newest = newest_result(draft.program_id, version_terms(draft))
    return result_page(newest).warnings if newest else []
