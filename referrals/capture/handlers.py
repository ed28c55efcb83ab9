"""What capture does when something happened: the person referred is told."""

from uuid import UUID

from prm.events.models import Event
from prm.events.subscriptions import on
from referrals.capture.models import Telling
from referrals.capture.privacy import tell_person, tells_at
from referrals.pipeline.models import StageKind


@on("referral.submitted", name="capture.tell_person")
def tell_person_referred(event: Event) -> None:
    """The person referred learns of it at once, where the program says so."""
    if tells_at(UUID(event.payload["program_id"]), Telling.ALWAYS):
        tell_person(referral_id=UUID(event.payload["referral_id"]), at=event.at)


@on("referral.stage_changed", name="capture.tell_person_accepted")
def tell_person_accepted(event: Event) -> None:
    """The person referred learns of it when the referral is accepted, where the program says so."""
    if event.payload["to_kind"] == StageKind.ACCEPTED and tells_at(
        UUID(event.payload["program_id"]), Telling.ACCEPTED
    ):
        tell_person(referral_id=UUID(event.payload["referral_id"]), at=event.at)
