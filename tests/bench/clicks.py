"""W8, W9: a followed link against a bare view, a burst of clicks, and counting clicks against inserting them.

W8 asks the product's own server and a bare view on the same server, in turns, over 8 connections. A click is written before
it is answered, so the goal is that of the durable mode; what the same costs inside one process is told beside it.
W9's floor writes the same rows by `insert … select unnest` in thousands, uncounted.
"""

import io
import os
import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.handlers.wsgi import WSGIHandler
from django.db import connection
from django.test import override_settings

from prm.events.services import SYSTEM
from prm.tenancy.scope import tenant_scope
from referrals.sharing.counting import fold_clicks
from referrals.sharing.models import Link
from referrals.sharing.services import LinkFacts, add_link
from tests.bench.arena import Arena
from tests.bench.measuring import Cost, Meter, compare, median, p95
from tests.bench.population import Vendor
from tests.bench.results import Report, Row
from tests.bench.serving import Server, ask, served

FOLLOWED, WAITING, BURST, CHUNK = 2_000, 50_000, 10_000, 1_000
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"
_INSERT = """
insert into referrals_click (link_id, partner_id, at, visitor, channel, campaign, is_double)
select %(link)s, %(partner)s, t.at, t.visitor, 'mail', '', false
  from unnest(%(at)s::timestamptz[], %(visitor)s::bytea[]) as t(at, visitor)
"""
_INBOX = """
insert into referrals_click_inbox (tenant_id, link_id, partner_id, at, visitor, channel, campaign)
select %(tenant)s, %(link)s, %(partner)s, %(at)s::timestamptz + number * interval '1 second',
       decode(md5((number %% %(visitors)s)::text), 'hex'), 'mail', ''
  from generate_series(1, %(count)s) as number
"""
_COUNTED = "select coalesce(sum(clicks), 0)::bigint, coalesce(sum(doubles), 0)::bigint from referrals_click_count"
_FORGET = "truncate referrals_click, referrals_click_count, referrals_click_inbox"


def _link(vendor: Vendor) -> Link:
    with tenant_scope(vendor.tenant_id):
        if known := Link.objects.filter(slug="bench-link").first():
            return known
        return add_link(
            partner_id=vendor.partner_id,
            program_id=vendor.program_id,
            facts=LinkFacts("bench-link"),
            actor=SYSTEM,
            at=datetime.now(UTC),
        )


# ---------------------------------------------------------------- W8


def follow(
    arena: Arena, meter: Meter, report: Report, vendors: list[Vendor], *, rounds: int
) -> None:
    """W8: a link that the processes know already."""
    vendor = vendors[0]
    _link(vendor)
    way = f"/{vendor.slug}/r/bench-link/"
    with (
        served("tests.bench.bare:program()", arena.name) as bare,
        served("prm.wsgi:application", arena.name) as whole,
    ):
        sides = [(bare, _request("/bare/"), _Side()), (whole, _request(way), _Side())]
        for server, request, _side in sides:
            ask(server, _always(request), 200)
        arena.run(_FORGET)
        for number in range(rounds):
            for server, request, side in sides if number % 2 == 0 else reversed(sides):
                side.measure(meter, server, request)
        written = arena.ask("select count(*) from referrals_click_inbox")
    assert written == FOLLOWED * rounds, f"{written} clicks of {FOLLOWED * rounds} were written"
    _tell(report, sides[0][2], sides[1][2])
    _inside_one_process(meter, report, way, rounds)
    arena.run(_FORGET)


class _Side:
    """What the rounds of one server cost."""

    def __init__(self) -> None:
        self.costs: list[Cost] = []
        self.times: list[float] = []

    def measure(self, meter: Meter, server: Server, request: bytes) -> None:
        before = server.cpu_s()
        with meter.measured() as cost:
            self.times += ask(server, _always(request), FOLLOWED)
        worked = server.cpu_s() - before
        cost.others_cores = max(0.0, cost.others_cores - worked / cost.wall_s)
        # What asks costs both sides the same, and is none of the server's.
        cost.process_s = worked
        self.costs.append(cost)


