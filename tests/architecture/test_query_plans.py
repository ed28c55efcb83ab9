"""Behind the policies, with 100,000 referrals, every list uses an index and reads few pages of the database."""

import json
import os
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test import Client
from django.urls import set_urlconf

from prm.accounts.members import Member, member_of
from prm.accounts.models import Membership, User
from prm.search.selectors import found
from prm.tenancy.scope import tenant_scope
from prm.web.paging import _write
from referrals.claims.selectors import matches_of
from referrals.imports.committing import _STAGED, _TAKEN
from referrals.imports.reading import _REFERRALS, _SALES
from referrals.pipeline.models import Referral
from tests.bench.arena import Arena
from tests.bench.population import BOOKS, TABLES, Vendor, accrue_all, make_vendor
from tests.conftest import _admin, _clone, _drop, _point_at

pytestmark = [pytest.mark.slow, pytest.mark.django_db]

SIZE = 100_000
# Tables in which a vendor of this size has more rows than a list may read.
LARGE = {
    "referrals_referral",
    "referrals_stage_change",
    "referrals_customer",
    "referrals_revenue_event",
    "commissions_accrual",
    "commissions_transfer",
    "prm_event",
}
# What one step of a plan may touch of a table or its index. The greatest honest step is a bounded count, 1,001 rows,
# whatever the statistics of the day; a step that is not bounded reads the largest partner's 30,000 or all 100,000.
ROWS_READ = 3_000
# 8 KiB each, of one statement: all counts of a page and its menu are one, some 1,000 to 1,300 by how much of the table
# vacuum found to be visible to all. The referrals are 6,300, and each of their indexes is 500 to 1,500.
PAGES_READ = 3_000
# One page of 25 rows with shell, session, and the savepoint a test adds; a statement per row would be far beyond.
STATEMENTS = 16
PARTNER, STAFF = "partner_admin", "manager"
DEEP = "deep"

LISTS = {
    "referrals": (PARTNER, "referrals/", ""),
    "referrals, deep": (PARTNER, "referrals/", DEEP),
    "referrals, open": (PARTNER, "referrals/", "view=open"),
    "referrals, won": (PARTNER, "referrals/", "view=won"),
    "referrals, declined": (PARTNER, "referrals/", "view=declined"),
    "referrals, one stage": (PARTNER, "referrals/", "stage=expired"),
    "referrals, lately": (PARTNER, "referrals/", "sent=365"),
    "referrals, oldest first": (PARTNER, "referrals/", "sort=sent"),
    "partners": (STAFF, "manage/partners/", ""),
    "revenue": ("finance", "manage/revenue/", ""),
    "staff's referrals": (STAFF, "manage/referrals/", ""),
    "staff's referrals, deep": (STAFF, "manage/referrals/", DEEP),
    "staff's referrals, open": (STAFF, "manage/referrals/", "view=open"),
    "staff's referrals, won": (STAFF, "manage/referrals/", "view=won"),
    "staff's referrals, lost": (STAFF, "manage/referrals/", "view=lost"),
    "staff's referrals, one stage": (STAFF, "manage/referrals/", "stage=expired"),
    "staff's referrals, lately": (STAFF, "manage/referrals/", "sent=365"),
    "staff's referrals, by company": (STAFF, "manage/referrals/", "q=North+Logistics+1"),
    "staff's referrals, oldest first": (STAFF, "manage/referrals/", "sort=sent"),
}


# What finds each group of the search: words, by whom, and the group they find.
SEARCHES = {
    "referrals by company": ("referrals", STAFF, "North Logistics 1"),
    "referrals by the first letters": ("referrals", STAFF, "no"),
    "referrals by number": ("referrals", STAFF, "R-2"),
    "referrals by domain": ("referrals", STAFF, "c5.example"),
    "own referrals by company": ("referrals", PARTNER, "no"),
    "customers by company": ("customers", "finance", "no"),
    "customers by domain": ("customers", "finance", "c5.example"),
    "partners by name": ("partners", STAFF, "no"),
    "nothing of that name": ("", "finance", "zzzz"),
}
# What a statement of the search reads at most: groups of ten with partner and stage, measured at 1 to 74 pages.
SEARCH_ROWS, SEARCH_PAGES = 300, 600


