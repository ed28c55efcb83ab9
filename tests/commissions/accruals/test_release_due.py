"""release_due moves a line at the exact end of its hold in the tenant's zone, once."""

from datetime import datetime, timedelta

from commissions.accruals.models import Release
from commissions.accruals.services import release_due
from commissions.accruals.tasks import release_holds
from commissions.ledger.selectors import balances_of
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from tests.builders.commissions import an_accrual
from tests.conftest import World


def test_the_hold_ends_at_midnight_of_the_tenants_zone(acme: Tenant, at: datetime) -> None:
    accrual = an_accrual(at)
    end = accrual.payable_at

    early = release_due(until=end - timedelta(microseconds=1), at=at)
    on_time = release_due(until=end, at=end)

    assert (early, on_time) == (0, 1)
    assert end.isoformat() == "2026-12-17T23:00:00+00:00"
    assert balances_of(accrual.partner_id, "EUR").payable == 20_000


def test_a_repeat_releases_nothing(acme: Tenant, at: datetime) -> None:
    accrual = an_accrual(at)
    later = at + timedelta(days=90)

    assert [release_due(until=later, at=later), release_due(until=later, at=later)] == [1, 0]
    assert Release.objects.get().amount_minor == accrual.amount_minor
    assert balances_of(accrual.partner_id, "EUR").pending == 0


def test_the_task_releases_in_every_tenant(world: World, at: datetime) -> None:
    long_ago = at - timedelta(days=400)
    for tenant in (world.acme, world.globex):
        with tenant_scope(tenant.id):
            an_accrual(long_ago)

    release_holds()

    for tenant in (world.acme, world.globex):
        with tenant_scope(tenant.id):
            assert Release.objects.count() == 1
