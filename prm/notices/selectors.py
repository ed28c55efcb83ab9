"""Reads about notices and mails."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.urls import reverse

from prm.accounts.members import Member
from prm.notices.kinds import Kind, kind_named, kinds_for
from prm.notices.models import Mail, MailState, Notice, NoticePreference

UNREAD_SHOWN = 99


@dataclass(frozen=True)
class NoticeLine:
    """One line of the notification centre, in the reader's language."""

    id: int
    title: str
    label: Any
    at: datetime
    unread: bool
    url: str


@dataclass(frozen=True)
class PreferenceLine:
    """One kind on the page of preferences."""

    kind: Kind
    by_email: bool
    in_portal: bool


def unread_count(user_id: int, partner_id: UUID | None = None) -> int:
    """Return how many notices the person has not read, at most 99; for partner people those of this partner."""
    return _own(user_id, partner_id).filter(read_at=None)[:UNREAD_SHOWN].count()


def notices_of(member: Member) -> QuerySet[Notice]:
    """Return the member's notices; a person of two partners sees each partner's apart."""
    return _own(member.user_id, member.partner_id)


def notice_lines(notices: list[Notice]) -> list[NoticeLine]:
    """Return notices as they are shown."""
    return [
        NoticeLine(
            id=notice.id,
            title=_title(notice),
            label=kind_named(notice.kind).label,
            at=notice.created_at,
            unread=notice.read_at is None,
            url=reverse("notice-open", kwargs={"notice_id": notice.id}),
        )
        for notice in notices
    ]


def preference_lines(*, user_id: int, staff: bool) -> list[PreferenceLine]:
    """Return every kind such a person can get with what is in force for them."""
    chosen = {row.kind: row for row in NoticePreference.objects.filter(user_id=user_id)}
    lines = []
    for kind in kinds_for(staff=staff):
        row = chosen.get(kind.name)
        by_email = kind.mandatory or (row.by_email if row else kind.default_email)
        lines.append(
            PreferenceLine(kind, by_email, kind.mandatory or (row.in_portal if row else True))
        )
    return lines


def failed_mails() -> list[Mail]:
    """Return the newest mails of the open tenant that were given up, at most 100."""
    return list(Mail.objects.filter(state=MailState.FAILED).order_by("-id")[:100])


def _own(user_id: int, partner_id: UUID | None) -> QuerySet[Notice]:
    own = Notice.objects.filter(user_id=user_id)
    return own.filter(Q(partner_id=None) | Q(partner_id=partner_id)) if partner_id else own


def _title(notice: Notice) -> str:
    kind = kind_named(notice.kind)
    try:
        return kind.title(notice.facts)
    except (KeyError, TypeError, ValueError):
        # Facts written by an older version; a line of the list must not break the page.
        return str(kind.label)
