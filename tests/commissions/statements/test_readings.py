"""The first time a partner reads a statement is kept, with who and how; the vendor's people leave no trace."""

from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from commissions.statements.models import Statement, StatementReading
from commissions.statements.services import issue_statement
from prm.accounts.capabilities import Role
from prm.accounts.models import User
from prm.events.models import Event
from prm.events.services import SYSTEM
from prm.tenancy.scope import tenant_scope
from tests.builders.payouts import a_payee
from tests.builders.people import a_member
from tests.conftest import World


def _client(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def _download(client: Client, path: str) -> None:
    answer: Any = client.get(path)
    assert b"".join(answer.streaming_content)


@pytest.fixture
def stated(world: World, at: datetime) -> Statement:
    with tenant_scope(world.acme.id):
        partner = a_payee("Brightwater", 10_000, at=at)
        return issue_statement(
            partner_id=partner.id, currency="EUR", until_on=at.date(), actor=SYSTEM, at=at
        )


def _boss(world: World, partner_id: UUID, email: str = "boss@bright.example") -> User:
    inside: dict[str, Any] = {"partner_id": partner_id, "partner_name": "Brightwater"}
    return a_member(world.acme, Role.PARTNER_ADMIN, email, name="Aoife Boss", **inside)


def _trail(world: World) -> list[tuple[str, int | None]]:
    with tenant_scope(world.acme.id):
        names = ("statement.seen", "statement.confirmed")
        rows = Event.objects.filter(name__in=names).order_by("id")
        return [(row.name, row.actor_id) for row in rows]


def test_the_first_reading_is_kept_and_finance_sees_it(world: World, stated: Statement) -> None:
    boss, colleague = (
        _boss(world, stated.partner_id),
        _boss(world, stated.partner_id, "other@bright.example"),
    )
    finance, page = _client(world.finance), f"/acme/statements/{stated.id}/"
    listing = "/acme/manage/statements/"
    finance.get(page)
    _download(finance, page + "csv/")
    assert "has not seen this statement yet" in finance.get(page).content.decode()
    unseen = finance.get(listing + "?seen=no").content.decode()
    assert f"{stated.number}, €100.00 earned, not yet seen" in unseen
    assert _trail(world) == []

    assert ">New<" in _client(boss).get("/acme/statements/").content.decode()
    _client(boss).get(page)
    _client(boss).get(page)
    _client(colleague).get(page)
    _download(_client(colleague), page + "csv/")

    with tenant_scope(world.acme.id):
        assert list(
            StatementReading.objects.order_by("id").values_list("way", "user_id", "partner_id")
        ) == [("page", boss.id, stated.partner_id), ("csv", colleague.id, stated.partner_id)]
    assert _trail(world) == [("statement.seen", boss.id)]
    assert ">New<" not in _client(boss).get("/acme/statements/").content.decode()
    assert stated.number not in finance.get(listing + "?seen=no").content.decode()
    # Phones have no room for the column; the line under the name says it.
    seen = finance.get(listing + "?seen=yes").content.decode()
    assert f"{stated.number}, €100.00 earned, seen on " in seen
    assert stated.number not in finance.get(listing + "?seen=confirmed").content.decode()
    assert "First seen by Aoife Boss" in finance.get(page).content.decode()


def test_saying_so_is_kept_once_and_ends_the_question(world: World, stated: Statement) -> None:
    boss, page = _boss(world, stated.partner_id), f"/acme/statements/{stated.id}/"
    assert "I have read this statement" in _client(boss).get(page).content.decode()

    for _ in range(2):
        assert _client(boss).post(page + "read/").status_code == 303

    assert _trail(world) == [("statement.seen", boss.id), ("statement.confirmed", boss.id)]
    body = _client(boss).get(page).content.decode()
    assert "I have read this statement" not in body
    assert "Aoife Boss confirmed having read this statement" in body
    listing = _client(world.finance).get("/acme/manage/statements/?seen=confirmed")
    assert f"{stated.number}, €100.00 earned, confirmed on " in listing.content.decode()


def test_looking_as_the_partner_leaves_no_trace(world: World, stated: Statement) -> None:
    admin = _client(world.admin)
    started = admin.post(f"/acme/manage/partners/{stated.partner_id}/view/", {"reason": "Support"})
    assert started.status_code in {302, 303}

    seen = admin.get(f"/acme/statements/{stated.id}/")

    assert seen.status_code == 200
    assert "I have read this statement" not in seen.content.decode()
    assert _trail(world) == []
