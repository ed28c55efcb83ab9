"""Lists are paged by key: every row once, whatever the order, and a broken address gives the first page."""

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from partners.directory.models import Partner
from prm.tenancy.models import Tenant
from prm.web.paging import Page, keyset_page
from tests.builders.partners import a_partner

ORDERS = {
    "name": ("name",),
    "segment": ("segment",),
    "created": ("created_at",),
    "mixed": ("segment", "-created_at"),
}
NAMES = ["Alder", "Birch", "Cedar", "Dogwood", "Elm", "Fir", "Gorse"]


@pytest.fixture
def seven(acme: Tenant) -> None:
    for index, name in enumerate(NAMES):
        # Three share a moment and four a segment, so that only the id tells them apart.
        partner = a_partner(name, segment="small" if index % 2 else "large")
        Partner.objects.filter(id=partner.id).update(
            created_at=datetime(2026, 1, 1 + index // 3, tzinfo=UTC)
        )


def page_of(query: str, *, default: str = "-created", size: int = 2) -> Page:
    return keyset_page(
        Partner.objects.all(), params=QueryDict(query), orders=ORDERS, default=default, size=size
    )


def walk(query: str) -> list[Page]:
    pages = [page_of(query)]
    while pages[-1].next_query:
        pages.append(page_of(pages[-1].next_query.removeprefix("?")))
    return pages


@pytest.mark.usefixtures("seven")
@pytest.mark.parametrize(
    "sort", ["name", "-name", "segment", "created", "-created", "mixed", "-mixed"]
)
def test_walking_on_shows_every_row_once_and_walking_back_the_same(sort: str) -> None:
    pages = walk(f"sort={sort}")
    seen = [row.id for page in pages for row in page.rows]
    back = [pages[-1]]
    while back[-1].previous_query:
        back.append(page_of(back[-1].previous_query.removeprefix("?")))

    assert len(seen) == len(set(seen)) == 7
    assert [len(page.rows) for page in pages] == [2, 2, 2, 1]
    assert [[row.id for row in page.rows] for page in reversed(back)] == [
        [row.id for row in page.rows] for page in pages
    ]


@pytest.mark.usefixtures("seven")
def test_rows_come_in_the_order_asked_for() -> None:
    names = [row.name for page in walk("sort=-name") for row in page.rows]

    assert names == sorted(NAMES, reverse=True)


@pytest.mark.usefixtures("seven")
def test_a_new_first_row_moves_nothing_on_the_next_page() -> None:
    first = page_of("sort=name")
    expected = [row.name for row in page_of(first.next_query.removeprefix("?")).rows]

    a_partner("Aardvark")

    assert [row.name for row in page_of(first.next_query.removeprefix("?")).rows] == expected


def forged(*values: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


@pytest.mark.usefixtures("seven")
@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "%00",
        "é",
        "A" * 3000,
        forged(),
        forged("2026-01-01T00:00:00Z"),
        forged(None, None),
        forged(1, 2),
        forged("2026-01-01T00:00:00", "0191c0de-0000-7000-8000-000000000000"),
        forged("2026-01-01T00:00:00Z", "no uuid"),
        forged({"a": 1}, []),
        forged("a\x00b", "0191c0de-0000-7000-8000-000000000000"),
        forged("\ud800", "0191c0de-0000-7000-8000-000000000000"),
    ],
)
def test_a_broken_place_gives_the_first_page(cursor: str) -> None:
    first = [row.id for row in page_of("").rows]

    assert [row.id for row in page_of(f"after={cursor}").rows] == first
    assert [row.id for row in page_of(f"before={cursor}").rows] == first


@pytest.mark.usefixtures("seven")
def test_an_unknown_order_is_the_default_one() -> None:
    assert page_of("sort=password").sort == "-created"
    assert page_of("sort=--name").sort == "-created"


@pytest.mark.usefixtures("seven")
def test_the_count_stops_at_its_bound() -> None:
    bounded = keyset_page(
        Partner.objects.all(), params=QueryDict(""), orders=ORDERS, default="name", bound=5
    )
    exact = keyset_page(
        Partner.objects.all(), params=QueryDict(""), orders=ORDERS, default="name", bound=7
    )
    none = keyset_page(
        Partner.objects.all(), params=QueryDict(""), orders=ORDERS, default="name", bound=None
    )

    assert (bounded.count_text, exact.count_text, none.count_text) == ("5+", "7", "")


@pytest.mark.usefixtures("seven")
def test_a_page_asks_twice_and_never_skips_rows() -> None:
    second = page_of("sort=created").next_query.removeprefix("?")

    with CaptureQueriesContext(
        connection,
    ) as queries:
        page_of(second)

    assert len(queries) == 2
    assert "OFFSET" not in queries[0]["sql"]
    assert '("partners_partner"."created_at", "partners_partner"."id") > (' in queries[0]["sql"]


@pytest.mark.usefixtures("seven")
def test_links_keep_the_filters_and_drop_the_place() -> None:
    page = page_of("q=elm&sort=name&after=x")

    assert page.sort_query("name") == "?q=elm&sort=-name"
    assert page.sort_query("created") == "?q=elm&sort=created"


@pytest.mark.usefixtures("seven")
def test_moments_keep_their_microseconds_across_a_page() -> None:
    for index, partner in enumerate(Partner.objects.order_by("id")):
        moment = datetime(2026, 5, 5, tzinfo=UTC) + timedelta(microseconds=index)
        Partner.objects.filter(id=partner.id).update(created_at=moment)

    assert len({row.id for page in walk("sort=-created") for row in page.rows}) == 7
