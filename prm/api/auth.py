"""Who calls: the key of a request, made known before the tenant's scope is opened."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja.security import HttpBearer

from prm.api.problems import Problem, insufficient_scope, unauthorised
from prm.api.rules import Scope
from prm.events.services import Actor
from prm.tenancy.models import Tenant


@dataclass(frozen=True)
class Caller:
    """A live key: for the whole tenant when partner_id is None, else for one partner."""

    key_id: UUID
    key_name: str
    partner_id: UUID | None
    scopes: frozenset[str]
    made_by_id: int

    @property
    def actor(self) -> Actor:
        """Who acts, in the audit trail: the person who made the key, by way of a program."""
        return Actor(user_id=self.made_by_id, kind="api", name=self.key_name)


class CallerRequest(HttpRequest):
    """A request whose key has been proved."""

    tenant: Tenant
    caller: Caller


class KeyWith(HttpBearer):
    """Let in a live key that has a scope. The key itself was read by prm.api.middleware."""

    openapi_bearerFormat = "prm_…"  # noqa: N815  the library's name

    def __init__(self, scope: Scope) -> None:
        super().__init__()
        self.scope = scope

    def __call__(self, request: HttpRequest) -> Any:
        """Return the caller. Raises Problem: 401 without a live key, 403 without the scope."""
        caller: Caller | None = getattr(request, "caller", None)
        if caller is None:
            raise unauthorised()
        if self.scope not in caller.scopes:
            raise insufficient_scope(self.scope)
        return caller

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        """Stand in for the library's own reading of the header, which __call__ replaces."""
        raise Problem(401, "unauthorised", "")
