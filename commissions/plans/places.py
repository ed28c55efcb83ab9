"""What slices above say about a draft before it is published."""

from collections.abc import Callable

from commissions.plans.models import PlanVersion

# Returns sentences that warn of the draft; they stop nothing.
Warner = Callable[[PlanVersion], list[str]]
_warners: list[Warner] = []


def warns(warner: Warner) -> Warner:
    """Register what looks at drafts; the same one twice counts once."""
    if warner not in _warners:
        _warners.append(warner)
    return warner


def warnings_about(draft: PlanVersion) -> list[str]:
    """Return what slices above warn of, in the active language."""
    return [text for warner in _warners for text in warner(draft)]
