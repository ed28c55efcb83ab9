"""The manager starts the stores, keeps their data, ends them cleanly and recovers from being killed."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from prm.stack.demo import ROOT
from prm.stack.stores import SERVERS

pytestmark = pytest.mark.slow

START_SECONDS = 30


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@contextmanager
def manager(data: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    environment = {key: value for key, value in os.environ.items() if key not in SERVERS}
    process = subprocess.Popen(
        [sys.executable, "-m", "prm.stack", "stores", "--not-durable", "--data", data, *arguments],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.wait(START_SECONDS)
        if process.stdout:
            process.stdout.close()


def wait_for(process: subprocess.Popen[str], words: str) -> str:
    said = ""
    assert process.stdout
    for line in process.stdout:
        said += line
        if words in line:
            return said
    raise AssertionError(f"The manager ended without saying {words!r}:\n{said}")


def variables(data: Path) -> dict[str, str]:
    lines = (data / "env").read_text().splitlines()
    return {name: value.strip("'") for name, _, value in (line.partition("=") for line in lines)}


def processes_on(data: Path) -> set[int]:
    found = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                command = (entry / "cmdline").read_bytes().decode()
                folder = str((entry / "cwd").readlink())
            except OSError:
                continue
            if ("postgres" in command or "valkey" in command) and folder.startswith(str(data)):
                found.add(int(entry.name))
    return found


def test_data_outlives_a_clean_stop_and_the_stop_is_clean(data: Path) -> None:
    with manager(data) as first:
        wait_for(first, "Stores only")
        with psycopg.connect(variables(data)["DATABASE_OWNER_URL"]) as connection:
            connection.execute("create table kept as select 42 as answer")
        first.send_signal(signal.SIGINT)
        code = first.wait(START_SECONDS)
    assert code == 0
    assert processes_on(data) == set()

    with manager(data) as second:
        said = wait_for(second, "Stores only")
        with psycopg.connect(variables(data)["DATABASE_OWNER_URL"]) as connection:
            kept = connection.execute("select answer from kept").fetchone()

    assert kept == (42,)
    assert "cluster made" not in said


def test_roles_are_made_as_the_policies_need_them(data: Path) -> None:
    with manager(data) as process:
        wait_for(process, "Stores only")
        with psycopg.connect(variables(data)["DATABASE_URL"]) as connection:
            roles = connection.execute(
                "select rolname, rolsuper, rolbypassrls, rolcanlogin from pg_roles "
                "where rolname like 'prm%' order by rolname",
            ).fetchall()
            database = connection.execute(
                "select current_user, pg_get_userbyid(datdba) from pg_database "
                "where datname = current_database()",
            ).fetchone()

    assert roles == [
        ("prm_app", False, False, True),
        ("prm_guard", False, True, False),
        ("prm_owner", False, False, True),
    ]
    assert database == ("prm_app", "prm_owner")


def test_a_killed_manager_takes_its_servers_along_and_the_next_start_recovers(data: Path) -> None:
    with manager(data) as first:
        wait_for(first, "Stores only")
        with psycopg.connect(variables(data)["DATABASE_OWNER_URL"]) as connection:
            connection.execute("create table kept as select 42 as answer")
        first.kill()
        first.wait()

    with manager(data) as second:
        wait_for(second, "Stores only")
        with psycopg.connect(variables(data)["DATABASE_OWNER_URL"]) as connection:
            kept = connection.execute("select answer from kept").fetchone()
        of_the_second = processes_on(data)
        second.kill()
        second.wait()
        deadline = time.monotonic() + 10
        while processes_on(data) and time.monotonic() < deadline:
            time.sleep(0.1)
        left = processes_on(data)

    assert kept == (42,)
    assert len(of_the_second) > 1
    assert left == set()


def test_a_killed_postgres_stops_the_rest_with_a_word(data: Path) -> None:
    with manager(data) as process:
        wait_for(process, "Stores only")
        postmaster = int((data / "pg" / "postmaster.pid").read_text().split("\n")[0])
        os.kill(postmaster, signal.SIGKILL)
        said = wait_for(process, "error: ")
        code = process.wait(START_SECONDS)

    assert code == 1
    assert "pg ended with -9" in said


def test_a_pid_file_of_another_program_is_no_obstacle(data: Path) -> None:
    with manager(data) as first:
        wait_for(first, "Stores only")
    record = data / "pg" / "postmaster.pid"
    record.write_text(f"{os.getpid()}\n{data / 'pg'}\n0\n5432\n\n\n")

    with manager(data) as second:
        said = wait_for(second, "Stores only")

    assert "is another program now" in said


def test_a_second_manager_is_told_who_holds_the_data(data: Path) -> None:
    with manager(data) as first:
        wait_for(first, "Stores only")
        with manager(data) as second:
            said = wait_for(second, "error: ")
            code = second.wait(START_SECONDS)

    assert code == 1
    assert f"Already running on {data}: process {first.pid}." in said


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_root_without_namespaces_runs_postgres_as_nobody(data: Path) -> None:
    short = Path("/tmp/prm-test-nobody")
    shutil.rmtree(short, ignore_errors=True)
    with manager(short, "--identity", "nobody") as process:
        said = wait_for(process, "Stores only")
        with psycopg.connect(variables(short)["DATABASE_URL"]) as connection:
            answer = connection.execute("select 1").fetchone()
    shutil.rmtree(short)

    assert "runs as nobody" in said
    assert answer == (1,)


def test_a_long_data_path_still_has_sockets(tmp_path: Path) -> None:
    data = tmp_path / ("long-" * 30)
    with manager(data) as process:
        wait_for(process, "Stores only")
        with psycopg.connect(variables(data)["DATABASE_URL"]) as connection:
            answer = connection.execute("select 1").fetchone()

    assert len(str(data)) > 107
    assert answer == (1,)
