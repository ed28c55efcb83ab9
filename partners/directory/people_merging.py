"""Two logins of one human become one inside the tenant: what the second has done follows the first.

    register_part(Part(label=_("Submitted referrals"), rows=..., carry=...))

Each package names its own rows; the page counts them before, the merge carries them. Evidence stays as it was signed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from allauth.usersessions.models import UserSession
from django.db import transaction
from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy

from partners.directory.models import Partner
from prm.accounts.invitations import revoke_invitation
from prm.accounts.models import Invitation, Membership, User
from prm.accounts.services import (
    LastAdmin,
    end_membership,
)
from prm.events.models import Event
from prm.events.services import Actor, emit
from prm.notices.models import Notice
from prm.tenancy.scope import current_scope


class PersonMergeRefused(ValueError):
    """The two logins cannot be merged; `words` says why, in the active language."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


@dataclass(frozen=True)
class Part:
    """Rows that follow a person: what they are called, which would move from one to the other, and their column.

    settle: does what is left once they moved, such as counting for the one what the other had reached.
    """

    label: str | Promise
    rows: Callable[[int, int], QuerySet[Any]]
    column: str
    settle: Callable[[int, int], None] | None = None


_parts: list[Part] = []


def register_part(part: Part) -> None:
    """Let a package's rows follow a person."""
    _parts.append(part)


def preview(*, from_user_id: int, into_user_id: int = 0) -> list[tuple[str | Promise, int]]:
    """Return what would move and how many rows of it; without the one who stays, at most that many."""
    return [(part.label, part.rows(from_user_id, into_user_id).count()) for part in _parts]


@transaction.atomic
def merge_people(*, from_id: int, into_id: int, actor: Actor, at: datetime) -> Membership:
    """Merge the login of one place into that of another of the same team, and return the place that stays.

    from_id, into_id: memberships of the open tenant, both on its staff or both in one partner. Referrals, courses and
    notices follow; signatures and history stay as written. The place ends, so do the login's sessions and invitations
    to its address; the login itself is not changed. It cannot be undone; a repeat is Membership.DoesNotExist.
    Raises PersonMergeRefused. Emits membership.ended and person.merged.
    """
    tenant_id = current_scope().tenant_id
    live = Membership.objects.filter(tenant_id=tenant_id, ended_at=None).select_related("user")
    gone, stays = live.get(id=from_id), live.get(id=into_id)
    # Whoever gives the login a place elsewhere waits until this is over.
    list(User.objects.select_for_update().filter(id__in=[gone.user_id, stays.user_id]))
    _check(gone, stays, actor)
    try:
        end_membership(
            membership_id=gone.id,
            tenant_id=tenant_id,
            partner_id=gone.partner_id,
            actor=actor,
            at=at,
        )
    except LastAdmin:
        raise PersonMergeRefused(
            gettext(
                "The login that goes is the only admin. Make the one that stays an admin first."
            )
        ) from None
    for part in _parts:
        part.rows(gone.user_id, stays.user_id).update(**{part.column: stays.user_id})
        if part.settle:
            part.settle(gone.user_id, stays.user_id)
    waiting = Invitation.objects.filter(email=gone.user.email, accepted_at=None, revoked_at=None)
    for invitation in waiting.order_by("id"):
        revoke_invitation(invitation_id=invitation.id, actor=actor, at=at)
    for session in UserSession.objects.filter(user_id=gone.user_id):
        session.end()
    emit(
        "person.merged",
        subject=f"membership:{stays.id}",
        actor=actor,
        partner_id=stays.partner_id,
        payload={
            "membership_id": stays.id,
            "user_id": stays.user_id,
            "from_membership_id": gone.id,
            "from_user_id": gone.user_id,
        },
        changes={"email": [gone.user.email, stays.user.email]},
        at=at,
    )
    return stays


def kept_login(user_id: int) -> User | None:
    """Return the login that a person's merged one lives on in here; None for a login that was not merged."""
    merges = Event.objects.filter(name="person.merged").order_by("id")
    found = user_id
    # In their order each merge is met after the one before it.
    for payload in merges.values_list("payload", flat=True):
        if payload["from_user_id"] == found:
            found = payload["user_id"]
    return User.objects.get(id=found) if found != user_id else None


def _check(gone: Membership, stays: Membership, actor: Actor) -> None:
    """Refuse what is not two logins of one team, or a login that is used elsewhere."""
    if gone.id == stays.id or gone.partner_id != stays.partner_id:
        raise PersonMergeRefused(
            gettext("Both logins must belong to the same partner, or both to the staff.")
        )
    if gone.user_id == actor.user_id:
        raise PersonMergeRefused(
            gettext("You are signed in with the login that would go. Merge it the other way round.")
        )
    others = Membership.objects.filter(user_id=gone.user_id).exclude(id=gone.id)
    if others.exclude(tenant_id=gone.tenant_id).exists():
        raise PersonMergeRefused(
            gettext("This login is used in another portal too, so it cannot be merged here.")
        )
    if others.filter(ended_at=None).exists():
        raise PersonMergeRefused(
            gettext("This login has another place in this portal. End that place first.")
        )


def _notices(gone: int, stays: int) -> QuerySet[Notice]:
    known = Notice.objects.filter(user_id=stays).values("key")
    return Notice.objects.filter(user_id=gone).exclude(key__in=known)


register_part(Part(gettext_lazy("Notices"), _notices, "user_id"))
register_part(
    Part(
        gettext_lazy("Partners looked after"),
        lambda gone, _stays: Partner.objects.filter(manager_id=gone),
        "manager_id",
    )
)
