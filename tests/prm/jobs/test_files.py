"""Private files stay inside their folder and their tenant."""

import io
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import SuspiciousFileOperation

from prm.jobs.files import (
    open_private,
    private_path,
    private_root,
    remove_private,
    safe_name,
    save_private,
)
from prm.tenancy.scope import tenant_scope
from tests.conftest import World


@pytest.fixture(autouse=True)
def _files(tmp_path: Path, settings: Any) -> None:
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {**settings.STORAGES["default"], "OPTIONS": {"location": str(tmp_path)}},
    }


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        pytest.param("report 2026.csv", "report-2026.csv", id="spaces"),
        pytest.param("../../etc/passwd", "passwd", id="folders"),
        pytest.param("C:\\temp\\à.XLSX", "a.XLSX", id="another system's folders, accents"),
        pytest.param("...", "file", id="nothing left"),
        pytest.param("x" * 300 + ".csv", "x" * 96 + ".csv", id="long, its ending kept"),
    ],
)
def test_names_are_made_safe(given: str, kept: str) -> None:
    assert safe_name(given) == kept


def test_bytes_streams_and_files_are_kept_alike(tmp_path: Path) -> None:
    on_disk = tmp_path / "made.csv"
    on_disk.write_bytes(b"c")

    stored = [
        save_private(content, file_name="x.csv", tenant_id=1)
        for content in (b"a", io.BytesIO(b"b"), on_disk)
    ]

    assert [private_path(name).read_bytes() for name in stored] == [b"a", b"b", b"c"]
    assert not on_disk.exists()
    assert len(set(stored)) == 3


def test_only_the_owner_of_the_process_may_read_them() -> None:
    path = private_path(save_private(b"a", file_name="x.csv", tenant_id=1))

    assert oct(path.stat().st_mode & 0o777) == "0o600"


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "", "1/../../x"])
def test_nothing_outside_is_reached(name: str) -> None:
    with pytest.raises(SuspiciousFileOperation):
        private_path(name)


def test_another_tenants_file_is_refused(world: World) -> None:
    stored = save_private(b"a", file_name="x.csv", tenant_id=world.globex.id)

    with tenant_scope(world.acme.id), pytest.raises(SuspiciousFileOperation):
        open_private(stored)


def test_a_removed_file_is_gone_with_its_folder() -> None:
    stored = save_private(b"a", file_name="x.csv", tenant_id=1)

    remove_private(stored)
    remove_private(stored)

    assert list((private_root() / "1").iterdir()) == []
