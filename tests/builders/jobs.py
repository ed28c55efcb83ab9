"""Builders of long work; a scope must be open."""

from datetime import timedelta

from django.utils import timezone

from prm.events.models import Event, QueuedEvent
from prm.events.services import SYSTEM, emit
from prm.jobs.files import save_private
from prm.jobs.models import Job, JobState
from prm.notices.models import Mail, MailState
from tests.builders.objects import Cast, builds


@builds("job")
def a_job(cast: Cast) -> object:
    """A finished job of the rep, with a file."""
    job = Job.objects.create(
        kind="built.export",
        state=JobState.DONE,
        started_by=cast.rep,
        partner_id=cast.partner.id,
        file=save_private(b"a,b\n", file_name="built.csv"),
        file_name="built.csv",
        file_expires_at=timezone.now() + timedelta(days=1),
        finished_at=timezone.now(),
    )
    return job.id


@builds("stuck_event")
def a_stuck_event(cast: Cast) -> int:
    """An event whose handler failed."""
    event: Event = emit("built.happened", subject="built:1", actor=SYSTEM, at=timezone.now())
    queued = QueuedEvent.objects.get(event=event)
    queued.attempts, queued.error, queued.stuck_at = 8, "boom", timezone.now()
    queued.save()
    return queued.id


@builds("failed_mail")
def a_failed_mail(cast: Cast) -> int:
    """A mail that was given up."""
    mail = Mail.objects.create(
        key="built",
        kind="built",
        to="rep@x.example",
        subject="Built",
        text="Built",
        message_id="<built@x>",
        state=MailState.FAILED,
        error="nobody there",
    )
    return mail.id
