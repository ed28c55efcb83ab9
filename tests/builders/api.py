"""Builders of keys of programs, and a client that calls with one."""

import json
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.test import Client

from prm.accounts.models import User
from prm.api.models import ApiKey
from prm.api.rules import PARTNER_SCOPES, Scope
from prm.api.services import make_key
from prm.events.services import Actor
from prm.tenancy.models import Tenant
from tests.builders.objects import Cast, builds


def a_key(
    by: User,
    at: datetime,
    *,
    partner_id: UUID | None = None,
    scopes: frozenset[str] | None = None,
    expires_at: datetime | None = None,
) -> tuple[ApiKey, str]:
    """Make a key with every right its kind can have; needs the tenant's open scope."""
    return make_key(
        key_id=uuid4(),
        name="Shop",
        partner_id=partner_id,
        scopes=scopes or (PARTNER_SCOPES if partner_id else frozenset(Scope)),
        made_by_id=by.id,
        expires_at=expires_at,
        actor=Actor(user_id=by.id, name=str(by)),
        at=at,
    )


class Caller:
    """Calls one tenant's API as a program does."""

    def __init__(self, tenant: Tenant, secret: str = "", language: str = "en") -> None:
        self.start = f"/{tenant.slug}/api/v1"
        self.client = Client(raise_request_exception=False)
        self.headers = {"Accept-Language": language}
        if secret:
            self.headers["Authorization"] = f"Bearer {secret}"

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(self.start + path, query, headers=self.headers)

    def post(self, path: str, body: Any, *, key: str | None = "", **headers: str) -> Any:
        """Post JSON, or a text as it is; key: the Idempotency-Key, a new one when empty, none for None."""
        sent = {**self.headers, **headers}
        if key is not None:
            sent["Idempotency-Key"] = key or str(uuid4())
        data = body if isinstance(body, str) else json.dumps(body)
        return self.client.post(
            self.start + path, data, content_type="application/json", headers=sent
        )


def a_submission(company: str = "Kestrel Logistics", **more: Any) -> dict[str, Any]:
    """Return the least that a call must say of a prospect."""
    return {
        "company": company,
        "contact": {"name": "Tom Ashdown", "email": "tom@kestrel.example"},
        **more,
    }


@builds("api_key")
def _key(cast: Cast) -> UUID:
    from tests.conftest import NOON

    return a_key(cast.admin, NOON)[0].id


@builds("partner_api_key")
def _partner_key(cast: Cast) -> UUID:
    from tests.conftest import NOON

    return a_key(cast.partner_admin, NOON, partner_id=cast.partner.id)[0].id