class Crowd:
    """A vendor with many referrals beside a small one, and its people's browsers."""

    def __init__(self, arena: Arena, vendor: Vendor) -> None:
        self.arena, self.vendor = arena, vendor

    def statements(self, who: str, where: str, query: str) -> list[tuple[str, Any]]:
        """Return what one list's page asks the database in the tenant's scope."""
        person: User = getattr(self.vendor, who)
        client = Client()
        client.force_login(person)
        told: list[tuple[str, Any]] = []

        def listen(execute: Any, statement: str, params: Any, many: bool, context: Any) -> Any:
            told.append((statement, params))
            return execute(statement, params, many, context)

        # The first page of a session also notes where the person is.
        client.get(f"/{self.vendor.slug}/{where}")
        with connection.execute_wrapper(listen):
            response = client.get(
                f"/{self.vendor.slug}/{where}?{self.place(who) if query == DEEP else query}"
            )
        assert response.status_code == 200, response.status_code
        assert len(told) <= STATEMENTS, [statement[:80] for statement, _ in told]
        assert response.content.count(b"<tr") > 1, "the list is empty: nothing is proved"
        return [
            row
            for row in told
            if any(table in row[0] for table in LARGE)
            and row[0].lstrip("( \n").lower().startswith("select")
        ]

    def member(self, who: str) -> Member:
        """Return one of the vendor's or the partner's people as a request knows them."""
        person: User = getattr(self.vendor, who)
        found = Membership.objects.get(user=person, tenant_id=self.vendor.tenant_id)
        return member_of(found, person)

    def place(self, who: str) -> str:
        """Return the address of a page in the middle of the list."""
        registered_at, identity = self.arena.admin.execute(
            "select registered_at, id from referrals_referral where tenant_id = %s and (partner_id = %s or %s)"
            " order by registered_at desc, id desc offset 10000 limit 1",
            [self.vendor.tenant_id, self.vendor.partner_id, who == STAFF],
        ).fetchone() or (None, None)
        cursor = _write(
            {"registered_at": registered_at, "id": identity},
            [("registered_at", True), ("id", True)],
        )
        return urlencode({"after": cursor})

    def plan(self, who: str, statement: str, params: Any) -> dict[str, Any]:
        """Return how the application's role runs a statement behind the policies."""
        partner_id = self.vendor.partner_id if who == PARTNER else None
        with tenant_scope(self.vendor.tenant_id, partner_id), connection.cursor() as cursor:
            cursor.execute(
                f"explain (analyze, buffers, timing off, format json) {statement}", params
            )
            found = cursor.fetchone()[0]
        plan: dict[str, Any] = (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]
        return plan


@pytest.fixture(scope="module")
def crowd(django_db_setup: str, django_db_blocker: Any) -> Iterator[Crowd]:
    """Fill a database of this module's own, once."""
    name = f"prm_plans_{os.getpid()}"
    before = connection.settings_dict["NAME"]
    with django_db_blocker.unblock(), _admin() as admin:
        _clone(admin, django_db_setup, name)
        _point_at(name)
        arena = Arena(name, os.environ["DATABASE_ADMIN_URL"])
        try:
            # At a moment of its own, autovacuum's snapshot would keep `tidy` from finding rows visible to all.
            for table in (*TABLES, *BOOKS):
                arena.run(f"alter table {table} set (autovacuum_enabled = off)")
            vendors = [make_vendor(arena, size) for size in (1_000, SIZE)]
            for vendor in vendors:
                accrue_all(arena, vendor)
            arena.tidy(*TABLES, *BOOKS)
            yield Crowd(arena, vendors[-1])
        finally:
            arena.admin.close()
            _point_at(before)
            _drop(admin, name)


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", []):
        yield from _nodes(part)


def _rows(node: dict[str, Any]) -> float:
    """Return how many rows a step touched, those it threw away too."""
    touched = node["Actual Rows"] + sum(
        node.get(f"Rows Removed by {why}", 0) for why in ("Filter", "Index Recheck")
    )
    return float(touched * node["Actual Loops"])


def _assert_reads_little(plan: dict[str, Any], asked: str, *, rows: int, pages: int) -> None:
    steps = [node for node in _nodes(plan) if node.get("Relation Name") in LARGE]
    whole = {node["Relation Name"] for node in steps if node["Node Type"] == "Seq Scan"}
    far = {f"{node['Relation Name']}: {_rows(node)}" for node in steps if _rows(node) > rows}
    read = plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
    assert whole == set(), f"{whole} read from end to end by: {asked}"
    assert far == set(), f"rows touched of {far} by: {asked}"
    assert read <= pages, f"{read} pages read by: {asked}"


@pytest.mark.parametrize("name", LISTS)
def test_a_list_reads_little(crowd: Crowd, name: str) -> None:
    who, where, query = LISTS[name]

    statements = crowd.statements(who, where, query)

    assert statements, "the page asked nothing of the large tables"
    for statement, params in statements:
        plan = crowd.plan(who, statement, params)
        _assert_reads_little(plan, f"{statement[:400]} {params}", rows=ROWS_READ, pages=PAGES_READ)


