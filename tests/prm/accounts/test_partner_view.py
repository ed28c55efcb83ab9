"""Somebody of the staff looks as a partner: read-only everywhere, with a reason, for an hour, seen by the partner."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import URLPattern
from django.utils import timezone

from partners.directory.models import Partner
from prm.accounts.capabilities import Role
from prm.accounts.models import PartnerView, User
from prm.accounts.viewing import STOP_PATH, ReasonMissing, start_partner_view
from prm.events.models import Event
from prm.events.services import SYSTEM
from prm.notices.models import Notice
from prm.tenancy.scope import tenant_scope
from tests.architecture.test_isolation import own_patterns
from tests.builders.commissions import an_accrual
from tests.builders.people import a_member
from tests.builders.referrals import a_partner, a_referral
from tests.conftest import World

WHY = "They cannot find their earnings"


@pytest.fixture
def partner(world: World, at: datetime) -> Partner:
    with tenant_scope(world.acme.id):
        partner = a_partner("Solea Studio")
        a_referral(at, partner=partner, company="Kestrel Logistics")
        an_accrual(at, partner=partner, company="Paid Co")
        rival = a_partner("Rival")
        a_referral(at, partner=rival, company="Hidden Industries")
    return partner


def looking(user: User, partner: Partner) -> Client:
    client = Client()
    client.force_login(user)
    done = client.post(f"/acme/manage/partners/{partner.id}/view/", {"reason": WHY})
    assert done.status_code == 303
    return client


def test_a_reason_is_required(world: World, partner: Partner, at: datetime) -> None:
    client = Client()
    client.force_login(world.manager)

    url = f"/acme/manage/partners/{partner.id}/view/"
    assert client.post(url, {"reason": "  "}).status_code == 422
    with tenant_scope(world.acme.id), pytest.raises(ReasonMissing):
        start_partner_view(
            user_id=world.manager.id,
            partner_id=partner.id,
            partner_name=partner.name,
            reason=" ",
            actor=SYSTEM,
            at=at,
        )
    with tenant_scope(world.acme.id):
        assert PartnerView.objects.count() == 0


def test_they_see_what_the_partner_sees_under_a_banner(world: World, partner: Partner) -> None:
    client = looking(world.manager, partner)

    page = client.get("/acme/referrals/").text
    assert "Kestrel Logistics" in page
    assert "Hidden Industries" not in page
    for path in ("", "referrals/", "team/", "updates/"):
        assert "You are looking as Solea Studio" in client.get(f"/acme/{path}").text, path
    assert client.get("/acme/manage/partners/").status_code == 403
    assert client.get("/acme/manage/referrals/").status_code == 403


def path_of(name: str, pattern: URLPattern) -> str:
    path = str(pattern.pattern)
    for part, value in (
        ("<uuid:", str(uuid4())),
        ("<int:", "1"),
        ("<slug:", "paused"),
        ("<str:", "x"),
    ):
        while part in path:
            begin = path.index(part)
            path = path[:begin] + value + path[path.index(">", begin) + 1 :]
    return "/acme/" + path.lstrip("/")


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_nothing_can_be_changed_at_any_address(world: World, partner: Partner, method: str) -> None:
    client = looking(world.admin, partner)
    wrong = []
    paths = {path_of(name, pattern) for name, pattern in own_patterns().items()}
    paths |= {"/acme/accounts/password/change/", "/acme/accounts/email/"}

    for path in sorted(paths - {f"/acme{STOP_PATH}"}):
        answer = getattr(client, method)(path)
        if answer.status_code != 403 or "You are only looking" not in answer.text:
            wrong.append((path, answer.status_code))

    assert wrong == []
    assert len(paths) > 100


def test_reading_leaves_no_mark(world: World, partner: Partner, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        notice = Notice.objects.create(
            key="x", user=world.manager, kind="referral.milestone", path="", created_at=at,
            facts={"kind": "won", "company": "K"}, partner_id=partner.id,
        )  # fmt: skip
    client = looking(world.manager, partner)

    assert client.get(f"/acme/updates/{notice.id}/").status_code in {200, 302, 303}

    with tenant_scope(world.acme.id):
        notice.refresh_from_db()
    assert notice.read_at is None


@pytest.mark.parametrize(("who", "sees"), [("manager", False), ("admin", True)])
def test_money_is_shown_to_who_sees_money(
    world: World, partner: Partner, who: str, sees: bool
) -> None:
    client = looking(getattr(world, who), partner)

    assert (client.get("/acme/earnings/").status_code == 200) is sees
    assert (client.get("/acme/payout-details/").status_code != 403) is sees


def test_finance_may_not_look(world: World, partner: Partner) -> None:
    client = Client()
    client.force_login(world.finance)
    url = f"/acme/manage/partners/{partner.id}/view/"
    assert client.post(url, {"reason": WHY}).status_code == 403


def test_it_ends_by_click_and_is_audited(world: World, partner: Partner) -> None:
    client = looking(world.manager, partner)

    stopped = client.post(f"/acme{STOP_PATH}")

    assert stopped.headers["Location"] == f"/acme/manage/partners/{partner.id}/"
    assert "You are looking" not in client.get("/acme/manage/partners/").text
    with tenant_scope(world.acme.id):
        view = PartnerView.objects.get()
        assert view.ended_at is not None
        names = list(
            Event.objects.filter(name__startswith="partner.view").values_list("name", flat=True)
        )
        started = Event.objects.get(name="partner.view_started")
    assert sorted(names) == ["partner.view_ended", "partner.view_started"]
    assert (started.actor_id, started.changes) == (world.manager.id, {"reason": ["", WHY]})


def test_it_ends_after_an_hour(world: World, partner: Partner, monkeypatch: Any) -> None:
    client = looking(world.manager, partner)
    assert client.get("/acme/manage/partners/").status_code == 403

    later = timezone.now() + timedelta(minutes=61)
    monkeypatch.setattr("prm.accounts.middleware.timezone.now", lambda: later)

    assert client.get("/acme/manage/partners/").status_code == 200


def test_who_may_no_longer_is_out_at_once(world: World, partner: Partner) -> None:
    client = looking(world.manager, partner)
    world.manager.memberships.update(roles=[Role.FINANCE])

    assert "You are looking" not in client.get("/acme/manage/partners/").text


def test_the_partner_sees_who_looked_and_others_do_not(world: World, partner: Partner) -> None:
    looking(world.manager, partner)
    with tenant_scope(world.acme.id):
        rival = Partner.objects.get(name="Rival")
    texts = []
    for row, email in ((partner, "chiara@solea.example"), (rival, "boss@rival.example")):
        boss = a_member(
            world.acme, Role.PARTNER_ADMIN, email, partner_id=row.id, partner_name=row.name
        )
        client = Client()
        client.force_login(boss)
        texts.append(client.get("/acme/team/").text)

    assert WHY in texts[0]
    assert WHY not in texts[1]


def test_a_forged_session_makes_nobody_of_the_partners_staff(
    world: World, partner: Partner
) -> None:
    """A partner's own person with such an entry stays who they are."""
    boss = a_member(
        world.acme, Role.PARTNER_REP, "rep@solea.example", partner_id=partner.id, partner_name="S"
    )
    client = Client()
    client.force_login(boss)
    session = client.session
    session["partner_view"] = {
        str(world.acme.id): {
            "id": 1,
            "partner_id": str(uuid4()),
            "partner_name": "Other",
            "expires_at": (timezone.now() + timedelta(hours=1)).isoformat(),
        }
    }
    session.save()

    assert "You are looking" not in client.get("/acme/referrals/").text
