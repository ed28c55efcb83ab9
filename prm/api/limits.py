"""How often a key may call; counted in the cache, kept when Redis is away."""

import time
from dataclasses import dataclass
from uuid import UUID

from django.core.cache import cache
from django.http import HttpResponse

# Calls of one key in a minute; a busy shop's sales fit, a script that runs wild does not.
CALLS_PER_MINUTE = 240
# What the form allows a person, too: the answer is worth something to a stranger's list.
CHECKS_PER_HOUR = 60


@dataclass(frozen=True)
class Count:
    """Where a key stands in the running window: its most, what is left, seconds to the next window."""

    most: int
    left: int
    seconds: int
    within: bool

    def mark(self, response: HttpResponse) -> None:
        """Write the count into the response's headers."""
        response.headers["RateLimit-Limit"] = str(self.most)
        response.headers["RateLimit-Remaining"] = str(self.left)
        response.headers["RateLimit-Reset"] = str(self.seconds)


def counted(key_id: UUID, *, what: str, most: int, window: int) -> Count:
    """Count one more call of a key in fixed windows of so many seconds; at most `most` are within."""
    now = time.time()
    name = f"limit:api-{what}:{key_id}:{int(now) // window}"
    cache.add(name, 0, window)
    try:
        count = cache.incr(name)
    except ValueError:  # its window ended between the two
        count = 1
    return Count(most, max(most - count, 0), window - int(now) % window, count <= most)
