"""With 20,000 partners the list and its searches ask few statements, which read little."""

from collections.abc import Iterator

import pytest
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from partners.programs.models import Program
from prm.tenancy.scope import tenant_scope
from tests.builders.partners import a_program
from tests.conftest import World, make_world
from tests.plans import pages_read

PARTNERS = 20_000
# One page of 25 rows with tabs, filters, shell and session; a statement per row would be 25 more.
STATEMENTS = 24
# 8 KiB each. The partners are some 600 pages with as many again of indexes and enrolments; what reads them once per
# row of the page, or looks every row up by itself, reads tens of thousands.
PAGES_READ = 8_000
# The statement of the rows walks an index in the order of the list; whoever sorts all partners reads them all.
PAGES_OF_ROWS = 300
LIST = "/acme/manage/partners/"


@pytest.fixture
def many(real_database: str) -> Iterator[World]:
    world = make_world()
    with tenant_scope(world.acme.id):
        program = a_program()
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            """
            insert into partners_partner (tenant_id, name, name_norm, type, segment, state, state_reason, legal_name,
              address, country, website, domain, tax_number, manager_id, created_at)
            select %(tenant)s, 'Partner ' || n, 'partner ' || n, (array['referral', 'reseller', 'agency'])[n %% 3 + 1],
              '', (array['active', 'active', 'paused', 'ended'])[n %% 4 + 1], '', '', '', 'IE', '',
              'c' || n || '.example', '', case when n %% 2 = 0 then %(manager)s end, now() - n * interval '1 hour'
              from generate_series(1, %(n)s) n;
            insert into partners_enrollment (tenant_id, partner_id, program_id, state, since)
            select tenant_id, id, %(program)s, 'active', now() from partners_partner where tenant_id = %(tenant)s
            """,
            {
                "tenant": world.acme.id,
                "manager": world.manager.id,
                "program": program.id,
                "n": PARTNERS,
            },
        )
        cursor.execute("analyze partners_partner, partners_enrollment")
    connections["owner"].close()
    yield world
    connections["default"].close()


@pytest.mark.slow
def test_the_list_reads_little_whatever_its_size(many: World) -> None:
    client = Client()
    client.force_login(many.manager, backend="allauth.account.auth_backends.AuthenticationBackend")
    with tenant_scope(many.acme.id):
        program = Program.objects.get()
    second = client.get(LIST).context["page"].next_query
    pages = {
        "first": LIST,
        "second": f"{LIST}{second}",
        "newest": f"{LIST}?sort=-newest",
        "paused": f"{LIST}?state=paused",
        "of a type": f"{LIST}?type=agency",
        "of a manager": f"{LIST}?manager={many.manager.id}",
        "of a program": f"{LIST}?program={program.id}",
        "by name": f"{LIST}?q=partner+1234",
        "by domain": f"{LIST}?q=c777.example",
    }

    asked: dict[str, list[str]] = {}
    for name, address in pages.items():
        with CaptureQueriesContext(connection) as seen:
            response = client.get(address)
        assert response.context["page"].rows, name
        asked[name] = [row["sql"] for row in seen.captured_queries]
    numbers = {name: len(statements) for name, statements in asked.items()}

    assert {name: count for name, count in numbers.items() if count > STATEMENTS} == {}
    read, rows = {}, {}
    with tenant_scope(many.acme.id):
        for name, statements in asked.items():
            found = {
                sql: pages_read(sql)
                for sql in statements
                if "partners_partner" in sql and sql.lower().startswith("select")
            }
            read[name] = sum(found.values())
            rows[name] = max(
                pages for sql, pages in found.items() if 'ORDER BY "partners_partner"' in sql
            )
    assert {name: count for name, count in read.items() if count > PAGES_READ} == {}
    walked = ("first", "second", "newest")
    assert {name: rows[name] for name in walked if rows[name] > PAGES_OF_ROWS} == {}
