"""A visitor's request becomes the referral of whoever sent the visitor: by code, link, page, or a remembered click."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.core import signing
from django.test import Client

from partners.directory.models import Partner
from prm.notices.models import Notice
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from referrals.attribution.models import Touch
from referrals.pipeline.models import Referral, Source
from referrals.sharing.codes import find_coupon
from referrals.sharing.leads import (
    LeadFacts,
    credit_of,
    take_lead,
)
from referrals.sharing.models import Coupon, Lead
from referrals.sharing.rules import Remembered
from referrals.sharing.services import CodeTaken, edit_sharing_rules, retire_link
from referrals.sharing.targets import forget_targets
from tests.builders.referrals import a_partner, a_program
from tests.builders.sharing import NOBODY, a_coupon, a_link, a_page, a_review
from tests.conftest import World

BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"
ASKED = {
    "name": "Tom Ashdown",
    "email": "tom@kestrel.example",
    "company": "Kestrel Logistics",
    "phone": "+353 1 555",
    "message": "Payroll for 60 people",
    "consent": "on",
}


@pytest.fixture(autouse=True)
def _fresh_targets() -> None:
    forget_targets()


@pytest.fixture
def visitor() -> Client:
    return Client(headers={"User-Agent": BROWSER})


def asked(**fields: str) -> dict[str, str]:
    """Return what a visitor sends, with a key of its own."""
    return {**ASKED, "form_key": str(uuid4()), **fields}


def facts(**told: object) -> LeadFacts:
    """Return what a visitor wrote in the program."""
    known = {"company": "Kestrel", "name": "Tom", "email": "tom@kestrel.example"}
    return LeadFacts(**{"program_id": a_program().id, **known, **told})  # type: ignore[arg-type]


# ---------------------------------------------------------------- through a page
def test_a_request_on_a_page_is_the_partner_s_referral(
    world: World, visitor: Client, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        link = a_link(at, channel="mail", campaign="autumn")
        a_page(at)
    way = visitor.get("/acme/r/autumn-fair/?utm_source=news")["Location"]

    response = visitor.post(way, asked())

    assert response.status_code == 303
    assert response["Location"] == "/acme/p/brightwater/thanks/"
    with tenant_scope(world.acme.id):
        referral, lead = Referral.objects.get(), Lead.objects.get()
        assert (referral.partner.name, referral.source) == ("Brightwater", Source.LINK)
        assert (referral.channel, referral.campaign) == ("mail", "autumn")
        assert (referral.link_id, referral.consent) == (link.id, True)
        assert referral.context == "Payroll for 60 people"
        assert (lead.via, lead.utm) == ("link", {"utm_source": "news"})
        assert lead.consent_text.startswith("I agree that Acme contacts me")
        assert Touch.objects.filter(referral_id=referral.id, kind="form").count() == 1


def test_the_same_form_sent_twice_is_one_referral(
    world: World, visitor: Client, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        a_page(at)
    sent = asked()

    for _ in range(2):
        assert visitor.post("/acme/p/brightwater/", sent).status_code == 303

    with tenant_scope(world.acme.id):
        assert Referral.objects.count() == 1
        assert Lead.objects.get().via == "page"


def test_what_is_missing_is_said_and_nothing_is_kept(
    world: World, visitor: Client, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        a_page(at)

    response = visitor.post("/acme/p/brightwater/", {**asked(), "email": "tom", "consent": ""})

    page = response.content.decode()
    assert response.status_code == 422
    assert "Enter an email address in the format" in page
    assert "Agree to be contacted" in page
    assert 'value="Kestrel Logistics"' in page
    with tenant_scope(world.acme.id):
        assert not Referral.objects.exists()


def test_what_a_machine_fills_in_is_thanked_and_never_stored(
    world: World, visitor: Client, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        a_page(at)

    response = visitor.post("/acme/p/brightwater/", asked(fax="1"))

    assert response["Location"] == "/acme/p/brightwater/thanks/"
    with tenant_scope(world.acme.id):
        assert not Referral.objects.exists()
        assert not Lead.objects.exists()


def test_a_burst_of_requests_is_refused_with_a_pause(
    world: World, visitor: Client, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        a_page(at)
    for _ in range(20):
        assert visitor.post("/acme/p/brightwater/", asked(fax="1")).status_code == 303

    response = visitor.post("/acme/p/brightwater/", asked())

    assert response.status_code == 429
    assert response["Retry-After"] == "600"
    with tenant_scope(world.acme.id):
        assert not Referral.objects.exists()


def test_a_page_shows_both_brands_the_disclosure_and_approved_reviews_only(
    world: World, visitor: Client, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        a_page(at, introduction="We moved **22 clients**. <script>alert(1)</script>")
        a_review(at, text="Approved words")
        a_review(at, text="Waiting words", approved=False)
        a_review(at, partner=a_partner("Solea"), text="Words about another")

    page = visitor.get("/acme/p/brightwater/").content.decode()

    assert "Brightwater receives a commission from Acme" in page
    assert "recommends Acme" in page
    assert "<strong>22 clients</strong>" in page
    assert "<script>alert" not in page
    assert "Approved words" in page
    assert "Waiting words" not in page
    assert "Words about another" not in page


def test_the_visitor_chooses_the_language(world: World, visitor: Client, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        a_page(at)
    visitor.post("/acme/language/", {"language": "it", "next": "/acme/p/brightwater/"})

    page = visitor.get("/acme/p/brightwater/").content.decode()

    assert '<html lang="it"' in page


def test_a_page_that_waits_is_not_public(world: World, visitor: Client, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        a_page(at, live=False)

    assert visitor.get("/acme/p/brightwater/").status_code == 404
    assert visitor.post("/acme/p/brightwater/", asked()).status_code == 404


def test_a_request_without_a_partner_goes_to_the_vendor_s_people(
    world: World, visitor: Client
) -> None:
    with tenant_scope(world.acme.id):
        a_program()

    response = visitor.post("/acme/contact/referral/", asked())

    assert response["Location"] == "/acme/contact/referral/thanks/"
    with tenant_scope(world.acme.id):
        assert not Referral.objects.exists()
        told = Notice.objects.get(user=world.manager, kind="sharing.direct_lead")
        assert told.facts["company"] == "Kestrel Logistics"


# ---------------------------------------------------------------- the cookie
def test_no_cookie_before_the_visitor_agrees(world: World, visitor: Client, at: datetime) -> None:
    name = f"ref-{world.acme.id}"
    with tenant_scope(world.acme.id):
        a_link(at)
        a_page(at)
    way = visitor.get("/acme/r/autumn-fair/")["Location"]
    page = visitor.get(way).content.decode()
    assert name not in visitor.cookies
    assert "May your browser remember this recommendation?" in page
    action = re.findall(r'action="([^"]*/remember/[^"]*)"', page)[0].replace("&amp;", "&")

    back = visitor.post(action, {"choice": "yes"})

    assert back["Location"] == way
    cookie = visitor.cookies[name]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["max-age"] == 90 * 86_400
    assert "May your browser remember" not in visitor.get(way).content.decode()


def test_a_no_is_kept_and_nothing_else(world: World, visitor: Client, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        a_link(at)
        a_page(at)
    way = visitor.get("/acme/r/autumn-fair/")["Location"]

    visitor.post("/acme/r/autumn-fair/remember/?via=autumn-fair", {"choice": "no"})

    assert not visitor.cookies[f"ref-{world.acme.id}"].value
    assert "May your browser remember" not in visitor.get(way).content.decode()


def test_where_the_program_lets_it_the_click_is_remembered_at_once_and_counts_later(
    world: World, visitor: Client, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        edit_sharing_rules(program_id=a_program().id, actor=NOBODY, at=at, consent="at_once")
        a_link(at)
    visitor.get("/acme/r/autumn-fair/")

    visitor.post("/acme/contact/referral/", asked())

    with tenant_scope(world.acme.id):
        referral = Referral.objects.get()
        assert referral.partner.name == "Brightwater"
        assert Lead.objects.get().via == "cookie"
        assert Touch.objects.filter(referral_id=referral.id, kind="click").count() == 1


def test_a_forged_cookie_and_another_vendor_s_say_nothing(
    world: World, visitor: Client, at: datetime
) -> None:
    with tenant_scope(world.globex.id):
        foreign = a_link(at)
        program = a_program()
    rows = [[str(foreign.id), str(program.id), int(at.timestamp())]]
    with tenant_scope(world.acme.id):
        a_program()
    for value in [
        signing.dumps([world.globex.id, rows], salt="referrals.sharing.click", compress=True),
        signing.dumps([world.acme.id, rows], salt="another"),
        "nonsense",
    ]:
        visitor.cookies[f"ref-{world.acme.id}"] = value
        assert visitor.post("/acme/contact/referral/", asked()).status_code == 303

    with tenant_scope(world.acme.id):
        assert not Referral.objects.exists()


DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("clicks", "winner"),
    [
        pytest.param([("Brightwater", DAY)], "Brightwater", id="yesterday"),
        pytest.param([("Brightwater", 90 * DAY)], "Brightwater", id="exactly as old as the window"),
        pytest.param([("Brightwater", 90 * DAY + SECOND)], None, id="one second too old"),
        pytest.param([("Brightwater", -SECOND)], None, id="from the future"),
        pytest.param([("Brightwater", 2 * DAY), ("Solea", DAY)], "Solea", id="the last click"),
        pytest.param([("Solea", DAY), ("Brightwater", 2 * DAY)], "Solea", id="whatever the order"),
        pytest.param(
            [("Brightwater", 100 * DAY), ("Solea", 91 * DAY)], None, id="both outside the window"
        ),
        pytest.param([], None, id="no click"),
    ],
)
def test_a_remembered_click_counts_inside_the_window_only(
    acme: Tenant, at: datetime, clicks: list[tuple[str, timedelta]], winner: str | None
) -> None:
    program = a_program()
    remembered = []
    for number, (name, age) in enumerate(clicks):
        link = a_link(at, f"link-{number}", partner=a_partner(name))
        remembered.append(Remembered(link.id, program.id, at - age))

    credit = credit_of(facts(clicks=remembered), at)

    found = Partner.objects.get(id=credit.partner_id).name if credit else None
    assert found == winner


def test_a_click_of_another_program_does_not_count(acme: Tenant, at: datetime) -> None:
    reseller = a_program("reseller")
    link = a_link(at, partner=a_partner(program=reseller), program=reseller)

    credit = credit_of(facts(clicks=[Remembered(link.id, reseller.id, at)]), at)

    assert credit is None


def test_a_code_beats_the_link_and_the_link_beats_the_page(acme: Tenant, at: datetime) -> None:
    link = a_link(at, partner=a_partner("Solea"))
    page = a_page(at, partner=a_partner("Brightwater"))
    a_coupon(at, partner=a_partner("Ferrante"))

    def name(credit_facts: LeadFacts) -> str:
        credit = credit_of(credit_facts, at)
        assert credit
        return Partner.objects.get(id=credit.partner_id).name

    assert name(facts(page_id=page.id, link_id=link.id, coupon="bright 10")) == "Ferrante"
    assert name(facts(page_id=page.id, link_id=link.id)) == "Solea"
    assert name(facts(page_id=page.id)) == "Brightwater"
    retire_link(link_id=link.id, actor=NOBODY, at=at)
    assert name(facts(page_id=page.id, link_id=link.id)) == "Brightwater"


# ---------------------------------------------------------------- codes
@pytest.mark.parametrize("written", ["BRIGHT-10", "bright10", " Bright 10 "])
def test_a_code_is_found_however_it_is_written(acme: Tenant, at: datetime, written: str) -> None:
    coupon = a_coupon(at)

    assert find_coupon(code=written, program_id=a_program().id, at=at) == coupon


def test_a_code_belongs_to_one_partner(acme: Tenant, at: datetime) -> None:
    a_coupon(at)

    with pytest.raises(CodeTaken):
        a_coupon(at, "bright10", partner=a_partner("Solea"))

    assert Coupon.objects.count() == 1


@pytest.mark.parametrize(
    ("age", "usable"),
    [(-SECOND, False), (timedelta(), True), (DAY - SECOND, True), (DAY, False)],
)
def test_a_code_works_from_its_first_moment_until_its_end(
    acme: Tenant, at: datetime, age: timedelta, usable: bool
) -> None:
    a_coupon(at, starts_at=at, ends_at=at + DAY)

    found = find_coupon(code="BRIGHT10", program_id=a_program().id, at=at + age)

    assert (found is not None) == usable


def test_a_code_is_used_as_often_as_it_may(acme: Tenant, at: datetime) -> None:
    a_coupon(at, uses_max=1)
    first = take_lead(facts=facts(coupon="bright10"), at=at, key=uuid4())
    second = take_lead(facts=facts(coupon="bright10", company="Osprey"), at=at, key=uuid4())

    assert first is not None
    assert first.source == Source.COUPON
    assert second is None
    assert Coupon.objects.get().use_count == 1


def test_a_repeat_of_a_lead_uses_the_code_once(acme: Tenant, at: datetime) -> None:
    a_coupon(at)
    key = uuid4()

    first = take_lead(facts=facts(coupon="bright10"), at=at, key=key)
    again = take_lead(facts=facts(coupon="bright10"), at=at, key=key)

    assert first is not None
    assert again == first
    assert Coupon.objects.get().use_count == 1


def test_a_company_without_a_letter_is_refused(world: World, visitor: Client, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        a_page(at)

    response = visitor.post("/acme/p/brightwater/", asked(company="..."))

    assert response.status_code == 422
    assert "Enter your company&#x27;s name" in response.content.decode()


def test_a_code_that_does_not_work_is_said_on_the_form(
    world: World, visitor: Client, at: datetime, deliver: Callable[[], int]
) -> None:
    with tenant_scope(world.acme.id):
        a_page(at)

    response = visitor.post("/acme/p/brightwater/", asked(coupon="NOPE99"))

    assert response.status_code == 422
    assert "This code is not known" in response.content.decode()
