"""When the portal fails, people read so in their language, with a number that the log knows."""

import re
from typing import Any

import pytest
import structlog
from django.db import OperationalError, connection
from django.test import Client

from prm.accounts.models import User
from prm.tenancy.models import Tenant
from tests.conftest import World


def divide_by_zero(*_: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select 1/0")


def failing_page(user: User, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, str]:
    """Ask for a page whose query fails, which leaves the transaction unusable."""
    monkeypatch.setattr("prm.search.views.found", divide_by_zero)
    client = Client(raise_request_exception=False)
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    with structlog.testing.capture_logs(
        processors=[structlog.contextvars.merge_contextvars]
    ) as lines:
        response = client.get("/acme/search/?q=kestrel")
    numbers = {line["request_id"] for line in lines if line["event"] == "request_failed"}
    assert len(numbers) == 1
    return response, numbers.pop()


def test_the_page_names_the_request_as_the_log_does(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    response, number = failing_page(world.manager, monkeypatch)

    assert response.status_code == 500
    assert re.findall(r'<span class="mono">(.*?)</span>', response.content.decode()) == [number]
    assert 'href="/acme/"' in response.content.decode()
    assert response.headers["Cache-Control"] == "private, no-store"


def test_it_speaks_the_persons_language(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.manager.language = "it"
    world.manager.save()

    response, _number = failing_page(world.manager, monkeypatch)

    assert '<html lang="it">' in response.content.decode()
    assert "Something went wrong" not in response.content.decode()


def test_without_a_database_the_browsers_language_is_spoken(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(*_: Any, **__: Any) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(Tenant.objects, "defer", unreachable)
    client = Client(raise_request_exception=False)

    response = client.get("/acme/search/", headers={"Accept-Language": "it"})

    assert response.status_code == 500
    assert '<html lang="it">' in response.content.decode()
