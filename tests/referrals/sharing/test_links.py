"""A partner's links: own addresses, taken ones refused with others near them, old ones that lead on for ever."""

from datetime import datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from prm.events.models import Event
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from referrals.sharing.counting import fold_clicks
from referrals.sharing.models import Click, ClickCount, ClickInbox, Link, LinkSlug
from referrals.sharing.rules import may_lead_to
from referrals.sharing.services import (
    BadDestination,
    BadSlug,
    LinkFacts,
    NotInProgram,
    SlugTaken,
    add_destination,
    change_link,
    edit_sharing_rules,
    retire_destination,
    retire_link,
)
from referrals.sharing.targets import forget_targets
from tests.builders.referrals import a_partner, a_program
from tests.builders.sharing import NOBODY, a_destination, a_link, a_page
from tests.conftest import World

BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"


@pytest.fixture(autouse=True)
def _fresh_targets() -> None:
    forget_targets()


@pytest.fixture
def visitor() -> Client:
    return Client(headers={"User-Agent": BROWSER})


# ---------------------------------------------------------------- addresses
@pytest.mark.parametrize("slug", ["ab", "login", "manage", "Upper-Case", "with space", "ends-"])
def test_some_addresses_may_not_be_taken(acme: Tenant, at: datetime, slug: str) -> None:
    with pytest.raises(BadSlug):
        a_link(at, slug)

    assert not Link.objects.exists()
    assert not Event.objects.filter(name="link.added").exists()


def test_a_taken_address_is_refused_with_free_ones_near_it(acme: Tenant, at: datetime) -> None:
    a_link(at, "payroll", partner=a_partner("Brightwater"))
    a_link(at, "payroll-solea", partner=a_partner("Other"))

    with pytest.raises(SlugTaken) as refused:
        a_link(at, "payroll", partner=a_partner("Solea"), channel="newsletter")

    assert refused.value.suggestions == ["payroll-newsletter", "payroll-2", "payroll-3"]
    assert Link.objects.count() == 2


def test_an_address_that_a_link_once_had_stays_its_own(acme: Tenant, at: datetime) -> None:
    link = a_link(at, "first")
    change_link(link_id=link.id, facts=LinkFacts("second"), actor=NOBODY, at=at)

    with pytest.raises(SlugTaken):
        a_link(at, "first", partner=a_partner("Solea"))
    change_link(link_id=link.id, facts=LinkFacts("first"), actor=NOBODY, at=at)

    assert set(LinkSlug.objects.values_list("slug", "link_id")) == {
        ("first", link.id),
        ("second", link.id),
    }


def test_a_repeat_of_a_change_tells_nothing(acme: Tenant, at: datetime) -> None:
    link = a_link(at)
    for _ in range(2):
        change_link(link_id=link.id, facts=LinkFacts("second", "Fair"), actor=NOBODY, at=at)

    event = Event.objects.get(name="link.changed")
    assert event.changes == {"slug": ["autumn-fair", "second"], "label": ["", "Fair"]}


def test_only_partners_of_the_program_make_links(acme: Tenant, at: datetime) -> None:
    stranger = a_partner("Solea", program=a_program("reseller"))

    with pytest.raises(NotInProgram):
        a_link(at, partner=stranger, program=a_program())


# ---------------------------------------------------------------- destinations
@pytest.mark.parametrize(
    "url",
    [
        "//evil.example/",
        "/\\evil.example",
        "https:evil.example",
        "javascript:alert(1)",
        "https://good.example@evil.example/",
        "https://evil.example/\r\nSet-Cookie: a=b",
        "https://evil.example\\.good.example/",
        "data:text/html,x",
        "ftp://velden.example/",
        "https://velden.example:port/",
        "https://localhost/",
        "",
    ],
)
def test_only_plain_web_pages_are_allowed(acme: Tenant, at: datetime, url: str) -> None:
    assert not may_lead_to(url)
    with pytest.raises(BadDestination):
        add_destination(program_id=a_program().id, label="x", url=url, actor=NOBODY, at=at)


@pytest.mark.parametrize(
    "query",
    [
        "next=https://evil.example/",
        "url=//evil.example",
        "destination=https:evil.example",
        "via=https://evil.example",
        "channel=%0d%0aLocation:https://evil.example",
        "utm_source=%0d%0aSet-Cookie:a=b",
    ],
)
def test_nothing_in_the_address_changes_where_a_link_leads(
    world: World, visitor: Client, at: datetime, query: str
) -> None:
    with tenant_scope(world.acme.id):
        a_link(at, destination_id=a_destination(at).id)

    response = visitor.get(f"/acme/r/autumn-fair/?{query}")

    assert response.status_code == 302
    assert urlsplit(response["Location"]).netloc == "velden.example"
    assert "evil" not in urlsplit(response["Location"]).path
    assert "\n" not in response["Location"]


