"""What the pipeline does when something happened."""

from uuid import UUID

from prm.events.models import Event
from prm.events.subscriptions import on
from referrals.pipeline.services import ensure_stages


@on("program.created", name="pipeline.give_stages")
def give_stages(event: Event) -> None:
    """A new program starts with the default stages."""
    ensure_stages(program_id=UUID(event.payload["program_id"]))
