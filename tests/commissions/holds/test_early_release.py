"""A hold ends early when one person asks and another agrees; below the vendor's limit one person is enough."""

from datetime import datetime

import pytest
from django.test import Client
from django.utils import timezone

from commissions.accruals.models import Release
from commissions.holds.models import EarlyRelease, RequestState
from commissions.holds.services import (
    AlreadyDecided,
    AskedByYou,
    approve_early_release,
    ask_early_releases,
    refuse_early_release,
)
from commissions.ledger.selectors import partner_balances
from commissions.payouts.settings import CurrencyLimits, save_payout_limits
from commissions.verification import faults
from prm.events.services import Actor
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from tests.builders.commissions import an_accrual
from tests.conftest import World


def test_one_asks_another_releases_once(world: World, acme: Tenant, at: datetime) -> None:
    accrual = an_accrual(at)
    asker, other = Actor(world.finance.id), Actor(world.second_finance.id)

    (request,) = ask_early_releases(accrual_ids=[accrual.id], reason="Sale", actor=asker, at=at)

    assert ask_early_releases(accrual_ids=[accrual.id], reason="Sale", actor=asker, at=at) == []
    with pytest.raises(AskedByYou):
        approve_early_release(request_id=request.id, actor=asker, at=at)
    assert not Release.objects.exists()
    for _again in range(2):
        approve_early_release(request_id=request.id, actor=other, at=at)
    with pytest.raises(AlreadyDecided):
        refuse_early_release(request_id=request.id, actor=other, at=at)
    (balance,) = partner_balances(accrual.partner_id)
    assert (balance.pending, balance.payable) == (0, accrual.amount_minor)
    assert list(faults()) == []


@pytest.mark.parametrize(("over", "state"), [(0, RequestState.APPROVED), (1, RequestState.WAITING)])
def test_up_to_the_limit_one_person_is_enough(
    world: World, acme: Tenant, at: datetime, over: int, state: str
) -> None:
    accrual = an_accrual(at)
    limits = {accrual.currency: CurrencyLimits(None, None, accrual.amount_minor - over)}
    save_payout_limits(limits=limits, actor=Actor(world.admin.id), at=at)

    (request,) = ask_early_releases(
        accrual_ids=[accrual.id], reason="Sale", actor=Actor(world.finance.id), at=at
    )

    assert request.state == state
    assert Release.objects.exists() is (state == RequestState.APPROVED)


def test_the_queue_is_worked_off_in_one_go(world: World) -> None:
    at = timezone.now()
    with tenant_scope(world.acme.id):
        accruals = [an_accrual(at, company=name) for name in ("Kestrel", "Osprey")]
    asks, decides = Client(), Client()
    asks.force_login(world.finance)
    decides.force_login(world.second_finance)
    picked = {"pick": [accrual.id for accrual in accruals]}

    unsaid = asks.post("/acme/manage/holds/ask/", picked)
    assert unsaid.status_code == 422
    assert unsaid.content.decode().count(" checked>") == len(picked["pick"])
    asks.post("/acme/manage/holds/ask/", {**picked, "reason": "Year end"})
    with tenant_scope(world.acme.id):
        ids = [str(row.id) for row in EarlyRelease.objects.all()]
    assert "Another person decides" in asks.get("/acme/manage/holds/").content.decode()
    assert 'name="pick"' not in asks.get("/acme/manage/holds/").content.decode()
    page = decides.get("/acme/manage/holds/").content.decode()
    assert page.count('name="pick"') == 2
    assert "Kestrel, " in page
    decides.post("/acme/manage/holds/decide/", {"pick": ids, "do": "approve"})

    with tenant_scope(world.acme.id):
        assert Release.objects.count() == 2
