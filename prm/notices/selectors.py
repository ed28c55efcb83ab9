"""Reads about notices."""

from prm.notices.models import Notice

UNREAD_SHOWN = 99


def unread_count(user_id: int) -> int:
    """Return how many of the person's notices are unread, at most 99."""
    return Notice.objects.filter(user_id=user_id, read_at=None)[:UNREAD_SHOWN].count()
