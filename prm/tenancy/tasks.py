"""Celery tasks that open their tenant's scope by themselves."""

from typing import Any

import structlog
from celery import Task

from prm.tenancy.scope import tenant_scope


class TenantTask(Task):  # type: ignore[type-arg]  # generic in its stubs only
    """A task whose keyword `tenant_id` opens one scope around its body."""

    abstract = True

    def __call__(self, *args: Any, tenant_id: int, **kwargs: Any) -> Any:
        structlog.contextvars.bind_contextvars(tenant_id=tenant_id)
        with tenant_scope(tenant_id):
            return self.run(*args, **kwargs)
