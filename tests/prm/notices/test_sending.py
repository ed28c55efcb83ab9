"""Due mails leave once each, by lease, with growing pauses after a failure and an end to trying."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail as outbox
from django.core.mail.backends import locmem
from django.utils import timezone

from prm.notices.models import AccountMail, Mail, MailState
from prm.notices.sending import LEASE, MAX_ATTEMPTS, pause_after, send_due, tenants_with_due_mail
from prm.notices.services import queue_account_mail, queue_mail
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from tests.builders.notices import tell
from tests.conftest import World


class DeadServer(locmem.EmailBackend):
    """A mail server that refuses everything."""

    def send_messages(self, messages: Any) -> int:
        raise ConnectionRefusedError("nobody there")


@pytest.fixture
def dead_server(settings: Any) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.DeadServer"


@pytest.fixture
def queued(world: World, at: datetime) -> Mail:
    with tenant_scope(world.acme.id):
        tell(world.manager, at)
        return Mail.objects.get()


def state_of(world: World) -> Mail:
    with tenant_scope(world.acme.id):
        return Mail.objects.get()


def test_sends_text_and_html_in_the_tenants_name(world: World, queued: Mail) -> None:
    Tenant.objects.filter(id=world.acme.id).update(mail_sender="Acme Partners")

    assert send_due(world.acme.id) == 1

    sent: Any = outbox.outbox[0]
    assert sent.from_email == "Acme <portal@localhost>"
    assert sent.to == ["manager@acme.example"]
    assert sent.extra_headers["Message-ID"] == queued.message_id
    assert [kind for _, kind in sent.alternatives] == ["text/html"]
    assert state_of(world).state == MailState.SENT


def test_carries_a_one_click_link_to_stop_the_kind(world: World, queued: Mail) -> None:
    send_due(world.acme.id)

    headers = outbox.outbox[0].extra_headers
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert headers["List-Unsubscribe"].startswith("<http://localhost:8000/acme/updates/stop/")


def test_a_mandatory_kind_has_no_such_link(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        tell(world.manager, at, kind="test.paid")

    send_due(world.acme.id)

    assert "List-Unsubscribe" not in outbox.outbox[0].extra_headers


def test_sent_mail_is_not_sent_again(world: World, queued: Mail) -> None:
    assert [send_due(world.acme.id), send_due(world.acme.id)] == [1, 0]
    assert len(outbox.outbox) == 1


def test_a_refused_mail_waits_longer_each_time(
    world: World, queued: Mail, dead_server: None
) -> None:
    before = timezone.now()

    assert send_due(world.acme.id) == 0

    mail = state_of(world)
    assert (mail.state, mail.attempts) == (MailState.QUEUED, 1)
    assert "nobody there" in mail.error
    assert mail.next_attempt_at >= before + pause_after(1)
    assert [pause_after(n) for n in (1, 2, 3)] == [
        timedelta(minutes=1),
        timedelta(minutes=3),
        timedelta(minutes=9),
    ]


def test_is_given_up_in_the_end_and_keeps_its_error(
    world: World, queued: Mail, dead_server: None
) -> None:
    for _ in range(MAX_ATTEMPTS):
        with tenant_scope(world.acme.id):
            Mail.objects.update(next_attempt_at=timezone.now())
        send_due(world.acme.id)

    mail = state_of(world)
    assert (mail.state, mail.attempts) == (MailState.FAILED, MAX_ATTEMPTS)
    assert "nobody there" in mail.error
    assert tenants_with_due_mail() == []


def test_a_mail_under_lease_is_left_to_its_worker(world: World, queued: Mail) -> None:
    with tenant_scope(world.acme.id):
        until = timezone.now() + LEASE
        Mail.objects.update(
            state=MailState.SENDING, attempts=1, leased_until=until, next_attempt_at=until
        )

    assert send_due(world.acme.id) == 0
    assert tenants_with_due_mail() == []


def test_a_dead_workers_mail_is_taken_over_when_the_lease_ends(world: World, queued: Mail) -> None:
    with tenant_scope(world.acme.id):
        past = timezone.now() - timedelta(seconds=1)
        Mail.objects.update(
            state=MailState.SENDING, attempts=1, leased_until=past, next_attempt_at=past
        )

    assert tenants_with_due_mail() == [world.acme.id]
    assert send_due(world.acme.id) == 1


def test_another_tenants_mail_stays(world: World, queued: Mail) -> None:
    assert send_due(world.globex.id) == 0
    assert outbox.outbox == []


def test_the_text_of_an_account_mail_is_gone_once_sent(world: World) -> None:
    queue_account_mail(
        to="rep@x.example", subject="Your code", text="Your code is 418203", html="<p>418203</p>"
    )

    assert send_due(None) == 1

    mail = AccountMail.objects.get()
    assert (mail.state, mail.text, mail.html) == (MailState.SENT, "", "")
    assert "418203" in outbox.outbox[0].body


def test_a_mail_to_an_address_without_a_login(world: World) -> None:
    with tenant_scope(world.acme.id):
        for _ in range(2):
            queue_mail(
                key="invitation:1",
                kind="invitation",
                to="new@x.example",
                template="emails/notice",
                language="en",
                context={
                    "title": "Join Acme",
                    "body": "Come in",
                    "url": "http://localhost:8000/acme/join/",
                },
            )

    assert send_due(world.acme.id) == 1
    assert outbox.outbox[0].subject == "Join Acme"
    assert "Come in" in outbox.outbox[0].body
