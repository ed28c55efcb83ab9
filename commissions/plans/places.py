"""What slices above say about a draft before it is published."""

from collections.abc import Callable
from dataclasses import dataclass

from commissions.plans.models import PlanVersion

# Returns sentences that warn of the draft; they stop nothing.
Warner = Callable[[PlanVersion], list[str]]
_warners: list[Warner] = []


def warns(warner: Warner) -> Warner:
    """Register what looks at drafts; the same one twice counts once."""
    if warner not in _warners:
        _warners.append(warner)
    return warner


@dataclass(frozen=True)
class Tried:
    """What exactly these terms came to on the history, in words, and where that is shown."""

    words: str
    url: str


# Returns the newest try of a draft as it is, None when there is none.
Trier = Callable[[PlanVersion], Tried | None]
_triers: list[Trier] = []


def tries(trier: Trier) -> Trier:
    """Register what tried drafts; the same one twice counts once."""
    if trier not in _triers:
        _triers.append(trier)
    return trier


def tried(draft: PlanVersion) -> Tried | None:
    """Return what a slice above tried of the draft as it is, in the active language."""
    return next((found for trier in _triers if (found := trier(draft))), None)


def warnings_about(draft: PlanVersion) -> list[str]:
    """Return what slices above warn of, in the active language."""
    return [text for warner in _warners for text in warner(draft)]
