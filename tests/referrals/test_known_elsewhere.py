"""What another vendor's tenant holds changes no answer: the same words and the same number of statements (S07)."""

import re
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from prm.tenancy.scope import tenant_scope
from tests.builders.api import Caller, a_key, a_submission
from tests.builders.claims import an_account
from tests.builders.referrals import a_partner, a_program, a_referral, people_of
from tests.builders.sharing import a_coupon, a_link, a_page
from tests.conftest import World

# What differs from one request to the next: ids, tokens, moments.
CHANGING = re.compile(
    r"[0-9a-f]{8}-[0-9a-f-]{27}|(?:value|nonce)=\"[^\"]*\"|\"X-CSRFToken\": ?\"[^\"]*\"|PRR1\.[\w.-]+"
)


def same_in_another_tenant(world: World) -> None:
    """Let the other vendor have all that is asked for below."""
    now = timezone.now()
    with tenant_scope(world.globex.id):
        partner = a_partner("Solea")
        row = a_referral(
            now,
            partner=partner,
            stage="accepted",
            company="Kestrel",
            contact_email="tom@kestrel.example",
            website="kestrel.example",
            tax_id="GB123456789",
        )
        type(row).objects.filter(id=row.id).update(external_id="L-1")
        an_account("Kestrel", domain="kestrel.example", tax_id="GB123456789")
        a_link(now, "autumn", partner=partner)
        a_coupon(now, "BRIGHT-10", partner=partner)
        a_page(now, partner=partner, headline="Hello")


def answers(world: World, people: Any, secret: str) -> dict[str, tuple[int, str, int]]:
    """Ask and send everything; return status, words without what changes, and statements, by address."""
    now = timezone.now()
    client, api = Client(), Caller(world.acme, secret)
    client.force_login(people.admin)
    contact = {
        "contact_name": "Tom",
        "contact_email": "tom@kestrel.example",
        "website": "kestrel.example",
    }
    with tenant_scope(world.acme.id):
        program = str(a_program().id)
    lead = {
        "type": "lead",
        "id": "e-1",
        "occurred_at": f"{now - timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}",
        "lead_id": "L-1",
    }
    asked: list[tuple[str, Any]] = [
        ("referrals/availability/", {"company": "Kestrel", "address": "kestrel.example"}),
        ("referrals/check/", {"company": "Kestrel", **contact}),
        (
            "referrals/new/",
            {"company": "Kestrel", "tax_id": "GB123456789", "consent": "on", **contact},
        ),
        ("share/links/new/", {"program": program, "slug": "autumn", "channel": "mail"}),
        (
            "share/codes/",
            {
                "program": program,
                "code": "BRIGHT-10",
                "reward_kind": "none",
                "starts_on": f"{now:%Y-%m-%d}",
            },
        ),
        (
            "share/page/",
            {
                "person_name": "A",
                "headline_en": "Hello",
                "introduction_en": "Us",
                "slug": "solea",
                "do": "send",
            },
        ),
    ]
    found = {}
    for path, data in asked:
        with CaptureQueriesContext(connection) as seen:
            answer = client.post(f"/acme/{path}", data)
        words = answer.content.decode() + answer.headers.get("Location", "")
        found[path] = (answer.status_code, CHANGING.sub("", words), len(seen))
    partner = str(people.partner.id)
    for path, body in (
        (
            "/check",
            {"email": "tom@kestrel.example", "website": "kestrel.example", "partner": partner},
        ),
        ("/events", {**lead, "referral": a_submission(partner=partner)}),
    ):
        with CaptureQueriesContext(connection) as seen:
            answer = api.post(path, body)
        found[path] = (answer.status_code, CHANGING.sub("", answer.content.decode()), len(seen))
    return found


def asked_and_taken_back(world: World, people: Any, secret: str, *, elsewhere: bool) -> Any:
    with transaction.atomic():
        if elsewhere:
            same_in_another_tenant(world)
        found = answers(world, people, secret)
        transaction.set_rollback(True)
    return found


def test_no_answer_depends_on_another_tenant(world: World) -> None:
    with tenant_scope(world.acme.id):
        people = people_of(world.acme)
        a_program()
        _, secret = a_key(world.admin, timezone.now())
    with tenant_scope(world.globex.id):
        a_program()
    # The first requests of a test fill caches.
    asked_and_taken_back(world, people, secret, elsewhere=False)

    nowhere = asked_and_taken_back(world, people, secret, elsewhere=False)
    elsewhere = asked_and_taken_back(world, people, secret, elsewhere=True)

    assert {path: status for path, (status, *_) in nowhere.items()} == {
        "referrals/availability/": 200,
        "referrals/check/": 200,
        "referrals/new/": 303,
        "share/links/new/": 303,
        "share/codes/": 303,
        "share/page/": 303,
        "/check": 200,
        "/events": 201,
    }
    assert [path for path in nowhere if nowhere[path] != elsewhere[path]] == []
