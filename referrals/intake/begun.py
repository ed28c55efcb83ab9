"""Forms that somebody began and that a slice above keeps: opened again by the page of submission, gone once sent.

@opens_begun
def opened(draft_id: UUID, member: Member) -> dict[str, Any] | None: ...
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest

from prm.accounts.members import Member, MemberRequest

# What was typed, by the form's field names, and the program under "program"; None for what the person may not open.
Opener = Callable[[UUID, Member], dict[str, Any] | None]
Closer = Callable[[UUID, Member, datetime], None]
_openers: list[Opener] = []
_closers: list[Closer] = []


def opens_begun(opener: Opener) -> Opener:
    """Register what opens a begun form."""
    _openers[:] = [opener]
    return opener


def closes_begun(closer: Closer) -> Closer:
    """Register what a begun form's sending means for what was kept; in the transaction of the submission."""
    _closers[:] = [closer]
    return closer


def begun_id(request: HttpRequest) -> UUID | None:
    """Return the begun form that the address or the form names."""
    try:
        return UUID(request.POST.get("draft") or request.GET.get("draft") or "")
    except ValueError:
        return None


def begun_values(request: MemberRequest) -> dict[str, Any]:
    """Return what was typed before, empty for a new form."""
    draft_id = begun_id(request)
    found = _openers[0](draft_id, request.member) if draft_id and _openers else None
    return found or {}


def close_begun(request: MemberRequest, at: datetime) -> None:
    """Say that the begun form was sent."""
    draft_id = begun_id(request)
    if draft_id and _closers:
        _closers[0](draft_id, request.member, at)
