"""A person chooses what reaches them, signed in or by the link of a mail."""

from datetime import datetime

import pytest
from django.test import Client

from prm.notices.links import Unsubscription, unsubscribe_token
from prm.notices.models import Mail, NoticePreference
from prm.tenancy.scope import tenant_scope
from tests.builders.notices import tell
from tests.conftest import World
from tests.prm.notices.test_notice_list import signed_in


def test_shows_what_is_in_force(world: World) -> None:
    response = signed_in(world.manager).get("/acme/updates/preferences/")

    rows = {
        line.kind.name: (line.by_email, line.in_portal, email is None)
        for line, email, _ in response.context["form"].rows
    }
    assert rows["test.moved"] == (True, True, False)
    assert rows["test.paid"] == (True, True, True)
    assert rows["test.quiet"] == (False, True, False)


def test_keeps_the_choice(world: World, at: datetime) -> None:
    signed_in(world.manager).post(
        "/acme/updates/preferences/", {"test.moved:portal": "on", "test.quiet:email": "on"}
    )

    with tenant_scope(world.acme.id):
        chosen = {
            row.kind: (row.by_email, row.in_portal)
            for row in NoticePreference.objects.filter(user=world.manager)
        }
        tell(world.manager, at, kind="test.moved")
        assert not Mail.objects.exists()
    assert chosen["test.moved"] == (False, True)
    assert chosen["test.quiet"] == (True, False)
    assert "test.paid" not in chosen


def test_choosing_twice_keeps_one_row(world: World) -> None:
    client = signed_in(world.manager)
    client.post("/acme/updates/preferences/", {})
    client.post("/acme/updates/preferences/", {"test.moved:email": "on"})

    with tenant_scope(world.acme.id):
        assert NoticePreference.objects.get(user=world.manager, kind="test.moved").by_email


def link(world: World, kind: str = "test.moved", tenant_id: int | None = None) -> str:
    token = unsubscribe_token(Unsubscription(tenant_id or world.acme.id, world.manager.id, kind))
    return f"/acme/updates/stop/{token}/"


def test_opening_the_link_changes_nothing(world: World) -> None:
    response = Client().get(link(world))

    assert response.status_code == 200
    with tenant_scope(world.acme.id):
        assert not NoticePreference.objects.exists()


def test_a_mail_program_stops_the_kind_with_one_post_and_no_cookie(
    world: World, at: datetime
) -> None:
    response = Client(enforce_csrf_checks=True).post(link(world), {"List-Unsubscribe": "One-Click"})

    assert response.status_code == 200
    with tenant_scope(world.acme.id):
        tell(world.manager, at)
        assert not Mail.objects.exists()


@pytest.mark.parametrize("change", ["tampered", "other tenant", "mandatory"])
def test_no_other_link_does_anything(world: World, change: str) -> None:
    path = {
        "tampered": link(world)[:-3] + "x/",
        "other tenant": link(world, tenant_id=world.globex.id),
        "mandatory": link(world, kind="test.paid"),
    }[change]

    assert Client().post(path).status_code == 404
    with tenant_scope(world.acme.id):
        assert not NoticePreference.objects.exists()
