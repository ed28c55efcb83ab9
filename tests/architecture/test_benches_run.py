"""The benches run to their end at a tiny size: figures are asked for seldom, and must not need mending then."""

import os

import pytest

from tests.bench import clicks, duplicates, referral_import
from tests.bench.arena import Arena
from tests.bench.measuring import Meter
from tests.bench.population import make_vendor
from tests.bench.results import Report

pytestmark = pytest.mark.slow


def test_the_benches_of_intake_run(real_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(referral_import, "SIZES", (400,))
    monkeypatch.setattr(duplicates, "CALLS", 4)
    monkeypatch.setattr(clicks, "WAITING", 2_000)
    monkeypatch.setattr(clicks, "_burst", lambda *_: None)
    url, report = os.environ["DATABASE_ADMIN_URL"], Report()
    ring = Arena(real_database, url)
    meter = Meter(url, real_database)
    vendors = [make_vendor(ring, 200)]
    for workload in (clicks.count, duplicates.run, referral_import.run):
        workload(ring, meter, report, vendors, rounds=1)
    ring.admin.close()
    meter.admin.close()
    assert {row.workload for row in report.rows} == {"W9", "W10", "W14"}
