"""One unit of work = one transaction = one tenant."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from uuid import UUID

from django.db import connection, transaction

_SET = "select set_config('app.tenant_id', %s, true), set_config('app.partner_id', %s, true)"


@dataclass(frozen=True)
class Scope:
    """The tenant, and for partner people the partner, that the open transaction sees."""

    tenant_id: int
    partner_id: UUID | None


_open: ContextVar[Scope | None] = ContextVar("prm_scope", default=None)


class ScopeAlreadyOpen(RuntimeError):
    """A scope was opened inside another; a sweep over tenants is a loop of scopes."""


class NoScope(RuntimeError):
    """Work that belongs to a tenant was tried outside a scope."""


@contextmanager
def tenant_scope(tenant_id: int, partner_id: UUID | None = None) -> Iterator[Scope]:
    """Open one transaction that sees one tenant, and one partner of it when given.

    An exception rolls everything back. Raises ScopeAlreadyOpen inside another scope.
    """
    if _open.get() is not None:
        raise ScopeAlreadyOpen(f"tenant {_open.get()} is open already")
    scope = Scope(tenant_id, partner_id)
    token = _open.set(scope)
    outermost = not connection.in_atomic_block
    try:
        with transaction.atomic():
            _apply(str(tenant_id), str(partner_id or ""))
            yield scope
            # Inside an outer transaction, as in tests, the local setting would outlive this block.
            if not outermost and not connection.needs_rollback:
                _apply("", "")
    finally:
        _open.reset(token)


def current_scope() -> Scope:
    """Return the open scope. Raises NoScope outside one."""
    scope = _open.get()
    if scope is None:
        raise NoScope("open tenant_scope(...) first")
    return scope


def scope_is_open() -> bool:
    """Tell whether a scope is open."""
    return _open.get() is not None


def _apply(tenant_id: str, partner_id: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_SET, [tenant_id, partner_id])
