"""Partners make links, pages, codes and reviews; the vendor's people set the rules and approve."""

from collections.abc import Callable
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from prm.events.models import Event
from prm.notices.models import Notice
from prm.tenancy.scope import tenant_scope
from referrals.sharing.counting import fold_clicks
from referrals.sharing.models import (
    Coupon,
    Destination,
    LandingPage,
    Link,
    PageState,
    PartnerReview,
    SharingRules,
)
from referrals.sharing.pages import save_page
from referrals.sharing.rules import PageTexts
from referrals.sharing.services import SlugTaken
from referrals.sharing.taking import take_click
from referrals.sharing.targets import forget_targets
from tests.builders.referrals import People, a_partner, a_program, people_of
from tests.builders.sharing import NOBODY, a_coupon, a_link, a_page, a_review
from tests.builders.uploads import a_picture
from tests.conftest import World

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
PAGE = {
    "person_name": "Aoife Brennan",
    "headline_en": "Payroll before lunch",
    "introduction_en": "We moved **22** clients.",
    "slug": "brightwater",
}


@pytest.fixture(autouse=True)
def _fresh_targets() -> None:
    forget_targets()


@pytest.fixture
def people(world: World) -> People:
    with tenant_scope(world.acme.id):
        return people_of(world.acme)


@pytest.fixture
def rep(people: People) -> Client:
    client = Client()
    client.force_login(people.rep, backend=BACKEND)
    return client


@pytest.fixture
def staff(world: World) -> Client:
    client = Client()
    client.force_login(world.admin, backend=BACKEND)
    return client


def test_a_partner_makes_a_link_and_hands_it_out(world: World, rep: Client) -> None:
    with tenant_scope(world.acme.id):
        program = a_program()

    made = rep.post(
        "/acme/share/links/new/",
        {"program": str(program.id), "slug": "Autumn Fair", "channel": "Trade fair"},
    )

    page = rep.get(made["Location"]).content.decode()
    assert "/acme/r/autumn-fair/" in page
    assert 'class="qr"' in page
    with tenant_scope(world.acme.id):
        link = Link.objects.get()
        assert (link.slug, link.channel) == ("autumn-fair", "Trade fair")
    svg = rep.get(f"/acme/share/links/{link.id}/code.svg")
    png = rep.get(f"/acme/share/links/{link.id}/code.png")
    assert svg.content.startswith(b"<?xml")
    assert png.content.startswith(b"\x89PNG")
    assert svg["Content-Disposition"] == 'attachment; filename="autumn-fair.svg"'


