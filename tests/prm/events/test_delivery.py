"""Each step of a referral reaches its sender as exactly one mail: broker down, worker killed, messages doubled."""

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import redis
from django.db import connections
from django.utils import timezone

from partners.directory.models import Partner
from partners.programs.models import Program
from prm.accounts.models import User
from prm.celery import app
from prm.events.models import QueuedEvent
from prm.events.relay import relay_tenant
from prm.notices.mailbox import stored_mails
from prm.notices.models import Mail, MailState
from prm.notices.sending import send_due
from prm.tenancy.scope import tenant_scope
from tests.builders.referrals import a_program, a_referral, people_of
from tests.conftest import World, make_world
from tests.worker import broker_of_its_own, eventually, real_worker

pytestmark = pytest.mark.slow
SENDER = "rep@brightwater.example"


@pytest.fixture
def mail_folder(tmp_path: Path, settings: Any) -> Path:
    settings.EMAIL_BACKEND = "prm.notices.mailbox.FileBackend"
    settings.EMAIL_FILE_PATH = str(tmp_path / "mail")
    return tmp_path


@pytest.fixture
def prefix(real_database: str) -> Iterator[str]:
    with broker_of_its_own() as prefix:
        yield prefix


def two_steps(at: datetime) -> World:
    """Submit a referral and accept it: two milestones for its sender."""
    world = make_world()
    with tenant_scope(world.acme.id):
        program = a_program()
        people = people_of(world.acme, program=program)
        a_referral(at, partner=people.partner, by=people.rep, stage="accepted", program=program)
    return world


def milestones(world: World) -> list[Mail]:
    with tenant_scope(world.acme.id):
        return list(Mail.objects.filter(to=SENDER).order_by("id"))


def received() -> list[str]:
    return [mail.subject for mail in stored_mails() if mail.to == SENDER]


def all_sent(world: World) -> bool:
    mails = milestones(world)
    return len(mails) == 2 and all(mail.state == MailState.SENT for mail in mails)


def test_a_worker_delivers_each_step_once(
    mail_folder: Path, prefix: str, real_database: str, at: datetime
) -> None:
    with real_worker(real_database, mail_folder, prefix):
        world = two_steps(at)
        eventually(lambda: all_sent(world), what="sending both mails")

    assert len(received()) == len(set(received())) == 2
    with tenant_scope(world.acme.id):
        assert not QueuedEvent.objects.exists()


def test_a_broker_that_is_down_at_the_commit_loses_nothing(
    mail_folder: Path,
    prefix: str,
    real_database: str,
    at: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise ConnectionError("the broker is down")

    with monkeypatch.context() as patch:
        patch.setattr(app, "send_task", refuse)
        patch.setattr("celery.app.task.Task.apply_async", refuse)
        world = two_steps(at)
    assert milestones(world) == []

    with real_worker(real_database, mail_folder, prefix):
        eventually(lambda: all_sent(world), what="the sweep")

    assert len(received()) == 2


def test_a_broker_emptied_again_and_again_loses_nothing(
    mail_folder: Path, prefix: str, real_database: str, at: datetime
) -> None:
    world, over = two_steps(at), threading.Event()
    with tenant_scope(world.acme.id):
        people, program = Partner.objects.get(), Program.objects.get()
        rep = User.objects.get(email=SENDER)

    def empty_it() -> int:
        client, dropped = redis.Redis.from_url(_broker_address()), 0
        while not over.wait(0.05):
            # The bindings stay: an emptied broker is filled anew by whoever connects, which is not the question here.
            found = [key for key in client.scan_iter(f"{prefix}*") if b"_kombu" not in key]
            dropped += client.delete(*found) if found else 0
        return dropped

    with ThreadPoolExecutor(1) as pool:
        dropped = pool.submit(empty_it)
        with real_worker(real_database, mail_folder, prefix):
            for turn in range(10):
                with tenant_scope(world.acme.id):
                    a_referral(
                        at,
                        partner=people,
                        by=rep,
                        program=program,
                        stage="accepted",
                        company=f"C{turn}",
                    )
            over.set()
            eventually(
                lambda: [mail.state for mail in milestones(world)] == [MailState.SENT] * 22,
                what="the sweep",
            )
        assert dropped.result() > 0

    assert len(received()) == 22


def _broker_address() -> str:
    """Return the broker's address as the redis client reads it."""
    return str(app.conf.broker_url).replace("redis+socket://", "unix://")


def test_a_worker_killed_between_commit_and_sending_is_made_up_for(
    mail_folder: Path,
    prefix: str,
    real_database: str,
    at: datetime,
) -> None:
    with silent_mail_server() as (port, called):
        server = {"EMAIL_URL": f"smtp://127.0.0.1:{port}"}
        with real_worker(real_database, mail_folder, prefix, environment=server) as worker:
            world = two_steps(at)
            assert called.wait(30)
            worker.kill()
    assert [mail.state for mail in milestones(world)].count(MailState.SENT) == 0
    assert received() == []
    with tenant_scope(world.acme.id):
        # What two minutes do: the dead worker's lease ends.
        Mail.objects.filter(state=MailState.SENDING).update(
            leased_until=timezone.now(), next_attempt_at=timezone.now()
        )

    with real_worker(real_database, mail_folder, prefix):
        eventually(lambda: all_sent(world), what="taking the mails over")

    assert len(received()) == 2


def test_doubled_and_parallel_messages_send_each_mail_once(
    mail_folder: Path,
    prefix: str,
    real_database: str,
    at: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = two_steps(at)
    sent: list[Any] = []
    from prm.notices.mailbox import FileBackend

    original = FileBackend.send_messages

    def count(self: FileBackend, mails: Any) -> int:
        sent.extend(mails)
        return original(self, mails)

    monkeypatch.setattr(FileBackend, "send_messages", count)

    def deliver(_: int) -> None:
        try:
            relay_tenant(world.acme.id)
            send_due(world.acme.id)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(deliver, range(18)))

    assert [mail.to for mail in sent if mail.to == [SENDER]] == [[SENDER], [SENDER]]
    assert len(milestones(world)) == 2


@contextmanager
def silent_mail_server() -> Iterator[tuple[int, threading.Event]]:
    """A mail server that takes the call and never says a word."""
    called, calls = threading.Event(), []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            while True:
                try:
                    call, _ = server.accept()
                except OSError:
                    return
                calls.append(call)
                called.set()

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        try:
            yield server.getsockname()[1], called
        finally:
            server.shutdown(socket.SHUT_RDWR)
    thread.join(5)
    for call in calls:
        call.close()
