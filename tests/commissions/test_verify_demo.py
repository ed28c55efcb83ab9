"""A year of the demo, played through the product's own services, stands every proof there is."""

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from prm.demo.seed import seed_tenant
from prm.demo.tenants import TENANTS

pytestmark = pytest.mark.slow


def test_every_proof_holds_on_the_demo(real_database: str, tmp_path: Path, settings: Any) -> None:
    settings.DATA_DIR = tmp_path
    smallest = TENANTS[-1]
    seed_tenant(smallest, now=timezone.now(), say=lambda _: None)
    out = StringIO()

    call_command("verify", stdout=out, stderr=out)

    said = out.getvalue()
    assert f"{smallest.slug}: right (" in said
    assert f"{smallest.slug}: right (0 transfers" not in said
    assert "proofs, all sound" in said
