"""W8, W9: a followed link against a bare view, and counting clicks against inserting them.

W8 asks both through Django's whole handler in this process, in turns, so that other programs disturb both alike; a server
of its own adds the same to both. W9's floor writes the same rows by `insert … select unnest` in thousands, uncounted.
"""

import io
import os
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.handlers.wsgi import WSGIHandler
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.test import override_settings
from django.urls import path

from prm.events.services import SYSTEM
from prm.tenancy.scope import tenant_scope
from referrals.sharing.counting import fold_clicks
from referrals.sharing.models import Link
from referrals.sharing.services import LinkFacts, add_link
from tests.bench.arena import Arena
from tests.bench.measuring import Meter, compare
from tests.bench.population import Vendor
from tests.bench.results import Report

FOLLOWED, WAITING, CHUNK = 2_000, 50_000, 1_000
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


def bare(_request: HttpRequest) -> HttpResponse:
    """Redirect to a fixed page: the least that a link can cost in this framework."""
    return HttpResponseRedirect("/elsewhere/")


urlpatterns = [path("bare/", bare)]


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


def _ask(handler: WSGIHandler, address: str) -> None:
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


def follow(
    _arena: Arena, meter: Meter, report: Report, vendors: list[Vendor], *, rounds: int
) -> None:
    """W8: a link that this process knows already."""
    vendor = vendors[0]
    _link(vendor)
    with override_settings(ROOT_URLCONF=__name__, MIDDLEWARE=[]):
        least = WSGIHandler()
    whole = WSGIHandler()

    def floor() -> None:
        with override_settings(ROOT_URLCONF=__name__):
            _ask(least, "/bare/")

    way = f"/{vendor.slug}/r/bench-link/"
    _ask(whole, way)
    found = compare(
        meter,
        floor=floor,
        product=lambda: _ask(whole, way),
        check=lambda: None,
        reset=lambda: None,
        rounds=rounds,
    )
    report.ratio("W8", f"{FOLLOWED:,} followed links to a bare view", found, goal=1 / 0.7)


def count(
    arena: Arena, meter: Meter, report: Report, vendors: list[Vendor], *, rounds: int
) -> None:
    """W9: telling doubles, and sums by link, day and channel."""
    vendor = vendors[0]
    link = _link(vendor)
    now = datetime.now(UTC)

    def fill() -> None:
        arena.run("truncate referrals_click, referrals_click_count, referrals_click_inbox")
        arena.run(
            _INBOX,
            tenant=vendor.tenant_id,
            link=link.id,
            partner=link.partner_id,
            at=now,
            visitors=WAITING * 4 // 5,
            count=WAITING,
        )
        arena.tidy("referrals_click_inbox", "referrals_click")

    def floor() -> None:
        for start in range(0, WAITING, CHUNK):
            with tenant_scope(vendor.tenant_id), connection.cursor() as cursor:
                cursor.execute(_INSERT, _chunk(link, now, start))

    fill()
    found = compare(
        meter,
        floor=floor,
        product=lambda: fold_clicks(vendor.tenant_id),
        check=lambda: None,
        reset=fill,
        rounds=rounds,
    )
    report.ratio("W9", f"counting {WAITING:,} clicks", found, goal=2)


def _chunk(link: Link, now: datetime, start: int) -> dict[str, Any]:
    return {
        "link": link.id,
        "partner": link.partner_id,
        "at": [now + timedelta(seconds=number) for number in range(start, start + CHUNK)],
        "visitor": [os.urandom(16) for _ in range(CHUNK)],
    }
