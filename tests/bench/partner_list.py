"""W3: a partner's list of referrals through the WSGI application, signed in, against a view that does the least for the same page."""

import statistics
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from io import BytesIO
from itertools import islice
from typing import Any
from urllib.parse import urlencode

from django.core.handlers.wsgi import WSGIHandler
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path
from django.utils import timezone

from prm.accounts.models import User
from prm.web.paging import PAGE_SIZE, _write
from tests.bench.arena import Arena
from tests.bench.measuring import Comparison, Cost, Meter, p95
from tests.bench.population import Vendor, accrue_all, forget_books
from tests.bench.results import Report, Row

PAGES = 24
CALLS = 40
_PLACES = """
select registered_at, id from referrals_referral where tenant_id = %(tenant)s and partner_id = %(partner)s
 order by registered_at desc, id desc offset %(offset)s limit 1
"""


@dataclass
class Browser:
    """A signed-in person who asks the WSGI application for pages, without a network between."""

    application: Callable[..., Iterable[bytes]]
    cookie: str

    def get(self, where: str, query: str = "", *, parts: int = 0) -> tuple[str, bytes]:
        """Return status and body; parts: only so many pieces of it."""
        environ = {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": where,
            "QUERY_STRING": query,
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "8000",
            "HTTP_HOST": "localhost:8000",
            "HTTP_COOKIE": self.cookie,
            "HTTP_ACCEPT_LANGUAGE": "en",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "wsgi.url_scheme": "http",
            "wsgi.input": BytesIO(),
            "wsgi.errors": BytesIO(),
            "wsgi.version": (1, 0),
            "wsgi.multithread": False,
            "wsgi.multiprocess": True,
            "wsgi.run_once": False,
        }
        said: list[str] = []
        answer = self.application(environ, lambda status, *_: said.append(status))
        body = b"".join(islice(answer, parts) if parts else answer)
        answer.close()  # type: ignore[attr-defined]
        return said[0], body


@dataclass
class Query:
    """One page of one vendor's list: its address, the statements the product ran for it, and the product's page."""

    vendor: Vendor
    query: str
    statements: list[tuple[str, Any]] = field(default_factory=list)
    page: tuple[str, str] = ("", "")

    @property
    def path(self) -> str:
        """The list's address."""
        return f"/{self.vendor.slug}/referrals/"


def run(arena: Arena, meter: Meter, report: Report, vendors: list[Vendor], *, rounds: int) -> None:
    """Measure the page at random depths for each size, against the floor at the main size."""
    for vendor in vendors:
        accrue_all(arena, vendor)
    arena.tidy(
        "commissions_account",
        "commissions_balance",
        "commissions_transfer",
        "commissions_accrual",
        "prm_event",
    )
    product, cookies = (
        WSGIHandler(),
        {vendor.size: sign_in(vendor.partner_admin) for vendor in vendors},
    )
    queries = {vendor.size: _random_pages(arena, vendor) for vendor in vendors}
    for size, pages in queries.items():
        for query in pages:
            _learn(Browser(product, cookies[size]), query)
    main = next((vendor for vendor in vendors if vendor.size == 100_000), vendors[-1])
    _against_floor(meter, report, product, cookies[main.size], queries[main.size], rounds=rounds)
    _across_sizes(meter, report, product, cookies, queries)
    _deep(arena, meter, report, product, cookies[vendors[-1].size], vendors[-1])
    counts = {len(query.statements) for pages in queries.values() for query in pages}
    report.add(
        Row("W3", f"statements a page ({min(counts)} to {max(counts)})", max(counts), "", 8),
        steady=True,
    )
    forget_books(arena, *(vendor.tenant_id for vendor in vendors))


def sign_in(user: User) -> str:
    """Return the cookies of a person who signed in."""
    client = Client()
    client.force_login(user)
    return "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())


