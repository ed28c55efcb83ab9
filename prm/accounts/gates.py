"""Features that a program opens step by step: a view names its feature, a package above says what is missing.

    @needs(Capability.SEE_EARNINGS)
    @unlocked("earnings.see")
    def earnings(request): ...

The lock holds on the address itself, for partner people; staff are never locked out.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from prm.accounts.guards import View
from prm.accounts.members import MemberRequest


@dataclass(frozen=True)
class Missing:
    """One condition that does not hold: in words that say what to do, and the page where it is done."""

    words: str
    path: str


# (partner, feature, at) -> what is missing, empty when the feature is open
Gate = Callable[[UUID, str, datetime], list[Missing]]
_gates: list[Gate] = []


def keeps_gate(gate: Gate) -> Gate:
    """Register what knows the conditions of features. Raises ValueError for a second gate."""
    if _gates and _gates != [gate]:
        raise ValueError("the gate is kept already")
    _gates[:] = [gate]
    return gate


def missing_for(*, partner_id: UUID, feature: str, at: datetime) -> list[Missing]:
    """Return what a partner has to do before it may use a feature; empty when it may."""
    return _gates[0](partner_id, feature, at) if _gates else []


def unlocked(feature: str) -> Callable[[View], View]:
    """Answer 403 with a page that names the missing conditions and leads to them while the feature is locked."""

    def decorate(view: View) -> View:
        @wraps(view)
        def gated(request: MemberRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.member.partner_id is not None:
                missing = missing_for(
                    partner_id=request.member.partner_id, feature=feature, at=timezone.now()
                )
                if missing:
                    return render(
                        request, "prm/accounts/locked.html", {"missing": missing}, status=403
                    )
            return view(request, *args, **kwargs)

        gated.feature = feature  # type: ignore[attr-defined]
        return gated

    return decorate
