"""What is stuck is shown with its error and can be tried again."""

import pytest
from django.utils import timezone

from prm.events.models import QueuedEvent
from prm.events.services import SYSTEM, emit
from prm.jobs.models import Job, JobState
from prm.notices.models import Mail, MailState
from prm.tenancy.scope import tenant_scope
from tests.conftest import World
from tests.prm.jobs.test_job_page import signed_in


@pytest.fixture
def stuck(world: World) -> World:
    with tenant_scope(world.acme.id):
        emit("built.happened", subject="built:1", actor=SYSTEM, at=timezone.now())
        QueuedEvent.objects.update(attempts=8, error="handler <boom>", stuck_at=timezone.now())
        Mail.objects.create(
            key="k",
            kind="k",
            to="rep@x.example",
            subject="Lost",
            text="",
            message_id="<k@x>",
            state=MailState.FAILED,
            attempts=8,
            error="550 no such user",
        )
        Job.objects.create(kind="gone.kind", state=JobState.FAILED, error="disk full")
    return world


def test_shows_events_mails_and_jobs_with_their_errors(stuck: World) -> None:
    text = signed_in(stuck.admin).get("/acme/manage/stuck/").text

    for shown in (
        "built.happened",
        "handler &lt;boom&gt;",
        "550 no such user",
        "disk full",
        "gone.kind",
    ):
        assert shown in text


def test_nothing_stuck_says_so(world: World) -> None:
    assert "Nothing is stuck" in signed_in(world.admin).get("/acme/manage/stuck/").text


def test_an_event_is_tried_again_and_handled(stuck: World) -> None:
    with tenant_scope(stuck.acme.id):
        queued = QueuedEvent.objects.get()

    signed_in(stuck.admin).post(f"/acme/manage/stuck/events/{queued.id}/retry/")

    from prm.events.relay import relay_tenant

    assert relay_tenant(stuck.acme.id) == 1
    with tenant_scope(stuck.acme.id):
        assert not QueuedEvent.objects.exists()


def test_a_mail_is_sent_again(stuck: World) -> None:
    with tenant_scope(stuck.acme.id):
        mail = Mail.objects.get()

    signed_in(stuck.admin).post(f"/acme/manage/stuck/mails/{mail.id}/retry/")

    with tenant_scope(stuck.acme.id):
        mail.refresh_from_db()
    assert (mail.state, mail.attempts) == (MailState.QUEUED, 0)


def test_a_manager_does_not_see_it(stuck: World) -> None:
    assert signed_in(stuck.manager).get("/acme/manage/stuck/").status_code == 403
