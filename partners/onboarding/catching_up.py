"""Partners that were in a program before it had a track: how many there are, and starting them."""

from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from partners.directory.models import Enrollment, PartnerState, PartnerType
from partners.directory.moves import tenant_day
from partners.onboarding.models import Run, Track
from partners.onboarding.selectors import track_for
from partners.onboarding.services import start_onboarding
from prm.events.services import Actor


def waiting_for(track: Track, at: datetime) -> QuerySet[Enrollment]:
    """Return the places of active partners that would start on the track and never had a run in its program.

    In no order; nothing for a track that is not open. at: aware UTC; who works in the program counts by its day.
    """
    types = [
        kind
        for kind in PartnerType.values
        if (found := track_for(program_id=track.program_id, partner_type=kind, at=at))
        and found.id == track.id
    ]
    had_one = Run.objects.filter(partner_id=OuterRef("partner_id"), program_id=track.program_id)
    return Enrollment.objects.open_on(tenant_day(at)).filter(
        ~Exists(had_one),
        program_id=track.program_id,
        partner__state=PartnerState.ACTIVE,
        partner__type__in=types,
    )


def start_waiting(
    track: Track, *, after: int, size: int, actor: Actor, at: datetime
) -> tuple[list[int], int]:
    """Start the next partners that wait for the track, by the ids of their places.

    Returns the ids looked at (at most `size`) and how many started. A repeat starts nobody twice.
    Emits onboarding.started each, and what follows from facts that are true already.
    """
    rows: list[tuple[int, UUID]] = list(
        waiting_for(track, at)
        .filter(id__gt=after)
        .order_by("id")
        .values_list("id", "partner_id")[:size]
    )
    started = 0
    for _id, partner_id in rows:
        run = start_onboarding(
            partner_id=partner_id, program_id=track.program_id, actor=actor, at=at
        )
        started += run is not None
    return [id_ for id_, _ in rows], started
