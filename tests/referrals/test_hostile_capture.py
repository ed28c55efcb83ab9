"""Hostile input at the pages and calls by which referrals come in: told in words, never a server's error."""

from typing import Any
from uuid import uuid4

import pytest
from django.core import signing
from django.test import Client
from django.utils import timezone

from prm.accounts.models import User
from prm.events.services import Actor
from prm.tenancy.scope import tenant_scope
from prm.web import limits
from referrals.capture.asking import answer_token, ask_question
from referrals.capture.people import person_token
from referrals.capture.privacy import tell_person
from referrals.capture.submit_links import token_of
from tests.builders.api import Caller, a_key, a_submission
from tests.builders.capturing import a_link as a_submit_link
from tests.builders.referrals import a_partner, a_program, a_referral, people_of
from tests.builders.sharing import a_coupon, a_link, a_page
from tests.conftest import World

ODD = ["", "a\x00b", "\r\nBcc: x%00%ff", "9" * 400, "1e400", "a" * 5000, "//evil.example"]
FIELDS = """
name email company phone website country message coupon consent form_key key choice via channel
campaign utm_source utm_medium utm_campaign program code context contact_name contact_email
contact_phone contact_title text own_company sure referral next estimate_0 estimate_1 estimate
tax_id relationship role product
"""


def signed_in(user: User) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


@pytest.fixture
def visitor() -> Client:
    return Client(raise_request_exception=False)


@pytest.fixture(autouse=True)
def _without_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let one address ask without end; how often it may is another test's matter."""
    monkeypatch.setattr(limits.is_within, "__code__", (lambda *_a, **_k: True).__code__)


@pytest.fixture
def public_urls(world: World) -> list[str]:
    """Return one address of every page that a stranger can open."""
    now = timezone.now()
    with tenant_scope(world.acme.id):
        people = people_of(world.acme)
        a_program("other")
        referral = a_referral(now, partner=people.partner, by=people.rep)
        question = ask_question(
            referral_id=referral.id, text="How many?", actor=Actor(world.manager.id), at=now
        )
        notice = tell_person(referral_id=referral.id, at=now)
        assert notice
        submit = token_of(a_submit_link(people.partner, people.admin, now))
        a_coupon(now)
        page, link = a_page(now), a_link(now)
        asked, person = answer_token(question, people.rep.id), person_token(notice.id)
        still = signing.dumps(
            [world.acme.id, str(uuid4()), "x"], salt="referrals.claims.still_working"
        )
    return [
        f"/acme/{path}"
        for path in (
            f"r/{link.slug}/",
            f"r/{link.slug}/remember/",
            f"p/{page.slug}/",
            f"p/{page.slug}/thanks/",
            f"p/{page.slug}/picture/",
            "contact/referral/",
            "contact/referral/thanks/",
            f"send/{submit}/",
            f"send/{submit}/sent/{referral.id}/",
            f"answer/{asked}/",
            f"person/{person}/",
            f"person/{person}/object/",
            f"person/{person}/erase/",
            f"still-working/{still}/",
            "verify/receipt/",
            "api/docs/",
            "api/v1/openapi.json",
        )
    ]


def test_no_public_page_breaks(world: World, visitor: Client, public_urls: list[str]) -> None:
    broken = []
    for url in public_urls:
        for odd in ODD:
            fields = dict.fromkeys(FIELDS.split(), odd)
            answers = (visitor.get(url, fields), visitor.post(url, fields))
            broken += [(url, odd[:20]) for answer in answers if answer.status_code >= 500]
    assert broken == []


@pytest.mark.parametrize("text", ["a%00b", "%ff%fe%ed%a0%80", "%0d%0aX: y"])
def test_no_odd_query_breaks(visitor: Client, public_urls: list[str], text: str) -> None:
    query = "&".join(f"{name}={text}" for name in ("via", "code", "channel", "utm_source", "page"))
    found = {url: visitor.get(f"{url}?{query}").status_code for url in public_urls}
    assert [url for url, status in found.items() if status >= 500] == []


