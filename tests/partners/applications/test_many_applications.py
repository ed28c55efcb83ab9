"""With 20,000 applications the queue reads a bounded part of an index; two decisions at once: one wins."""

import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from partners.applications.decide import DecidedMeanwhile, approve, decline
from partners.applications.models import Application, ApplicationChange
from partners.applications.services import save_draft, submit_application
from partners.directory.models import Partner
from prm.accounts.models import Invitation
from prm.events.models import Event
from prm.events.services import SYSTEM
from prm.notices.models import Mail
from prm.tenancy.scope import tenant_scope
from tests.builders.applications import an_admission, an_application
from tests.builders.applying import a_contact, an_open_program, answers
from tests.builders.partners import LONG_AGO, a_program
from tests.conftest import World, make_world
from tests.plans import pages_read

APPLICATIONS = 20_000
# Statements of one page of the queue with shell and session.
STATEMENTS = 20
# 8 KiB each. One page of 25 rows with joins; with the six tabs and the menu, which count up to 1,001 rows each, all.
PAGES_OF_ROWS, PAGES_READ = 300, 3_000
QUEUE = "/acme/manage/applications/"
PAGES = (
    "",
    "?sort=-sent",
    "?sort=score",
    "?state=approved",
    "?state=declined",
    "?source=fair",
    "?campaign=spring",
    "?q=company+123",
    "?q=a123@c123.example",
    "?q=c123.example",
    "?q=A-2025-00123",
)


@pytest.fixture
def many(real_database: str) -> Iterator[World]:
    world = make_world()
    with tenant_scope(world.acme.id):
        program = a_program()
        an_admission(program)
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            """
            insert into partners_application (tenant_id, program_id, number, state, name, email, company, company_norm,
              website, domain, country, type, language, answers, score, score_parts, source, campaign, medium,
              link_hash, submitted_at, due_at, decided_rule, reason, asked, answered)
            select %(tenant)s, %(program)s, 'A-2025-' || lpad(n::text, 5, '0'),
              (array['submitted', 'approved', 'declined', 'submitted', 'withdrawn'])[n %% 5 + 1], 'Ann ' || n,
              'a' || n || '@c' || n || '.example', 'Company ' || n, 'company ' || n, '', 'c' || n || '.example', 'IE',
              'referral', 'en', '[]', n %% 90, '[]', (array['fair', '', 'ad'])[n %% 3 + 1],
              (array['spring', ''])[n %% 2 + 1], '', md5(n::text) || md5(n::text), now() - n * interval '10 minutes',
              now() + interval '1 day' - n * interval '10 minutes', '', '', '', ''
              from generate_series(1, %(n)s) n
            """,
            {"tenant": world.acme.id, "program": program.id, "n": APPLICATIONS},
        )
        cursor.execute("analyze partners_application")
    connections["owner"].close()
    yield world
    connections["default"].close()


@pytest.mark.slow
def test_the_queue_reads_little_whatever_its_size(many: World) -> None:
    client = Client()
    client.force_login(many.manager, backend="allauth.account.auth_backends.AuthenticationBackend")
    client.get(QUEUE)  # remembers sources and campaigns

    asked: dict[str, list[str]] = {}
    for address in PAGES:
        with CaptureQueriesContext(connection) as seen:
            response = client.get(QUEUE + address)
        assert response.status_code == 200
        assert response.context["queue"].rows, address
        asked[address] = [row["sql"] for row in seen.captured_queries]
    numbers = {address: len(statements) for address, statements in asked.items()}
    assert {address: n for address, n in numbers.items() if n > STATEMENTS} == {}

    read, rows = {}, {}
    with tenant_scope(many.acme.id):
        for address, statements in asked.items():
            pages = {
                sql: pages_read(sql)
                for sql in statements
                if "partners_application" in sql and sql.lower().startswith("select")
            }
            read[address] = sum(pages.values())
            rows[address] = max(count for sql, count in pages.items() if "ORDER BY" in sql)
    assert {address: pages for address, pages in rows.items() if pages > PAGES_OF_ROWS} == {}
    assert {address: pages for address, pages in read.items() if pages > PAGES_READ} == {}


# ---------------------------------------------------------------- two at once


@pytest.fixture
def waiting(real_database: str) -> tuple[World, UUID]:
    world = make_world()
    with tenant_scope(world.acme.id):
        program = a_program()
        an_admission(program)
        return world, an_application(program).id


def at_once(world: World, *works: Callable[[], Any]) -> list[Any]:
    """Run each work on its own connection at one moment; return what each returned or raised."""
    barrier, results = threading.Barrier(len(works)), list[Any]()

    def run(work: Callable[[], Any]) -> None:
        try:
            with tenant_scope(world.acme.id):
                barrier.wait(10)
                results.append(work())
        except Exception as problem:  # noqa: BLE001  looked at by the test
            results.append(problem)
        finally:
            connections["default"].close()

    threads = [threading.Thread(target=run, args=[work]) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return results


@pytest.mark.race
def test_two_who_approve_at_once_make_one_partner(
    waiting: tuple[World, UUID], at: datetime
) -> None:
    world, application_id = waiting

    def let_in() -> Application:
        return approve(application_id=application_id, actor=SYSTEM, at=at)

    results = at_once(world, let_in, let_in)

    assert sorted(type(row).__name__ for row in results) == ["Application", "DecidedMeanwhile"]
    with tenant_scope(world.acme.id):
        assert (Partner.objects.count(), Invitation.objects.count()) == (1, 1)
        assert Event.objects.filter(name="application.approved").count() == 1
        assert Mail.objects.filter(kind="application.approved").count() == 1


@pytest.mark.race
def test_an_approval_and_a_decline_at_once_leave_one_decision(
    waiting: tuple[World, UUID], at: datetime
) -> None:
    world, application_id = waiting

    results = at_once(
        world,
        lambda: approve(application_id=application_id, actor=SYSTEM, at=at),
        lambda: decline(application_id=application_id, reason="No", actor=SYSTEM, at=at),
    )

    assert sum(isinstance(row, DecidedMeanwhile) for row in results) == 1
    with tenant_scope(world.acme.id):
        application = Application.objects.get()
        approved = application.state == "approved"
        assert application.state in {"approved", "declined"}
        assert Partner.objects.count() == int(approved)
        assert Invitation.objects.count() == int(approved)
        decided = ApplicationChange.objects.filter(to_state__in=["approved", "declined"])
        assert [row.to_state for row in decided] == [application.state]


@pytest.mark.race
def test_two_sendings_of_one_form_at_once_are_one_application(real_database: str) -> None:
    world = make_world()
    with tenant_scope(world.acme.id):
        program = an_open_program()
        draft = save_draft(program_id=program.id, contact=a_contact(), language="en", at=LONG_AGO)

    def send() -> Any:
        return submit_application(application_id=draft.id, answers=answers(), at=LONG_AGO)

    results = at_once(world, send, send)

    assert sum(isinstance(row, Exception) for row in results) <= 1
    with tenant_scope(world.acme.id):
        assert [row.state for row in Application.objects.all()] == ["submitted"]
        assert Event.objects.filter(name="application.submitted").count() == 1
        assert Mail.objects.filter(kind="application.received").count() == 1