def _tell(report: Report, bare: _Side, whole: _Side) -> None:
    pairs = list(zip(bare.costs, whole.costs, strict=True))
    ratios = sorted(floor.wall_s / product.wall_s for floor, product in pairs)
    cpu = sorted(product.cpu_s / floor.cpu_s for floor, product in pairs)
    rate = Row("W8", "rate of followed links to that of a bare view", ratios[len(ratios) // 2])
    rate.goal, rate.at_most, rate.cpu_ratio = 0.35, False, cpu[len(cpu) // 2]
    rates = [FOLLOWED / median(side.costs, "wall_s") for side in (bare, whole)]
    rate.note = (
        f"gunicorn, 8 connections, written before answered: {rates[0]:,.0f} and {rates[1]:,.0f} a second, "
        f"{median(whole.costs, 'cpu_s') / FOLLOWED * 1000:.2f} ms of CPU a click with the database's"
    )
    slow = Row(
        "W8", "p95 of a followed link to that of a bare view", p95(whole.times) / p95(bare.times)
    )
    slow.goal = 1.5
    slow.note = f"{p95(bare.times) * 1000:.1f} and {p95(whole.times) * 1000:.1f} ms"
    for row in (rate, slow):
        row.floor_s, row.product_s = median(bare.costs, "wall_s"), median(whole.costs, "wall_s")
        row.others_cores = max(median(side.costs, "others_cores") for side in (bare, whole))
        report.add(row)


def _inside_one_process(meter: Meter, report: Report, way: str, rounds: int) -> None:
    """The same without a server, which costs both sides alike: all that is left is Django and the database."""
    with override_settings(ROOT_URLCONF="tests.bench.bare", MIDDLEWARE=[]):
        least = WSGIHandler()
    whole = WSGIHandler()

    def floor() -> None:
        with override_settings(ROOT_URLCONF="tests.bench.bare"):
            _call(least, "/bare/")

    _call(whole, way)
    found = compare(
        meter,
        floor=floor,
        product=lambda: _call(whole, way),
        check=lambda: None,
        reset=lambda: None,
        rounds=rounds,
    )
    row = Row("W8", "the same within one process, without a server", found.wall_ratio)
    row.floor_s, row.product_s = median(found.floor, "wall_s"), median(found.product, "wall_s")
    row.cpu_ratio, row.others_cores = found.cpu_ratio, found.others_cores
    report.add(row)


def _request(way: str, visitor: int = 0) -> bytes:
    address = f"10.{visitor >> 16}.{visitor >> 8 & 255}.{visitor & 255}"
    return (
        f"GET {way} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: {BROWSER}\r\n"
        f"X-Forwarded-For: {address}\r\n\r\n"
    ).encode()


def _always(request: bytes) -> Callable[[int], bytes]:
    return lambda _number: request


def _call(handler: WSGIHandler, address: str) -> None:
    """Ask for a page again and again, as a server would, without a server."""
    for _ in range(FOLLOWED):
        environ: dict[str, Any] = {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": address,
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "8000",
            "HTTP_HOST": "localhost",
            "HTTP_USER_AGENT": BROWSER,
            "REMOTE_ADDR": "192.0.2.7",
            "wsgi.input": io.BytesIO(),
            "wsgi.url_scheme": "http",
        }
        said: list[str] = []
        response = handler(environ, lambda status, _headers, said=said: said.append(status))
        response.close()
        assert said[0].startswith("302"), said


# ---------------------------------------------------------------- W9


def count(
    arena: Arena, meter: Meter, report: Report, vendors: list[Vendor], *, rounds: int
) -> None:
    """W9: telling doubles, and sums by link, day and channel; then a burst whose server is killed in the middle."""
    vendor = vendors[0]
    link = _link(vendor)
    waiting = WAITING * 4 if vendors[-1].size >= 1_000_000 else WAITING
    now = datetime.now(UTC)

    def fill() -> None:
        arena.run(_FORGET)
        arena.run(
            _INBOX,
            tenant=vendor.tenant_id,
            link=link.id,
            partner=link.partner_id,
            at=now,
            visitors=waiting * 4 // 5,
            count=waiting,
        )
        arena.tidy("referrals_click_inbox", "referrals_click")

    def floor() -> None:
        for start in range(0, waiting, CHUNK):
            with tenant_scope(vendor.tenant_id), connection.cursor() as cursor:
                cursor.execute(_INSERT, _chunk(link, now, start))

    def check() -> None:
        kept = arena.ask("select count(*) from referrals_click")
        assert kept == waiting, f"{kept} of {waiting}"
        clicks, doubles = arena.admin.execute(_COUNTED).fetchone() or (0, 0)
        # Each once, or, after the floor, none.
        assert clicks + doubles in {0, waiting}, (clicks, doubles)

    found = compare(
        meter,
        floor=floor,
        product=lambda: fold_clicks(vendor.tenant_id),
        check=check,
        reset=fill,
        rounds=rounds,
    )
    report.ratio("W9", f"counting {waiting:,} clicks", found, goal=2)
    rate = Row(
        "W9", "clicks counted", waiting / median(found.product, "wall_s"), "clicks/s", 40_000
    )
    rate.at_most, rate.others_cores = False, found.others_cores
    report.add(rate)
    arena.run(_FORGET)
    _burst(arena, meter, report, vendor)
    arena.run(_FORGET)


def _burst(arena: Arena, meter: Meter, report: Report, vendor: Vendor) -> None:
    """Click 10,000 times, each as another visitor, and kill a worker of the server half-way."""
    way = f"/{vendor.slug}/r/bench-link/"
    with served("prm.wsgi:application", arena.name) as server, meter.measured() as cost:
        before, began, killed = server.cpu_s(), time.perf_counter(), list[float]()

        def kill() -> None:
            killed.append(time.perf_counter() - began)
            os.kill(server.workers()[0], signal.SIGKILL)

        times = ask(server, lambda number: _request(way, number), BURST, half_way=kill)
        worked = max(0.0, server.cpu_s() - before)
    fold_clicks(vendor.tenant_id)
    clicks, doubles = arena.admin.execute(_COUNTED).fetchone() or (0, 0)
    others = max(0.0, cost.others_cores - worked / cost.wall_s)
    rate = Row("W9", f"a burst of {BURST:,} clicks, a worker killed half-way", BURST / cost.wall_s)
    rate.unit, rate.others_cores = "clicks/s", others
    rate.note = f"{BURST // 2 / killed[0]:,.0f} a second until then, p95 {p95(times) * 1000:.1f} ms; {doubles} asked again because the killed worker had not answered"
    report.add(rate)
    lost = Row(
        "W9", "clicks of the burst that were answered and not counted", BURST - clicks, "", 0
    )
    report.add(lost, steady=True)
    assert len(times) == BURST, len(times)
    assert clicks == BURST, f"{clicks} clicks were counted, {BURST} were answered"


def _chunk(link: Link, now: datetime, start: int) -> dict[str, Any]:
    return {
        "link": link.id,
        "partner": link.partner_id,
        "at": [now + timedelta(seconds=number) for number in range(start, start + CHUNK)],
        "visitor": [os.urandom(16) for _ in range(CHUNK)],
    }
