"""The menu says what waits for the person, and says it once."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from commissions.payouts.models import PayoutRun
from prm.accounts.models import User
from prm.navigation import NavItem
from prm.tenancy.scope import tenant_scope
from referrals.pipeline.models import Referral
from tests.builders.referrals import People, a_partner, a_referral, people_of
from tests.conftest import World


@pytest.fixture
def people(world: World) -> People:
    with tenant_scope(world.acme.id):
        return people_of(world.acme)


def _page(user: User, path: str) -> tuple[dict[str, NavItem], Any]:
    client = Client()
    client.force_login(user)
    response = client.get(path)
    assert response.status_code == 200
    shell = response.context["shell"]
    return {item.label: item for group in shell.groups for item in group.items}, response


def _waiting(world: World, count: int, sent: datetime) -> None:
    with tenant_scope(world.acme.id):
        partner = a_partner("Harbour")
        for number in range(count):
            row = a_referral(sent, partner=partner, contact_email=f"a@c{number}.example")
            Referral.objects.filter(id=row.id).update(
                registered_at=sent, queued_at=sent, answer_due_at=sent + timedelta(days=2)
            )
        # Answered ones and history that an import took in wait for nobody.
        a_referral(sent, partner=partner, stage="accepted", contact_email="b@b.example")
        old = a_referral(sent, partner=partner, contact_email="h@h.example")
        Referral.objects.filter(id=old.id).update(queued_at=None)


@pytest.mark.parametrize("count", [0, 3])
def test_the_menu_and_the_queue_count_the_same(world: World, count: int) -> None:
    _waiting(world, count, timezone.now())

    menu, response = _page(world.manager, "/acme/manage/review/")

    assert menu["To review"].count == ("3" if count else "")
    assert not menu["To review"].hot
    assert response.context["page"].count == count


def test_the_queue_is_hot_once_a_promised_moment_has_passed(world: World) -> None:
    _waiting(world, 1, timezone.now() - timedelta(days=10))

    assert _page(world.manager, "/acme/manage/")[0]["To review"].hot
    with tenant_scope(world.acme.id):
        Referral.objects.update(answer_due_at=timezone.now() + timedelta(minutes=1))
    assert not _page(world.manager, "/acme/manage/")[0]["To review"].hot


def test_a_run_waits_for_everybody_but_who_prepared_it(world: World) -> None:
    with tenant_scope(world.acme.id):
        PayoutRun.objects.create(
            number="RUN-1",
            cutoff_at=timezone.now(),
            digest="x",
            prepared_by=world.finance,
            prepared_at=timezone.now(),
            pay_on=timezone.localdate(),
        )

    assert _page(world.finance, "/acme/manage/payouts/")[0]["Payout runs"].count == ""
    item = _page(world.second_finance, "/acme/manage/payouts/")[0]["Payout runs"]
    assert (item.count, item.hot) == ("1", True)
    with tenant_scope(world.acme.id):
        PayoutRun.objects.update(state="approved")
    assert _page(world.second_finance, "/acme/manage/payouts/")[0]["Payout runs"].count == ""


def test_another_tenants_queue_is_not_counted(world: World) -> None:
    with tenant_scope(world.globex.id):
        a_referral(timezone.now(), partner=a_partner("Elsewhere"))

    assert _page(world.manager, "/acme/manage/")[0]["To review"].count == ""


def test_updates_are_a_bell_on_the_desk_and_a_tab_on_the_phone(
    world: World, people: People
) -> None:
    menu, response = _page(people.rep, "/acme/referrals/")
    page = response.content.decode()

    assert "Updates" not in menu
    assert "Updates" in {tab.label for tab in response.context["shell"].tabs}
    assert page.count('class="btn btn--ghost btn--icon bell"') == 1
