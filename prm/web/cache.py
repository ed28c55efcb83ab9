"""The cache, with PostgreSQL standing in for what may not be forgotten while Redis is away."""

from collections.abc import Callable
from typing import Any

import redis
import structlog
from django.core.cache.backends.db import DatabaseCache
from django.core.cache.backends.redis import RedisCache

logger = structlog.get_logger(__name__)
STAND_IN_TABLE = "prm_cache_stand_in"
# Counts of sign-in attempts and marks of used codes: without them a lost cache would mean
# "allowed" (RULES.md, Identity).
KEPT = ("allauth:", "allauth.", "limit:")


class SteadyCache(RedisCache):
    """Redis while it answers; else nothing is cached, and counts of sign-in attempts go to the database."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._stand_in = DatabaseCache(STAND_IN_TABLE, {"OPTIONS": {"MAX_ENTRIES": 100_000}})

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        return self._try("get", key, default, default, version=version)

    def add(self, key: str, value: Any, timeout: Any = 300, version: int | None = None) -> bool:
        return bool(self._try("add", key, True, value, timeout=timeout, version=version))

    def set(self, key: str, value: Any, timeout: Any = 300, version: int | None = None) -> None:
        self._try("set", key, None, value, timeout=timeout, version=version)

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> int:
        return int(self._try("incr", key, delta, delta, version=version))

    def delete(self, key: str, version: int | None = None) -> bool:
        return bool(self._try("delete", key, False, version=version))

    def clear(self) -> None:
        self._stand_in.clear()
        super().clear()

    def answers(self) -> bool:
        """Tell whether Redis itself answers."""
        try:
            super().get("readyz")
        except Exception:  # noqa: BLE001  whatever is wrong, the answer is no
            return False
        return True

    def _try(self, method: str, key: str, otherwise: Any, *args: Any, **kwargs: Any) -> Any:
        call: Callable[..., Any] = getattr(super(), method)
        try:
            return call(key, *args, **kwargs)
        except (redis.ConnectionError, redis.TimeoutError, OSError) as error:
            logger.warning("cache_away", error=type(error).__name__)
            if str(key).startswith(KEPT):
                return getattr(self._stand_in, method)(key, *args, **kwargs)
            return otherwise
