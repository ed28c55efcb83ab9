"""Exceptions beside what everybody else in the program gets."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from commissions.overrides.models import PlanOverride
from commissions.overrides.selectors import listed_overrides
from commissions.overrides.wording import override_words, span_words
from commissions.plans.selectors import terms_in_force
from commissions.plans.wording import term_lines
from partners.directory.models import Enrollment, PartnerState
from partners.programs.models import Program
from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest


@dataclass(frozen=True)
class Sides:
    """A program's plan in force with how many partners have it, and each exception with its words."""

    program: Program
    lines: list[str]
    others: int
    exceptions: list[tuple[PlanOverride, str, str]]


@require_safe
@needs(Capability.SEE_PROGRAMS)
def override_fairness(request: MemberRequest) -> HttpResponse:
    """Show exceptions in force side by side with the plan that all others have, by program."""
    return render(
        request, "commissions/overrides/fairness.html", {"programs": _sides(timezone.now())}
    )


def _sides(now: datetime) -> list[Sides]:
    found: dict[UUID, list[PlanOverride]] = defaultdict(list)
    rows = listed_overrides(state="active", program_id=None, words="", now=now)
    for row in rows.select_related("decided_by").order_by("partner__name", "id"):
        found[row.program_id].append(row)
    partners = dict(
        Enrollment.objects.filter(program_id__in=list(found), partner__state=PartnerState.ACTIVE)
        .values_list("program_id")
        .annotate(n=Count("partner_id"))
        .order_by()
    )
    sides = []
    for program_id, exceptions in found.items():
        terms = terms_in_force(program_id, now)
        sides.append(
            Sides(
                exceptions[0].program,
                term_lines(terms) if terms else [],
                max(partners.get(program_id, 0) - len({row.partner_id for row in exceptions}), 0),
                [(row, override_words(row), span_words(row)) for row in exceptions],
            )
        )
    return sorted(sides, key=lambda row: row.program.name)