def _random_pages(arena: Arena, vendor: Vendor) -> list[Query]:
    """Return the first page and others spread over the whole list, by the places of their last rows."""
    own = arena.ask(
        "select count(*) from referrals_referral where tenant_id = %(tenant)s and partner_id = %(partner)s",
        tenant=vendor.tenant_id,
        partner=vendor.partner_id,
    )
    offsets = sorted({own * number // PAGES for number in range(1, PAGES)})
    return [
        Query(vendor, ""),
        *(
            Query(vendor, _after(arena, vendor, offset))
            for offset in offsets
            if offset < own - PAGE_SIZE
        ),
    ]


def _after(arena: Arena, vendor: Vendor, offset: int) -> str:
    values = {"tenant": vendor.tenant_id, "partner": vendor.partner_id, "offset": offset - 1}
    registered_at, identity = arena.admin.execute(_PLACES, values).fetchone() or (None, None)
    place = {"registered_at": registered_at, "id": identity}
    return urlencode({"after": _write(place, [("registered_at", True), ("id", True)])})


def _learn(browser: Browser, query: Query) -> None:
    """Ask once for the page: keep what the database was asked, and check what came."""
    told: list[tuple[str, Any]] = []

    def listen(
        execute: Callable[..., Any], statement: str, params: Any, many: Any, context: Any
    ) -> Any:
        told.append((statement, params))
        return execute(statement, params, many, context)

    # The first time warms caches and notes that the person was here; the second is how a page is from then on.
    browser.get(query.path, query.query)
    with connection.execute_wrapper(listen):
        status, body = browser.get(query.path, query.query)
    text = body.decode()
    rows = text.count("<tr") - 1
    assert status == "200 OK", status
    assert rows == PAGE_SIZE, f"{rows} rows on {query.path}?{query.query}"
    query.statements = told
    query.page = (
        text.partition("<tbody>")[0] + "<tbody>",
        "</tbody>" + text.rpartition("</tbody>")[2],
    )


# ---------------------------------------------------------------- the floor

_known: dict[str, Query] = {}


def _floor_view(request: HttpRequest) -> HttpResponse:
    """Write the page with session and user, the product's own statements, and rows by escape and join; the rest is constant."""
    query = _known[request.GET["page"]]
    assert request.user.is_authenticated
    rows: list[dict[str, Any]] = []
    connection.set_autocommit(False)
    with connection.cursor() as cursor:
        for statement, params in query.statements:
            cursor.execute(statement, params)
            if cursor.description:
                found = cursor.fetchall()
                if len(found) >= PAGE_SIZE and not rows:
                    names = [column.name for column in cursor.description]
                    rows = [
                        dict(zip(reversed(names), reversed(row), strict=True))
                        for row in found[:PAGE_SIZE]
                    ]
    connection.commit()
    connection.set_autocommit(True)
    now = timezone.now()
    return HttpResponse(
        "".join([query.page[0], *(_floor_row(row, now) for row in rows), query.page[1]])
    )


def _floor_row(row: dict[str, Any], now: datetime) -> str:
    sent, deal = row["registered_at"], row["deal_minor"]
    cells = [
        f'<a href="/referrals/{row["id"]}/">{escape(row["company"])}</a><span class="sub">{escape(row["contact_name"])}</span>',
        f'{escape(row["stage_kind"])}<i class="on"></i><i></i>',
        escape(row["submitted_by_name"] or "Sales"),
        f'<time datetime="{sent.isoformat()}">{sent:%d %b %Y}</time>',
        f'{(now - row["stage_entered_at"]).days} days ago<span class="sub">{escape(row["next_step"])}</span>',
        f'<span class="money">€{deal / 100:,.2f}</span>' if deal is not None else "–",
        f'<span class="money">€{(deal or 0) / 500:,.2f}</span>',
    ]
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>\n"


urlpatterns = [path("floor/", _floor_view)]
_FLOOR_SETTINGS = {
    "ROOT_URLCONF": __name__,
    "MIDDLEWARE": [
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
}
# The floor's own middleware reads session and user; membership and scope come with the product's statements.
_OWN = ("django_session", '"prm_user"."password"')


@contextmanager
def _floor_settings() -> Iterator[None]:
    with override_settings(**_FLOOR_SETTINGS):
        yield


def _against_floor(
    meter: Meter,
    report: Report,
    application: WSGIHandler,
    cookie: str,
    pages: list[Query],
    *,
    rounds: int,
) -> None:
    for number, query in enumerate(pages):
        floor_query = Query(
            query.vendor,
            query.query,
            [told for told in query.statements if not _is_own(told[0])],
            query.page,
        )
        _known[str(number)] = floor_query
    with _floor_settings():
        floor = Browser(WSGIHandler(), cookie)
        status, body = floor.get("/floor/", "page=0")
        assert status == "200 OK", status
        assert body.count(b"<tr") == PAGE_SIZE + 1
    product, found = Browser(application, cookie), Comparison()
    for _ in range(rounds):
        with _floor_settings(), meter.measured() as cost:
            for number in range(len(pages) * 4):
                floor.get("/floor/", f"page={number % len(pages)}")
        found.floor.append(cost)
        with meter.measured() as cost:
            for number in range(len(pages) * 4):
                product.get(pages[number % len(pages)].path, pages[number % len(pages)].query)
        found.product.append(cost)
    calls = len(pages) * 4
    for costs in (found.floor, found.product):
        for cost in costs:
            cost.wall_s, cost.process_s, cost.backend_s = (
                cost.wall_s / calls,
                cost.process_s / calls,
                cost.backend_s / calls,
            )
    size = pages[0].vendor.size
    row = Row(
        "W3",
        f"CPU of a page at {size:,} to the floor view's",
        found.cpu_ratio,
        goal=1.5,
        floor_s=statistics.median(cost.cpu_s for cost in found.floor),
        product_s=statistics.median(cost.cpu_s for cost in found.product),
        cpu_ratio=found.cpu_ratio,
        others_cores=found.others_cores,
        note=f"wall {found.wall_ratio:.2f}x; database {_backend_ms(found.floor):.1f} / {_backend_ms(found.product):.1f} ms",
    )
    report.add(row)


def _is_own(statement: str) -> bool:
    return statement.startswith(("SAVEPOINT", "RELEASE")) or (
        any(mark in statement for mark in _OWN) and "referrals_referral" not in statement
    )


def _backend_ms(costs: list[Cost]) -> float:
    return statistics.median(cost.backend_s for cost in costs) * 1000


# ---------------------------------------------------------------- growth


def _timed(browser: Browser, query: Query) -> tuple[float, float]:
    """Return wall and CPU seconds of this process for one page."""
    process, wall = time.process_time(), time.perf_counter()
    browser.get(query.path, query.query)
    return time.perf_counter() - wall, time.process_time() - process


def _across_sizes(
    meter: Meter,
    report: Report,
    application: WSGIHandler,
    cookies: dict[int, str],
    queries: dict[int, list[Query]],
) -> None:
    """Ask for pages of every size in turns, so that noise falls on all alike."""
    walls: dict[int, list[float]] = {size: [] for size in queries}
    with meter.measured() as cost:
        for number in range(CALLS * 4):
            for size, pages in queries.items():
                walls[size].append(
                    _timed(Browser(application, cookies[size]), pages[number % len(pages)])[0]
                )
    small, large = min(queries), max(queries)
    for size in queries:
        note = f"p50 {statistics.median(walls[size]) * 1000:.1f} ms"
        report.add(
            Row(
                "W3",
                f"p95 of a page at {size:,}",
                p95(walls[size]) * 1000,
                "ms",
                note=note,
                others_cores=cost.others_cores,
            )
        )
    share = p95(walls[large]) / p95(walls[small])
    note = f"p50 {statistics.median(walls[large]) / statistics.median(walls[small]):.2f}x"
    report.add(
        Row(
            "W3",
            f"p95 at {large:,} to p95 at {small:,}",
            share,
            goal=1.3,
            note=note,
            others_cores=cost.others_cores,
        )
    )


def _deep(
    arena: Arena,
    meter: Meter,
    report: Report,
    application: WSGIHandler,
    cookie: str,
    vendor: Vendor,
) -> None:
    """Compare the first page with page 1,000, or with the last whole one of a shorter list."""
    browser, first = Browser(application, cookie), Query(vendor, "")
    number = min(1000, int(vendor.size * 0.3) // PAGE_SIZE)
    deep = Query(vendor, _after(arena, vendor, (number - 1) * PAGE_SIZE))
    for query in (first, deep):
        _learn(browser, query)
    walls: dict[str, list[float]] = {first.query: [], deep.query: []}
    with meter.measured() as cost:
        for _ in range(CALLS * 2):
            for query in (first, deep):
                walls[query.query].append(_timed(browser, query)[0])
    share = statistics.median(walls[deep.query]) / statistics.median(walls[first.query])
    note = f"median of {CALLS * 2} each, in turns"
    report.add(
        Row(
            "W3",
            f"page {number:,} to page 1 at {vendor.size:,}",
            share,
            goal=1.3,
            note=note,
            others_cores=cost.others_cores,
        )
    )