@pytest.mark.parametrize("kind", ["r", "p", "contact", "send", "answer", "person", "still-working"])
def test_no_odd_token_breaks(world: World, visitor: Client, kind: str) -> None:
    salts = {
        "answer": "referrals.capture.answer",
        "person": "referrals.capture.person-link",
        "still-working": "referrals.claims.still_working",
    }
    texts = ["x", "%00", "a%00b", "é", "a" * 3000, "%2e%2e", "%ed%a0%80", ":::", "e30:1:x"]
    if salt := salts.get(kind):
        values = [None, [], "x", [world.globex.id, uuid4().hex, 5], ["a"]]
        texts += [signing.dumps(value, salt=salt) for value in values]
    statuses = {
        (how, text[:30]): getattr(visitor, how)(f"/acme/{kind}/{text}/").status_code
        for text in texts
        for how in ("get", "post")
    }
    assert {key: status for key, status in statuses.items() if status >= 500} == {}


STAFF_PAGES = """
manage/duplicates/ manage/extensions/ manage/imports/accounts/ manage/cases/ manage/held/
manage/sharing/ manage/reports/channels/ manage/settings/api-keys/ manage/review/
manage/referrals/
"""
PARTNER_PAGES = """
cases/ share/ share/codes/ share/reviews/ share/page/ share/links/new/ referrals/
referrals/drafts/ referrals/availability/ referrals/new/ referrals/bulk/ team/links/ team/api-
keys/
"""


@pytest.mark.parametrize("text", ["a%00b", "9" * 40, "2026-02-31"])
def test_no_list_breaks_on_an_odd_query(world: World, text: str) -> None:
    with tenant_scope(world.acme.id):
        people = people_of(world.acme)
        a_referral(timezone.now(), partner=people.partner, by=people.rep)
        a_link(timezone.now(), partner=people.partner)
    names = (
        "view after before sort order from to since day q program partner stage period draft late"
    )
    query = "&".join(f"{name}={text}" for name in names.split())
    broken = []
    for user, paths in ((world.admin, STAFF_PAGES), (people.admin, PARTNER_PAGES)):
        client = signed_in(user)
        broken += [
            path for path in paths.split() if client.get(f"/acme/{path}?{query}").status_code >= 500
        ]
    assert broken == []


PARTNER_FIELDS = """
slug label destination headline introduction person_name author_name rating consent_text uses_max starts_on ends_on
reward_kind reward_percent days link_id draft submitted evidence do scopes expires expires_on key_id partner
"""


def test_no_odd_post_of_a_partner_breaks(world: World) -> None:
    with tenant_scope(world.acme.id):
        people = people_of(world.acme)
        referral = a_referral(
            timezone.now(), partner=people.partner, by=people.rep, stage="accepted"
        )
    client = signed_in(people.admin)
    broken = []
    paths = [*PARTNER_PAGES.split(), "referrals/availability/hold/", "referrals/drafts/save/"]
    paths += [
        f"referrals/{referral.id}/{end}/"
        for end in ("more-time", "give-up", "object", "answer", "files/add", "recall")
    ]
    names = [*FIELDS.split(), *PARTNER_FIELDS.split()]
    for path in paths:
        for odd in ODD:
            status = client.post(f"/acme/{path}", dict.fromkeys(names, odd)).status_code
            if status >= 500:
                broken.append((path, odd[:20]))
    assert broken == []


@pytest.mark.parametrize("text", ["a\x00b", "\ud800", "9" * 400, "Ａ１"])
def test_no_odd_call_of_the_api_breaks(world: World, text: str) -> None:
    now = timezone.now()
    with tenant_scope(world.acme.id):
        partner = a_partner()
        _row, secret = a_key(world.admin, now)
    api = Caller(world.acme, secret)
    base = a_submission(partner=str(partner.id))
    sale = {
        "id": "e1",
        "occurred_at": now.isoformat(),
        "lead_id": "L1",
        "amount_minor": 5,
        "currency": "EUR",
    }
    odd: list[Any] = [text, [text], {"a": text}, None, 10**30, -1, 1.5]
    calls = [("/referrals", {**base, name: value}) for name in (*base, "answers") for value in odd]
    calls += [("/check", {"partner": str(partner.id), name: text}) for name in ("email", "website")]
    for name in sale:
        for value in (*odd, "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"):
            calls += [("/events", {"type": "sale", **sale, name: value})]
    calls += [("/events", {"type": text, **sale}), ("/events", {"type": "refund", **sale})]

    answers = [(path, body, api.post(path, body).status_code) for path, body in calls]

    assert {status for *_call, status in answers} & {201, 409, 422} != set()
    assert [call for call in answers if call[2] >= 500] == []