@pytest.mark.parametrize("name", SEARCHES)
def test_the_search_reads_little(crowd: Crowd, name: str) -> None:
    kind, who, words = SEARCHES[name]
    member = crowd.member(who)
    told: list[tuple[str, Any]] = []

    def listen(execute: Any, statement: str, params: Any, many: bool, context: Any) -> Any:
        told.append((statement, params))
        return execute(statement, params, many, context)

    partner_id = crowd.vendor.partner_id if who == PARTNER else None
    set_urlconf("prm.tenant_urls")
    try:
        with tenant_scope(crowd.vendor.tenant_id, partner_id), connection.execute_wrapper(listen):
            groups = {group.key for group in found(member, words)}
    finally:
        set_urlconf(None)

    assert kind in groups or groups == set() == set(kind), groups
    asked = [row for row in told if row[0].startswith("SELECT")]
    for statement, params in asked:
        plan = crowd.plan(who, statement, params)
        _assert_reads_little(
            plan, f"{statement[:600]} {params}", rows=SEARCH_ROWS, pages=SEARCH_PAGES
        )


# What a question about a company may read: names of three words that the vendor's 100,000 share two of.
ALIKE_ROWS, ALIKE_PAGES = 8_000, 8_000
ANYBODY = "00000000-0000-0000-0000-000000000001"
QUESTIONS = {
    "claims_known": {
        "p_domain": "'c5.example'",
        "p_email": "'robin@c5.example'",
        "p_taxes": "array['NL8001', '8001']",
        "p_keys": "array['domain:c5.example']",
        "p_partner": f"'{ANYBODY}'::uuid",
        "p_at": "now()",
    },
    "claims_name_known": {
        "p_name": "'north logistics 10'",
        "p_country": "'NL'",
        "p_partner": f"'{ANYBODY}'::uuid",
    },
    "claims_similar": {"p_name": "'north logistics 10'", "p_most": "20"},
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_about_a_company_reads_little(crowd: Crowd, name: str) -> None:
    body = crowd.arena.ask("select prosrc from pg_proc where proname = %(name)s", name=name)
    for argument, value in QUESTIONS[name].items():
        body = body.replace(argument, value)
    admin = crowd.arena.admin
    # The role and the setting that the function runs with.
    with admin.transaction(force_rollback=True):
        admin.execute("set local role prm_guard; set local pg_trgm.similarity_threshold = 0.5")
        admin.execute("select set_config('app.tenant_id', %s, true)", [str(crowd.vendor.tenant_id)])
        found = admin.execute(
            f"explain (analyze, buffers, timing off, format json) {body}"
        ).fetchone()

    assert found is not None
    _assert_reads_little(found[0][0]["Plan"], name, rows=ALIKE_ROWS, pages=ALIKE_PAGES)


def test_matches_of_a_referral_read_little(crowd: Crowd) -> None:
    told: list[tuple[str, Any]] = []

    def listen(execute: Any, statement: str, params: Any, many: bool, context: Any) -> Any:
        told.append((statement, params))
        return execute(statement, params, many, context)

    with tenant_scope(crowd.vendor.tenant_id), connection.execute_wrapper(listen):
        row = Referral.objects.get(domain="c5.example")
        matches_of([row], similar=True)

    asked = [row for row in told if "referrals_referral" in row[0]]
    assert asked
    for statement, params in asked:
        plan = crowd.plan(STAFF, statement, params)
        _assert_reads_little(plan, statement[:400], rows=ROWS_READ, pages=PAGES_READ)


def test_an_import_finds_thousands_of_ids_by_their_index(crowd: Crowd) -> None:
    given: dict[str, Any] = {
        "program": crowd.vendor.program_id,
        "import": crowd.vendor.program_id,
        "ids": [f"X-{number}" for number in range(5_000)],
        "sales": [f"import:X-{number}" for number in range(5_000)],
    }
    with tenant_scope(crowd.vendor.tenant_id), connection.cursor() as cursor:
        cursor.execute(_STAGED)
        cursor.execute(
            "insert into import_drafts (line, external_id) select n, 'X-' || n from generate_series(1, 5000) n"
        )
        cursor.execute("analyze import_drafts (line, external_id)")
        for statement in (_REFERRALS, _SALES, *_TAKEN.split(";")[:2]):
            cursor.execute(
                f"explain (analyze, buffers, timing off, format json) {statement}", given
            )
            found = cursor.fetchone()[0]
            _assert_reads_little(found[0]["Plan"], statement, rows=10, pages=40_000)
