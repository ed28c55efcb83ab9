"""Builders of notices and mails; a scope must be open."""

from datetime import datetime
from typing import Any

from django.utils import timezone

from prm.accounts.models import User
from prm.notices.links import Unsubscription, unsubscribe_token
from prm.notices.models import Notice
from prm.notices.services import notify
from tests.builders.objects import Cast, builds


def tell(
    user: User, at: datetime, *, kind: str = "test.moved", key: str = "change:1", **more: Any
) -> Notice | None:
    """Tell somebody of a company that moved."""
    facts = {"company": "Kestrel & Co <b>"}
    return notify(
        kind=kind, key=key, user_id=user.id, facts=facts, path="referrals/7/", at=at, **more
    )


@builds("notice")
def a_notice(cast: Cast) -> int:
    """A line in the rep's notification centre."""
    row = Notice.objects.create(
        key="built",
        user=cast.rep,
        kind="built",
        facts={"title": "Something happened"},
        path="updates/",
        partner_id=cast.partner.id,
        created_at=timezone.now(),
    )
    return row.id


@builds("unsubscribe_token")
def a_token(cast: Cast) -> str:
    """What a mail to the rep carries to stop its kind."""
    return unsubscribe_token(Unsubscription(cast.tenant.id, cast.rep.id, "built"))
