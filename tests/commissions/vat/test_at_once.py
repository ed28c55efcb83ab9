"""Two people set VAT up at once: one after the other, and both are told that it is saved."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from decimal import Decimal

import pytest
from django.db import connection

from commissions.vat.models import VatRate, VatSettings
from commissions.vat.services import SettingsDraft, save_settings, set_rate
from prm.events.services import SYSTEM
from prm.tenancy.scope import tenant_scope
from tests.conftest import make_world


def _settings(text: str, at: datetime) -> None:
    save_settings(draft=SettingsDraft(starts_on=None, prefix=text), actor=SYSTEM, at=at)


def _rate(text: str, at: datetime) -> None:
    rate = Decimal("0.22")
    set_rate(country="IT", rate=rate, from_on=at.date(), source=text, actor=SYSTEM, at=at)


@pytest.mark.parametrize("save", [_settings, _rate])
def test_the_second_waits_for_the_first_and_counts(
    real_database: str, at: datetime, save: Callable[[str, datetime], None]
) -> None:
    world = make_world()

    def second() -> None:
        try:
            with tenant_scope(world.acme.id):
                save("B", at)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with tenant_scope(world.acme.id):
            save("A", at)
            found = pool.submit(second)
            with connection.cursor() as cursor:
                waits = False
                while not waits and not found.done():
                    cursor.execute(
                        "select exists (select from pg_locks where not granted"
                        " and pg_backend_pid() = any(pg_blocking_pids(pid)))"
                    )
                    (waits,) = cursor.fetchone()
        found.result()
    with tenant_scope(world.acme.id):
        kept = [
            *VatSettings.objects.values_list("prefix", flat=True),
            *VatRate.objects.values_list("source", flat=True),
        ]
    assert kept == ["B"]
