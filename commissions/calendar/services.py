"""Secret addresses of the money calendar: made for one person, found by a digest, revoked at any time."""

import secrets
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.crypto import salted_hmac

from commissions.calendar.models import CalendarFeed
from partners.directory.models import Partner
from prm.accounts.capabilities import Capability
from prm.accounts.secrets import decrypt, encrypt
from prm.accounts.selectors import members_with
from prm.events.services import Actor, emit

SECRET_BYTES = 32


def live_feed(*, partner_id: UUID, user_id: int) -> CalendarFeed | None:
    """Return the person's address for a partner's calendar, None when there is none."""
    return CalendarFeed.objects.filter(
        partner_id=partner_id, user_id=user_id, revoked_at=None
    ).first()


def secret_of(feed: CalendarFeed) -> str:
    """Return what stands in the address."""
    return decrypt(feed.secret)


@transaction.atomic
def open_feed(*, partner_id: UUID, actor: Actor, at: datetime) -> CalendarFeed:
    """Make the person's address, or a new one in place of the old, which is dead from now on.

    Emits payout_calendar.opened, and payout_calendar.revoked for the old one.
    """
    assert actor.user_id is not None, "an address belongs to a person"
    Partner.objects.select_for_update(no_key=True).get(id=partner_id)
    close_feed(partner_id=partner_id, actor=actor, at=at)
    secret = secrets.token_urlsafe(SECRET_BYTES)
    feed = CalendarFeed.objects.create(
        partner_id=partner_id,
        user_id=actor.user_id,
        digest=_digest(secret),
        secret=encrypt(secret),
        made_at=at,
    )
    _emit_feed("payout_calendar.opened", partner_id, actor, at)
    return feed


@transaction.atomic
def close_feed(*, partner_id: UUID, actor: Actor, at: datetime) -> None:
    """Revoke the person's address. A repeat does nothing. Emits payout_calendar.revoked."""
    assert actor.user_id is not None, "an address belongs to a person"
    mine = CalendarFeed.objects.filter(
        partner_id=partner_id, user_id=actor.user_id, revoked_at=None
    )
    if mine.update(revoked_at=at):
        _emit_feed("payout_calendar.revoked", partner_id, actor, at)


def feed_behind(secret: str, *, tenant_id: int) -> CalendarFeed | None:
    """Return the live address with this secret whose person may still see the partner's earnings; else None."""
    feed = (
        CalendarFeed.objects.filter(digest=_digest(secret), revoked_at=None)
        .select_related("user", "partner")
        .first()
    )
    if feed is None:
        return None
    people = members_with(Capability.SEE_EARNINGS, tenant_id=tenant_id, partner_id=feed.partner_id)
    return feed if feed.user_id in {person.id for person in people} else None


def _digest(secret: str) -> str:
    return salted_hmac("commissions.calendar.feed", secret, algorithm="sha256").hexdigest()


def _emit_feed(name: str, partner_id: UUID, actor: Actor, at: datetime) -> None:
    emit(
        name,
        subject=f"partner:{partner_id}",
        actor=actor,
        partner_id=partner_id,
        at=at,
        queue=False,
    )