def test_a_taken_address_is_explained_with_free_ones(
    world: World, rep: Client, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        program = a_program()
        people_of(world.acme, "Solea")
        a_link(at, "payroll", partner=a_partner("Solea"))

    response = rep.post(
        "/acme/share/links/new/",
        {"program": str(program.id), "slug": "payroll", "channel": "mail"},
    )

    assert response.status_code == 422
    assert "payroll-mail, payroll-brightwater, payroll-2" in response.content.decode()


def test_the_share_page_counts_by_link_and_channel_whatever_the_number_of_links(
    world: World, rep: Client, people: People, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        links = [
            a_link(at, f"link-{number}", partner=people.partner, channel="mail")
            for number in range(3)
        ]
    now = timezone.now()
    for link, count in zip(links, (1, 2, 3), strict=True):
        for number in range(count):
            take_click(
                tenant_id=world.acme.id,
                link_id=link.id,
                visitor=bytes([number]) * 16,
                channel="mail",
                campaign="",
                at=now,
            )
    fold_clicks(world.acme.id)

    page = rep.get("/acme/share/").content.decode()
    assert ">6<" in page
    with CaptureQueriesContext(connection) as few:
        rep.get("/acme/share/")
    with tenant_scope(world.acme.id):
        for number in range(3, 12):
            a_link(at, f"link-{number}", partner=people.partner)
    with CaptureQueriesContext(connection) as many:
        rep.get("/acme/share/")
    assert len(many) == len(few)


def test_a_page_waits_for_approval_and_the_live_one_stays(
    world: World, rep: Client, staff: Client, people: People, deliver: Callable[[], int]
) -> None:
    picture = SimpleUploadedFile("me.png", a_picture(), "image/png")
    sent = rep.post("/acme/share/page/", {**PAGE, "picture": picture, "do": "send"})
    assert sent.status_code == 303
    deliver()
    with tenant_scope(world.acme.id):
        page = LandingPage.objects.get()
        assert page.state == PageState.WAITING
        assert Notice.objects.filter(kind="sharing.page_sent", user=world.manager).exists()
    assert Client().get("/acme/p/brightwater/").status_code == 404
    assert "Payroll before lunch" in staff.get(f"/acme/share/page/{page.id}/").content.decode()

    staff.post(f"/acme/manage/sharing/pages/{page.id}/", {f"{page.id}-do": "approve"})
    deliver()

    assert "Payroll before lunch" in Client().get("/acme/p/brightwater/").content.decode()
    picture_there = Client().get("/acme/p/brightwater/picture/")
    assert b"".join(picture_there.streaming_content).startswith(b"\x89PNG")  # type: ignore[attr-defined]
    rep.post("/acme/share/page/", {**PAGE, "headline_en": "Changed", "do": "send"})
    assert "Payroll before lunch" in Client().get("/acme/p/brightwater/").content.decode()
    with tenant_scope(world.acme.id):
        assert Notice.objects.filter(kind="sharing.page_decided", user=people.rep).count() == 1


def test_asking_for_changes_needs_a_reason(
    world: World, staff: Client, at: datetime, people: People
) -> None:
    with tenant_scope(world.acme.id):
        page = a_page(at, partner=people.partner, live=False)
        LandingPage.objects.update(state=PageState.WAITING, sent_at=at)
    address = f"/acme/manage/sharing/pages/{page.id}/"

    refused = staff.post(address, {f"{page.id}-do": "decline"})
    taken = staff.post(address, {f"{page.id}-do": "decline", f"{page.id}-reason": "Too loud"})

    assert refused.status_code == 422
    assert "Say what has to change" in refused.content.decode()
    assert taken.status_code == 303
    with tenant_scope(world.acme.id):
        page.refresh_from_db()
        assert (page.state, page.reason) == (PageState.DECLINED, "Too loud")
        assert Event.objects.filter(name="landing_page.declined").count() == 1


def test_a_page_taken_down_leads_to_the_program(
    world: World, rep: Client, people: People, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        page = a_page(at, partner=people.partner, picture=BytesIO(a_picture()))
    address = f"/acme/share/page/{page.id}/down/"

    asked = rep.get(address).content.decode()
    assert "Your links go on working" in asked
    assert Client().get("/acme/p/brightwater/").status_code == 200, "asking ends nothing"
    rep.post(address)

    gone = Client().get("/acme/p/brightwater/")
    assert gone.status_code == 410
    assert "/acme/contact/referral/" in gone.content.decode()
    assert Client().get("/acme/p/brightwater/picture/").status_code == 404


def test_a_page_changes_its_address_and_the_old_one_leads_there(
    world: World, rep: Client, people: People, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        a_page(at, partner=people.partner)
        a_page(at, partner=a_partner("Solea"))
    moved = {**PAGE, "do": "save"}

    taken = rep.post("/acme/share/page/", {**moved, "slug": "Solea"})
    assert taken.status_code == 422
    assert "This address is taken" in taken.content.decode()

    rep.post("/acme/share/page/", {**moved, "slug": "Bright Payroll"})
    old = Client().get("/acme/p/brightwater/?utm_source=mail")
    assert old["Location"] == "/acme/p/bright-payroll/?utm_source=mail"
    assert Client().get(old["Location"]).status_code == 200
    # Nobody else may have it, its own page may have it back.
    with tenant_scope(world.acme.id), pytest.raises(SlugTaken):
        save_page(
            partner_id=a_partner("Solea").id,
            program_id=a_program().id,
            texts=PageTexts(),
            picture=None,
            slug="brightwater",
            actor=NOBODY,
            at=at,
        )
    rep.post("/acme/share/page/", {**moved, "slug": "brightwater"})
    assert Client().get("/acme/p/brightwater/").status_code == 200
    assert Client().get("/acme/p/bright-payroll/")["Location"] == "/acme/p/brightwater/"


@pytest.mark.parametrize("kind", ["links", "codes", "reviews"])
def test_ending_is_asked_once_more_and_then_done(
    world: World, rep: Client, people: People, at: datetime, kind: str
) -> None:
    with tenant_scope(world.acme.id):
        makers: dict[str, Any] = {"links": a_link, "codes": a_coupon, "reviews": a_review}
        made = makers[kind]
        row = made(at, partner=people.partner)
    word = "remove" if kind == "reviews" else "end"
    address = f"/acme/share/{kind}/{row.id}/{word}/"

    page = rep.get(address).content.decode()
    assert "This cannot be taken back" in page
    with tenant_scope(world.acme.id):
        before = type(row).objects.get(id=row.id)
        assert getattr(before, "retired_at", None) is None

    assert rep.post(address).status_code == 303
    with tenant_scope(world.acme.id):
        left = type(row).objects.filter(id=row.id).first()
        assert left is None or left.retired_at is not None


def test_a_picture_that_is_none_is_refused(world: World, rep: Client) -> None:
    hostile = SimpleUploadedFile("me.png", b"<svg onload='alert(1)'/>", "image/png")

    response = rep.post("/acme/share/page/", {**PAGE, "picture": hostile, "do": "send"})

    assert response.status_code == 422
    with tenant_scope(world.acme.id):
        assert not LandingPage.objects.exists()


def test_a_review_needs_the_customer_s_consent_and_the_vendor_s_yes(
    world: World, rep: Client, staff: Client, people: People, at: datetime
) -> None:
    told = {"author_name": "Claire", "text": "One person and a coffee.", "rating": "5"}
    with tenant_scope(world.acme.id):
        a_page(at, partner=people.partner)

    assert rep.post("/acme/share/reviews/", told).status_code == 422
    assert rep.post("/acme/share/reviews/", {**told, "consent": "on"}).status_code == 303
    assert "a coffee" not in Client().get("/acme/p/brightwater/").content.decode()
    with tenant_scope(world.acme.id):
        review = PartnerReview.objects.get()
    staff.post(f"/acme/manage/sharing/reviews/{review.id}/", {f"{review.id}-do": "approve"})

    assert "a coffee" in Client().get("/acme/p/brightwater/").content.decode()
    rep.post(f"/acme/share/reviews/{review.id}/remove/")
    assert "a coffee" not in Client().get("/acme/p/brightwater/").content.decode()


def test_codes_are_made_refused_and_ended(world: World, rep: Client, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        program = a_program()
        people_of(world.acme, "Solea")
    day = (at + timedelta(days=1)).date().isoformat()
    told = {"program": str(program.id), "code": "BRIGHT-10", "starts_on": day}

    short = rep.post("/acme/share/codes/", {**told, "code": "a-b", "reward_kind": "none"})
    empty = rep.post("/acme/share/codes/", {**told, "reward_kind": "percent"})
    made = rep.post(
        "/acme/share/codes/", {**told, "reward_kind": "percent", "reward_percent": "10"}
    )
    again = rep.post("/acme/share/codes/", {**told, "code": "bright10", "reward_kind": "none"})

    assert [short.status_code, empty.status_code] == [422, 422]
    assert [made.status_code, again.status_code] == [303, 422]
    assert "This code is taken" in again.content.decode()
    with tenant_scope(world.acme.id):
        coupon = Coupon.objects.get()
        assert coupon.reward_basis_points == 1_000
    assert "10% off" in rep.get("/acme/share/codes/").content.decode()
    rep.post(f"/acme/share/codes/{coupon.id}/end/")
    with tenant_scope(world.acme.id):
        assert Coupon.objects.get().retired_at is not None


def test_the_rules_of_a_program_are_changed_with_a_trail(world: World, staff: Client) -> None:
    with tenant_scope(world.acme.id):
        program = a_program()
    address = f"/acme/manage/programs/{program.id}/sharing/"
    told = {
        "cookie_days": "30",
        "double_minutes": "10",
        "consent": "at_once",
        "lead_fields": ["website"],
        "disclosure_en": "{partner} is paid by {vendor}.",
    }

    assert staff.get(address).status_code == 200
    assert staff.post(address, {**told, "cookie_days": "0"}).status_code == 422
    assert staff.post(address, told).status_code == 303

    with tenant_scope(world.acme.id):
        rules = SharingRules.objects.get()
        assert (rules.cookie_days, rules.approve_pages) == (30, False)
        changes = Event.objects.get(name="sharing.rules_changed").changes
        assert changes["cookie_days"] == [90, 30]
    form = Client().get("/acme/contact/referral/").content.decode()
    assert 'name="website"' in form
    assert 'name="phone"' not in form


def test_only_pages_on_the_list_can_be_destinations(world: World, staff: Client) -> None:
    with tenant_scope(world.acme.id):
        program = a_program()
    address = f"/acme/manage/programs/{program.id}/sharing/pages/"

    bad = staff.post(address, {"label": "x", "url": "//evil.example"})
    good = staff.post(address, {"label": "Payroll", "url": "https://velden.example/payroll"})

    assert (bad.status_code, good.status_code) == (422, 303)
    with tenant_scope(world.acme.id):
        place = Destination.objects.get()
    staff.post(f"{address}{place.id}/end/")
    with tenant_scope(world.acme.id):
        assert Destination.objects.get().retired_at is not None


def test_the_vendor_sees_a_partner_s_links_and_codes(
    world: World, staff: Client, people: People, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        a_link(at, partner=people.partner, channel="mail")
        a_coupon(at, partner=people.partner)
        a_review(at, partner=people.partner, approved=False)

    page = staff.get(f"/acme/manage/partners/{people.partner.id}/").content.decode()
    queue = staff.get("/acme/manage/sharing/").content.decode()

    assert "/r/autumn-fair/" in page
    assert "BRIGHT-10" in page
    assert "One person and a coffee." in queue


def test_the_vendor_enters_a_review_with_how_the_customer_agreed(
    world: World, staff: Client, people: People, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        a_page(at, partner=people.partner)
    page = f"/acme/manage/partners/{people.partner.id}/reviews/new/"
    said = {"author_name": "Claire Dunne", "text": "One person and a coffee.", "consent": "on"}

    refused = staff.post(page, {**said, "show": "on"})
    assert refused.status_code == 422
    assert "Say how the customer agreed" in refused.content.decode()

    staff.post(page, {**said, "agreed": "By email on 3 November", "show": "on"})
    assert "One person and a coffee." in Client().get("/acme/p/brightwater/").content.decode()
    staff.post(page, {**said, "text": "Not yet.", "agreed": "On the phone"})
    assert "Not yet." not in Client().get("/acme/p/brightwater/").content.decode()
    assert "Not yet." in staff.get("/acme/manage/sharing/").content.decode()
    with tenant_scope(world.acme.id):
        shown = PartnerReview.objects.get(state="approved")
        assert shown.consent_text.endswith("By email on 3 November")
        assert (shown.written_by, shown.decided_by) == (world.admin, world.admin)
