"""Who does something in a request, and when: what services take as actor and moment."""

from datetime import datetime
from typing import TypedDict

from django.utils import timezone

from prm.accounts.members import MemberRequest
from prm.events.services import Actor


class Acting(TypedDict):
    """The two arguments that every service of a request takes."""

    actor: Actor
    at: datetime


def acting(request: MemberRequest) -> Acting:
    """Return the person of the request and the moment now, aware UTC, to be passed to a service by name."""
    return {"actor": request.member.actor, "at": timezone.now()}
