"""Reads about how partners share out what they earn."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db import connection

from commissions.teams.models import TeamShare, TeamSplit
from commissions.teams.rules import parts
from prm.accounts.members import Member


@dataclass(frozen=True)
class MonthPart:
    """A person's part of what its partner earned in a month; minor units of the currency."""

    month: date
    currency: str
    minor: int


def splits_of(partner_id: UUID, program_id: UUID) -> list[TeamSplit]:
    """Return what a partner said about a program, the newest first day first."""
    return list(
        TeamSplit.objects.filter(partner_id=partner_id, program_id=program_id)
        .select_related("set_by")
        .prefetch_related("shares__user")
        .order_by("-from_on", "-id")
    )


def split_on(splits: list[TeamSplit], day: date) -> TeamSplit | None:
    """Return the one that counts for what is earned on a day; splits: as splits_of gives them."""
    return next((split for split in splits if split.from_on <= day), None)


def sees_parts(member: Member) -> bool:
    """Tell whether a person was ever given a part that it may see."""
    return (
        member.partner_id is not None
        and TeamShare.objects.filter(
            partner_id=member.partner_id, user_id=member.user_id, split__is_shown=True
        ).exists()
    )


def own_parts(member: Member, since: date) -> list[MonthPart]:
    """Return a person's parts of what its partner earned since a day, by month, the newest first.

    Only where the partner lets its people see them.
    What was taken back of a reward is off before it is shared out; what was taken instead of money is left out.
    In the partner's scope; information, not a debt.
    """
    if member.partner_id is None:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            _PARTS, {"partner": member.partner_id, "user": member.user_id, "since": since}
        )
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    sums: dict[tuple[date, str], int] = defaultdict(int)
    for earned_on, currency, left, shares, place in rows:
        sums[earned_on.replace(day=1), currency] += parts(left, shares)[place]
    return [
        MonthPart(month, currency, minor)
        for (month, currency), minor in sorted(
            sums.items(), key=lambda item: (-item[0][0].toordinal(), item[0][1])
        )
    ]


# One row per reward that the person has a part of: what is left of it, all shares in order, the person's place.
_PARTS = """
select a.earned_on, a.currency, a.amount_minor - a.clawed_minor, w.shares, w.place
  from commissions_accrual a
  join commissions_plan_version v on v.tenant_id = a.tenant_id and v.id = a.version_id
  join lateral (
       select s.id, s.is_shown from commissions_team_split s
        where s.tenant_id = a.tenant_id and s.partner_id = a.partner_id and s.program_id = v.program_id
          and s.from_on <= a.earned_on
        order by s.from_on desc, s.id desc limit 1) t on t.is_shown
  join lateral (
       select array_agg(h.share order by h.place) as shares,
              max(h.place) filter (where h.user_id = %(user)s) as place
         from commissions_team_share h where h.tenant_id = a.tenant_id and h.split_id = t.id) w on w.place is not null
 where a.partner_id = %(partner)s and a.payee_id is null and a.replaced_at is null and a.earned_on >= %(since)s
   and not exists (select from commissions_transfer x where x.tenant_id = a.tenant_id and x.key = 'in_kind:' || a.id)
"""
