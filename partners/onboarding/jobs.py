"""The long work of onboarding: starting everybody who was in a program before its track."""

from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from partners.onboarding.catching_up import start_waiting, waiting_for
from partners.onboarding.models import Track
from prm.accounts.capabilities import Capability
from prm.events.services import Actor
from prm.jobs.runners import Progress, runner

CHUNK = 50


@runner(
    "onboarding.start",
    label=_("Start onboarding"),
    capability=Capability.EDIT_PROGRAMS,
    unit=_("partners"),
)
def start_partners(progress: Progress) -> None:
    """Start the partners that wait for params["track"], a chunk a transaction; a killed run goes on where it was."""
    track_id, actor = UUID(progress.params["track"]), Actor(progress.started_by_id)
    with progress.scope():
        track = Track.objects.get(id=track_id)
        left = waiting_for(track, timezone.now()).count()
    after, done = int(progress.checkpoint.get("after", 0)), int(progress.checkpoint.get("done", 0))
    total = done + left
    while not progress.should_stop():
        with progress.scope():
            seen, started = start_waiting(
                track, after=after, size=CHUNK, actor=actor, at=timezone.now()
            )
            done += started
            after = seen[-1] if seen else after
            progress.save_checkpoint({"after": after, "done": done})
            progress.advance(done, max(total, done))
        if len(seen) < CHUNK:
            progress.finish({"started": done})
            return
