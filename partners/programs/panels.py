"""The place on a program's page that the package of commissions fills: what its plan pays."""

from collections.abc import Callable

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from partners.programs.models import Program

# What a filler returns: a template of its package with a whole <section>, and what it shows.
PlanFiller = Callable[[Program], tuple[str, dict[str, object]]]
_fillers: list[PlanFiller] = []


def fills_plan(filler: PlanFiller) -> PlanFiller:
    """Register what shows a program's plan. Raises ValueError for a second filler."""
    if _fillers and _fillers != [filler]:
        raise ValueError("the plan is filled already")
    _fillers[:] = [filler]
    return filler


def plan_panel(program: Program) -> SafeString:
    """Return the plan of a program, rendered; empty when nothing fills it."""
    return render_to_string(*_fillers[0](program)) if _fillers else SafeString("")
