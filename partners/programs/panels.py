"""The places on a program's page that packages above fill: what its plan pays, its rules for referrals."""

from collections.abc import Callable

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from partners.programs.models import Program
from prm.accounts.members import Member

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


RulesFiller = Callable[[Program, Member], SafeString]
_rules_fillers: list[RulesFiller] = []


def fills_rules(filler: RulesFiller) -> RulesFiller:
    """Register what shows a program's rules for referrals. Raises ValueError for a second filler."""
    if _rules_fillers and _rules_fillers != [filler]:
        raise ValueError("the rules are filled already")
    _rules_fillers[:] = [filler]
    return filler


def rules_panel(program: Program, member: Member) -> SafeString:
    """Return a program's rules for referrals, rendered; empty when nothing fills them."""
    return _rules_fillers[0](program, member) if _rules_fillers else SafeString("")
