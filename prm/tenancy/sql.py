"""Database expressions that Postgres evaluates when a row is written."""

from typing import Any

from django.db import models
from django.db.models import Func

TENANT_SQL = "(select nullif(current_setting('app.tenant_id', true), '')::bigint)"
PARTNER_SQL = "(select nullif(current_setting('app.partner_id', true), '')::uuid)"


class CurrentTenant(Func):
    """The tenant of the open scope; null outside one, which the column refuses."""

    function = "current_setting"
    template = "nullif(current_setting('app.tenant_id', true), '')::bigint"
    output_field = models.BigIntegerField()

    def __init__(self, **extra: Any) -> None:
        super().__init__(**extra)


class UUID7(Func):
    """A time-ordered uuid made by PostgreSQL 18."""

    function = "uuidv7"
    template = "uuidv7()"
    output_field = models.UUIDField()
