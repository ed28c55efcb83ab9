"""Whether a company may be registered: the same page and the same statements for every hidden reason."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from prm.events.services import Actor
from prm.tenancy.links import tenant_path
from prm.tenancy.scope import tenant_scope
from referrals.claims.availability import HoldRefused, set_hold
from referrals.claims.models import AvailabilityCheck, ClaimRules
from referrals.claims.rules import DEFAULTS, Facts
from tests.builders.claims import an_account
from tests.builders.referrals import a_partner, a_program, a_referral, people_of
from tests.builders.revenue import a_customer
from tests.conftest import NOON, World

pytestmark = pytest.mark.django_db
# Values in a statement, savepoints by their number too.
_VALUES = re.compile(r"'(?:[^']|'')*'|\bs\d+_x\d+\b|\b\d+\b")
REASONS = ("referral", "claim", "customer", "account", "name", "hold")


def prepare(world: World, reason: str) -> None:
    """Let the tenant know Kestrel for one reason."""
    with tenant_scope(world.acme.id):
        solea = a_partner("Solea")
        if reason in {"referral", "claim"}:
            stage = "accepted" if reason == "claim" else "submitted"
            a_referral(NOON, partner=solea, stage=stage, contact_email="tom@kestrel.example")
        elif reason == "customer":
            a_customer(NOON, partner=solea, contact_email="tom@kestrel.example")
        elif reason == "account":
            an_account("Something Else", website="kestrel.example", domain="kestrel.example")
        elif reason == "name":
            an_account("Kestrel Logistic")
        elif reason == "hold":
            set_hold(
                facts=Facts(name="kestrel logistics", domain="kestrel.example"),
                company="Kestrel Logistics",
                partner_id=solea.id,
                program_id=a_program().id,
                actor=Actor(user_id=None),
                at=NOON + timedelta(days=3650),
            )


def asker(world: World) -> Any:
    """Return a partner's person who may ask."""
    with tenant_scope(world.acme.id):
        return people_of(world.acme, "Brightwater").rep


def ask(world: World, person: Any) -> tuple[str, list[str]]:
    """Ask for Kestrel as a person; return the page without what differs each time, and the kinds of statements."""
    client = Client()
    client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
    path = tenant_path(world.acme, "referrals:availability")
    with CaptureQueriesContext(
        connection,
    ) as statements:
        response = client.post(path, {"company": "Kestrel Logistics", "address": "kestrel.example"})
    assert response.status_code == 200
    text = response.content.decode()
    text = re.sub(r'(name="csrfmiddlewaretoken" value=|nonce=|value=)"[^"]*"', "", text)
    kinds = [_VALUES.sub("?", query["sql"]) for query in statements.captured_queries]
    return re.sub(r'"X-CSRFToken": ?"[^"]*"|program=[0-9a-f-]+', "", text), kinds


def answer_for(world: World, person: Any, reason: str) -> tuple[str, list[str]]:
    """Make the company known for one reason, ask, and take it all back."""
    with transaction.atomic():
        prepare(world, reason)
        found = ask(world, person)
        transaction.set_rollback(True)
    return found


def test_every_hidden_reason_gives_the_same_page_by_the_same_statements(
    world: World,
) -> None:
    with tenant_scope(world.acme.id):
        person = people_of(world.acme, "Brightwater").rep
        a_partner("Solea")
        a_program()
    # The first request of a test fills caches.
    open_page, _ = answer_for(world, person, "nothing")

    found = {reason: answer_for(world, person, reason) for reason in REASONS}

    assert len({page for page, _ in found.values()}) == 1
    assert len({tuple(kinds) for _, kinds in found.values()}) == 1
    text = found["claim"][0]
    assert "Kestrel Logistics needs review" in text
    assert "Solea" not in text
    assert "Kestrel Logistics is open" in open_page


def test_open_and_review_ask_the_database_the_same(world: World) -> None:
    person = asker(world)
    # The first request of a test fills caches.
    ask(world, person)
    open_page, before = ask(world, person)
    with tenant_scope(world.acme.id):
        an_account("Something Else", domain="kestrel.example")
    account_page, with_account = ask(world, person)
    with tenant_scope(world.acme.id):
        a_referral(NOON, partner=a_partner("Solea"), contact_email="tom@kestrel.example")
    both_page, with_both = ask(world, person)

    assert "Kestrel Logistics is open" in open_page
    assert account_page == both_page
    assert before == with_account == with_both


def test_a_day_holds_so_many_questions(world: World) -> None:
    person = asker(world)
    with tenant_scope(world.acme.id):
        ClaimRules.objects.create(program=a_program(), **{**DEFAULTS.__dict__, "checks_per_day": 2})
    client = Client()
    client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
    path = tenant_path(world.acme, "referrals:availability")
    asked = {"company": "Kestrel", "address": "kestrel.example"}

    answers = [client.post(path, asked).status_code for _ in range(3)]

    assert answers == [200, 200, 422]
    with tenant_scope(world.acme.id):
        assert AvailabilityCheck.objects.count() == 2


def test_a_hold_makes_others_need_review_and_is_not_renewed(world: World) -> None:
    facts = Facts(name="kestrel", domain="kestrel.example")
    with tenant_scope(world.acme.id):
        mine, other = a_partner("Brightwater"), a_partner("Solea")
        given: dict[str, Any] = {
            "facts": facts,
            "company": "Kestrel",
            "program_id": a_program().id,
            "actor": Actor(user_id=None),
        }

        hold = set_hold(partner_id=mine.id, at=NOON, **given)
        again = set_hold(partner_id=mine.id, at=NOON + timedelta(hours=1), **given)
        with pytest.raises(HoldRefused):
            set_hold(partner_id=other.id, at=NOON, **given)
        with pytest.raises(HoldRefused):
            set_hold(partner_id=mine.id, at=hold.until, **given)

    assert (again.id, hold.until) == (hold.id, NOON + timedelta(hours=72))
