"""`make demo` says what is wrong in one line before it has started anything."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from prm.stack.demo import ROOT
from prm.stack.stores import SERVERS


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