def test_a_page_taken_off_the_list_sends_visitors_to_the_partner_s_own(
    world: World, visitor: Client, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        place = a_destination(at)
        a_link(at, destination_id=place.id)
        retire_destination(destination_id=place.id, actor=NOBODY, at=at)

    response = visitor.get("/acme/r/autumn-fair/")

    assert response["Location"] == "/acme/contact/referral/?via=autumn-fair"


# ---------------------------------------------------------------- following
def test_a_click_leads_to_the_partner_s_page_with_channel_and_utm(
    world: World, visitor: Client, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        a_page(at)
        a_link(at, channel="newsletter", campaign="autumn")

    response = visitor.get("/acme/r/autumn-fair/?utm_source=mail&utm_term=a&x=1&campaign=winter")

    assert response.status_code == 302
    goal = urlsplit(response["Location"])
    assert goal.path == "/acme/p/brightwater/"
    assert parse_qs(goal.query) == {
        "via": ["autumn-fair"],
        "channel": ["newsletter"],
        "campaign": ["winter"],
        "utm_source": ["mail"],
        "utm_term": ["a"],
    }
    with tenant_scope(world.acme.id):
        click = ClickInbox.objects.get()
        assert (click.channel, click.campaign, len(bytes(click.visitor))) == (
            "newsletter",
            "winter",
            16,
        )


def test_an_old_address_leads_on(world: World, visitor: Client, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        link = a_link(at, "first")
        change_link(link_id=link.id, facts=LinkFacts("second"), actor=NOBODY, at=at)

    response = visitor.get("/acme/r/first/")

    assert response["Location"] == "/acme/contact/referral/?via=second"
    with tenant_scope(world.acme.id):
        assert ClickInbox.objects.get().link_id == link.id


def test_a_retired_link_says_so_and_counts_nothing(
    world: World, visitor: Client, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        link = a_link(at)
        retire_link(link_id=link.id, actor=NOBODY, at=at)

    response = visitor.get("/acme/r/autumn-fair/")

    assert response.status_code == 410
    assert "/acme/contact/referral/" in response.content.decode()
    with tenant_scope(world.acme.id):
        assert not ClickInbox.objects.exists()


def test_another_vendor_s_link_and_an_unknown_one_are_not_there(
    world: World, visitor: Client, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        a_link(at)

    assert visitor.get("/globex/r/autumn-fair/").status_code == 404
    unknown = visitor.get("/acme/r/spring-fair/")
    assert unknown.status_code == 404
    assert "There is no such link" in unknown.content.decode()
    assert "/acme/contact/referral/" in unknown.content.decode()


def test_an_address_typed_in_capitals_is_followed(
    world: World, visitor: Client, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        link = a_link(at)

    assert visitor.get("/acme/r/Autumn-FAIR/").status_code == 302
    with tenant_scope(world.acme.id):
        assert ClickInbox.objects.get().link_id == link.id


@pytest.mark.parametrize(
    "headers",
    [
        {"User-Agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"},
        {"User-Agent": "facebookexternalhit/1.1"},
        {"User-Agent": "curl/8.5.0"},
        {"User-Agent": ""},
        {"User-Agent": BROWSER, "Sec-Purpose": "prefetch;prerender"},
        {"User-Agent": BROWSER, "Purpose": "prefetch"},
        {"User-Agent": BROWSER, "X-Moz": "prefetch"},
    ],
)
def test_machines_are_led_on_but_not_counted(
    world: World, at: datetime, headers: dict[str, str]
) -> None:
    with tenant_scope(world.acme.id):
        edit_sharing_rules(program_id=a_program().id, actor=NOBODY, at=at, consent="at_once")
        a_link(at)

    response = Client().get("/acme/r/autumn-fair/", headers=headers)

    assert response.status_code == 302
    assert not response.cookies
    with tenant_scope(world.acme.id):
        assert not ClickInbox.objects.exists()


def test_a_head_request_is_not_counted(world: World, visitor: Client, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        a_link(at)

    assert visitor.head("/acme/r/autumn-fair/").status_code == 302

    with tenant_scope(world.acme.id):
        assert not ClickInbox.objects.exists()


def test_a_link_followed_again_costs_one_statement_and_does_the_same(
    world: World, visitor: Client, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        edit_sharing_rules(program_id=a_program().id, actor=NOBODY, at=at, consent="at_once")
        link = a_link(at)
    first = visitor.get("/acme/r/autumn-fair/?utm_source=mail")

    with CaptureQueriesContext(connection) as queries:
        again = visitor.get("/acme/r/autumn-fair/?utm_source=mail")

    assert len(queries) == 1
    assert (again.status_code, again["Location"]) == (302, first["Location"])
    assert again.cookies.keys() == first.cookies.keys() == {f"ref-{world.acme.id}"}
    with tenant_scope(world.acme.id):
        assert ClickInbox.objects.filter(link_id=link.id).count() == 2


# ---------------------------------------------------------------- counting
def test_doubles_are_kept_but_not_counted_and_a_repeat_counts_nothing(
    world: World, visitor: Client, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        a_link(at, channel="mail")
    for _ in range(3):
        visitor.get("/acme/r/autumn-fair/")
    Client(headers={"User-Agent": f"{BROWSER} other"}).get("/acme/r/autumn-fair/")

    assert fold_clicks(world.acme.id) == 4
    assert fold_clicks(world.acme.id) == 0
    visitor.get("/acme/r/autumn-fair/")
    assert fold_clicks(world.acme.id) == 1

    with tenant_scope(world.acme.id):
        count = ClickCount.objects.get()
        assert (count.channel, count.clicks, count.doubles) == ("mail", 2, 3)
        assert Click.objects.count() == 5
        assert not ClickInbox.objects.exists()
