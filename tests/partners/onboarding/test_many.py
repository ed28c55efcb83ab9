"""With 20,000 partners and 200,000 steps the pages of onboarding stay quick; rewards survive a race."""

import threading
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from partners.onboarding.models import Entitlement, RewardKind, Run, Step, StepDone
from partners.onboarding.rewards import grant
from partners.onboarding.services import approve_step, confirm_read, hand_in
from prm.events.models import Event
from prm.events.services import SYSTEM
from prm.tenancy.scope import tenant_scope
from tests.builders.onboarding import a_file, a_run, a_track, read_step, steps_in, upload_step
from tests.builders.partners import a_partner, a_program
from tests.conftest import World, make_world
from tests.plans import pages_read

PARTNERS, STEPS = 20_000, 10
# Statements of one page with shell and session.
STATEMENTS = 24
# What PostgreSQL may read for one page of the product, in its own pages of 8 KiB: figures count every partner
# once, a list counts to a thousand and shows 25.
FIGURES_READ, LIST_READ = 10 * PARTNERS, 40_000


@pytest.fixture
def many(real_database: str) -> Iterator[World]:
    world = make_world()
    with tenant_scope(world.acme.id):
        program = a_program()
        track = a_track(
            program, *(read_step(f"Step {number}", due_days=number) for number in range(STEPS))
        )
    _fill(world, track.id, program.id)
    yield world
    connections["default"].close()


def _fill(world: World, track_id: Any, program_id: Any) -> None:
    given = {"tenant": world.acme.id, "track": track_id, "program": program_id, "n": PARTNERS}
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            """
            insert into partners_partner (tenant_id, name, name_norm, type, segment, state, state_reason, legal_name,
              address, country, website, domain, tax_number)
            select %(tenant)s, 'Partner ' || n, 'partner ' || n, 'referral', '', 'active', '', '', '', '', '', '', ''
              from generate_series(1, %(n)s) n;
            insert into partners_run (tenant_id, track_id, program_id, partner_id, started_at, moved_at, finished_at)
            select %(tenant)s, %(track)s, %(program)s, id, now() - random() * interval '300 days',
              now() - random() * interval '60 days', case when random() < 0.5 then now() end
              from partners_partner where tenant_id = %(tenant)s;
            insert into partners_step_done (tenant_id, run_id, step_id, partner_id, state, done_at, due_at, note, reply)
            select r.tenant_id, r.id, s.id, r.partner_id,
              case when r.finished_at is not null or random() < 0.4 then 'done' when random() < 0.02 then 'waiting'
                else 'open' end,
              r.started_at + random() * interval '20 days', r.started_at + interval '10 days', '', ''
              from partners_run r join partners_step s on s.tenant_id = r.tenant_id and s.track_id = r.track_id
             where r.tenant_id = %(tenant)s;
            insert into partners_application (tenant_id, program_id, number, state, name, email, company, company_norm,
              website, domain, country, type, language, answers, score_parts, source, campaign, medium, link_hash,
              submitted_at, decided_rule, reason, asked, answered, partner_id)
            select %(tenant)s, %(program)s, 'A-' || right(id::text, 12), 'approved', '', 'a@x.example', name,
              name_norm, '', '', '',
              'referral', 'en', '[]', '[]', 'fair', '', '', md5(id::text) || md5(id::text), now() - random() *
              interval '200 days', '', '', '', '', id from partners_partner where tenant_id = %(tenant)s;
            """,
            given,
        )
        cursor.execute(
            "analyze partners_partner, partners_run, partners_step_done, partners_application"
        )
    connections["owner"].close()


@pytest.mark.slow
def test_pages_read_little_and_ask_a_fixed_number_of_statements(many: World) -> None:
    client = Client()
    client.force_login(many.manager, backend="allauth.account.auth_backends.AuthenticationBackend")
    with tenant_scope(many.acme.id):
        assert (Run.objects.count(), StepDone.objects.count()) == (PARTNERS, PARTNERS * STEPS)
        step = Step.objects.order_by("position")[1]
    client.get("/acme/manage/onboarding/")

    asked: dict[str, list[str]] = {}
    for address in (
        "",
        "?period=all",
        "partners/",
        "partners/?still=0",
        f"partners/?still=0&step={step.id}",
        "approvals/",
        "figures/finished/?period=all",
    ):
        with CaptureQueriesContext(connection) as seen:
            response = client.get(f"/acme/manage/onboarding/{address}")
        assert response.status_code == 200
        asked[address] = [query["sql"] for query in seen]

    assert {name: len(sql) for name, sql in asked.items() if len(sql) > STATEMENTS} == {}
    with tenant_scope(many.acme.id):
        read = {
            name: sum(pages_read(statement) for statement in sql if statement.startswith("SELECT"))
            for name, sql in asked.items()
        }
    most = {
        name: LIST_READ if "partners/" in name or "approvals/" in name else FIGURES_READ
        for name in read
    }
    assert {name: pages for name, pages in read.items() if pages > most[name]} == {}


@pytest.mark.slow
def test_lists_walk_their_index(many: World) -> None:
    statements = {
        "who stands still": (
            "select id from partners_run where finished_at is null and left_at is null and moved_at <= now() "
            "order by moved_at, id limit 26"
        ),
        "to approve": (
            "select id from partners_step_done where state = 'waiting' order by changed_at, id limit 26"
        ),
    }
    for name, statement in statements.items():
        with tenant_scope(many.acme.id):
            assert (name, pages_read(statement) < 200) == (name, True)


@pytest.mark.race
def test_two_at_once_earn_a_reward_once(real_database: str, at: datetime) -> None:
    world = make_world()
    with tenant_scope(world.acme.id):
        program, partner = a_program(), a_partner()
    barrier, problems = threading.Barrier(2), list[BaseException]()

    def earn() -> None:
        try:
            with tenant_scope(world.acme.id):
                barrier.wait(10)
                grant(
                    partner_id=partner.id,
                    program_id=program.id,
                    key="step:1",
                    kind=RewardKind.DISCOUNT,
                    actor=SYSTEM,
                    at=at,
                )
        except BaseException as problem:  # noqa: BLE001  shown by the test
            problems.append(problem)
        finally:
            connections["default"].close()

    _both(earn)

    assert problems == []
    with tenant_scope(world.acme.id):
        assert Entitlement.objects.count() == 1
        assert Event.objects.filter(name="entitlement.earned").count() == 1


@pytest.mark.race
def test_two_last_steps_at_once_finish_the_run_once(real_database: str, at: datetime) -> None:
    world = make_world()
    with tenant_scope(world.acme.id):
        program, partner = a_program(), a_partner()
        a_track(program, read_step(), upload_step(), finish_days=14)
        run = a_run(partner.id, program, at=at)
        reading, papers = steps_in(run)
        confirm_read(done_id=reading.id, actor=SYSTEM, at=at)
        hand_in(done_id=papers.id, file_id=a_file(partner.id).id, note="", actor=SYSTEM, at=at)
    barrier = threading.Barrier(2)

    def approve() -> None:
        try:
            with tenant_scope(world.acme.id):
                barrier.wait(10)
                approve_step(done_id=papers.id, actor=SYSTEM, at=at)
        finally:
            connections["default"].close()

    _both(approve)

    with tenant_scope(world.acme.id):
        told = {
            name: Event.objects.filter(name=name).count()
            for name in ("onboarding.finished", "entitlement.earned")
        }
        assert told == {"onboarding.finished": 1, "entitlement.earned": 1}
        assert Event.objects.filter(name="onboarding.step_done").count() == 2


def _both(work: Any) -> None:
    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
