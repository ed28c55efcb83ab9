"""`make demo` says what is wrong before it has started anything, and its year stands every proof there is."""

import http.client
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from prm.demo.tenants import TENANTS
from prm.stack.demo import ROOT
from prm.stack.stores import SERVERS
from tests.prm.stack.test_stores import manager, variables, wait_for


def demo(data: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if key not in SERVERS}
    return subprocess.run(
        [sys.executable, "-m", "prm.stack", "demo", "--data", data, *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_port_in_use_is_named_with_the_way_out(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        ran = demo(tmp_path / "data", "--port", str(port))

    assert ran.returncode == 1
    assert f"error: Port {port} is in use" in ran.stderr
    assert f"make demo PORT={port + 1}" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert not (tmp_path / "data" / "pg").exists()


@pytest.mark.parametrize("port", ["http", "0", "70000", ""])
def test_a_port_that_is_none_is_refused(tmp_path: Path, port: str) -> None:
    ran = demo(tmp_path / "data", "--port", port)

    assert ran.returncode == 2
    assert "PORT must be a number from 1 to 65535" in ran.stderr


@pytest.mark.slow
def test_it_serves_stops_cleanly_comes_back_with_its_data_and_every_proof_holds(
    tmp_path: Path,
) -> None:
    data = tmp_path / "data"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    first_lines, first_code, first_pages = _start_look_stop(data, port)
    second_lines, second_code, second_pages = _start_look_stop(data, port)

    assert (first_code, second_code) == (0, 0)
    assert [status for status, _ in first_pages + second_pages] == [200, 404, 200, 404]
    assert "DEBUG" not in first_pages[1][1]
    assert any("login" in line for line in first_lines)
    assert any("cluster made" in line for line in first_lines)
    assert not any("cluster made" in line for line in second_lines)
    assert "Stopped in" in second_lines[-1]
    said = _verified(data)
    for story in TENANTS:
        assert f"{story.slug}: right (" in said
        assert f"{story.slug}: right (0 transfers" not in said
    assert "proofs, all sound" in said


def _verified(data: Path) -> str:
    """Prove the year, played through the product's own services, with nothing but the stores running."""
    with manager(data) as stores:
        wait_for(stores, "Stores only")
        return subprocess.run(
            [sys.executable, "manage.py", "verify"],
            cwd=ROOT,
            env=os.environ | variables(data) | {"DEBUG": "0"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
        ).stdout


def _start_look_stop(data: Path, port: int) -> tuple[list[str], int, list[tuple[int, str]]]:
    """Run the demo as from a developer's shell, where DEBUG=1."""
    environment = {key: value for key, value in os.environ.items() if key not in SERVERS}
    process = subprocess.Popen(
        [sys.executable, "-m", "prm.stack", "demo", "--data", data, "--port", str(port)],
        cwd=ROOT,
        env=environment | {"DEBUG": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    lines = []
    pages = []
    try:
        for line in process.stdout or ():
            lines.append(line)
            if "Ready: " in line:
                pages = [_page(port, "/accounts/login/"), _page(port, "/healthz/nowhere/")]
                process.send_signal(signal.SIGINT)
        return lines, process.wait(60), pages
    finally:
        process.kill()
        if process.stdout:
            process.stdout.close()


def _page(port: int, path: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("localhost", port, timeout=20)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()
