"""Builders of links, pages, codes and reviews."""

from datetime import datetime, timedelta
from io import BytesIO
from typing import IO, Any
from uuid import UUID, uuid4

from partners.directory.models import Partner
from partners.programs.models import Program
from prm.accounts.models import User
from prm.events.services import Actor
from referrals.sharing.models import Coupon, Destination, LandingPage, Link, PartnerReview
from referrals.sharing.pages import decide_page, save_page, send_page
from referrals.sharing.rules import PageTexts
from referrals.sharing.services import (
    CouponFacts,
    LinkFacts,
    ReviewFacts,
    add_coupon,
    add_destination,
    add_link,
    add_review,
    decide_review,
)
from tests.builders.objects import Cast, builds
from tests.builders.referrals import a_partner, a_program
from tests.builders.uploads import a_picture

NOBODY = Actor(user_id=None, kind="system")


def a_link(
    at: datetime,
    slug: str = "autumn-fair",
    *,
    partner: Partner | None = None,
    program: Program | None = None,
    by: User | None = None,
    **facts: Any,
) -> Link:
    """Make a link of the partner in the program."""
    partner = partner or a_partner(program=program)
    return add_link(
        partner_id=partner.id,
        program_id=(program or a_program()).id,
        facts=LinkFacts(slug=slug, **facts),
        actor=Actor(by.id, name=str(by)) if by else NOBODY,
        at=at,
    )


def a_page(
    at: datetime,
    *,
    partner: Partner | None = None,
    program: Program | None = None,
    headline: str = "Payroll done before lunch",
    introduction: str = "We moved **22 clients** to it.",
    language: str = "en",
    live: bool = True,
    picture: IO[bytes] | None = None,
) -> LandingPage:
    """Make a partner's page, public unless told otherwise."""
    partner = partner or a_partner(program=program)
    page = save_page(
        partner_id=partner.id,
        program_id=(program or a_program()).id,
        texts=PageTexts(
            {language: headline}, {language: introduction}, "Aoife Brennan", "Director"
        ),
        picture=picture,
        actor=NOBODY,
        at=at,
    )
    if live:
        send_page(page_id=page.id, actor=NOBODY, at=at)
        page = decide_page(page_id=page.id, approve=True, reason="", actor=NOBODY, at=at)
    return page


def a_coupon(
    at: datetime, code: str = "BRIGHT-10", *, partner: Partner | None = None, **facts: Any
) -> Coupon:
    """Make a code of the partner, valid from yesterday."""
    partner = partner or a_partner()
    return add_coupon(
        partner_id=partner.id,
        program_id=a_program().id,
        facts=CouponFacts(**{"code": code, "starts_at": at - timedelta(days=1), **facts}),
        actor=NOBODY,
        at=at,
    )


def a_review(
    at: datetime, *, partner: Partner | None = None, approved: bool = True, **facts: Any
) -> PartnerReview:
    """Make a customer's review, approved unless told otherwise."""
    told = {
        "author_name": "Claire Dunne",
        "text": "One person and a coffee.",
        "consent_text": "You may publish this.",
        "rating": 5,
        **facts,
    }
    review = add_review(
        partner_id=(partner or a_partner()).id, facts=ReviewFacts(**told), actor=NOBODY, at=at
    )
    if approved:
        decide_review(review_id=review.id, approve=True, reason="", actor=NOBODY, at=at)
    return review


def a_destination(at: datetime, url: str = "https://velden.example/payroll") -> Destination:
    """Let the program's links lead to a page of the vendor's."""
    return add_destination(program_id=a_program().id, label="Payroll", url=url, actor=NOBODY, at=at)


def _of(cast: Cast) -> Partner:
    return a_partner(cast.partner.name)


@builds("link")
def _link(cast: Cast) -> UUID:
    from tests.conftest import NOON

    return a_link(NOON, f"link-{uuid4().hex[:12]}", partner=_of(cast)).id


@builds("link_slug")
def _link_slug(cast: Cast) -> str:
    from tests.conftest import NOON

    return a_link(NOON, f"link-{uuid4().hex[:12]}", partner=_of(cast)).slug


@builds("landing_page")
def _landing_page(cast: Cast) -> UUID:
    from tests.conftest import NOON

    return a_page(NOON, partner=_of(cast), picture=BytesIO(a_picture())).id


@builds("waiting_page")
def _waiting_page(cast: Cast) -> UUID:
    from tests.conftest import NOON

    page = a_page(NOON, partner=_of(cast), live=False)
    return send_page(page_id=page.id, actor=NOBODY, at=NOON).id


@builds("landing_slug")
def _landing_slug(cast: Cast) -> str:
    from tests.conftest import NOON

    return a_page(NOON, partner=_of(cast), picture=BytesIO(a_picture())).slug


@builds("contact_program")
def _contact_program(_cast: Cast) -> str:
    return a_program().slug


@builds("destination_program")
def _destination_program(_cast: Cast) -> UUID:
    return a_program().id


@builds("coupon")
def _coupon(cast: Cast) -> UUID:
    from tests.conftest import NOON

    return a_coupon(NOON, f"C{uuid4().hex[:12]}", partner=_of(cast)).id


@builds("partner_review")
def _partner_review(cast: Cast) -> UUID:
    from tests.conftest import NOON

    return a_review(NOON, partner=_of(cast), approved=False).id


@builds("destination")
def _destination(cast: Cast) -> UUID:
    from tests.conftest import NOON

    return a_destination(NOON, f"https://velden.example/{uuid4().hex[:12]}").id
