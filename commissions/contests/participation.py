"""Who may take part in a contest, who did, and what it brought."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from commissions.accruals.models import RepRewards
from commissions.accruals.reps import policies_of
from commissions.contests.models import Contest
from commissions.contests.rules import Uplift
from commissions.ledger.selectors import tenant_zone
from commissions.tiers.selectors import lowest_tiers, name_on, tiers_on
from partners.directory.models import Enrollment
from prm.accounts.models import Membership
from prm.tenancy.scope import current_scope

# Partners that a page names one by one.
NAMED = 10


@dataclass(frozen=True)
class Employers:
    """What partners let their people receive: how many allow money, how many only things, and who allows nothing.

    refusing: names, in order.
    """

    money: int
    things: int
    refusing: list[str]

    @property
    def named_refusing(self) -> str:
        """The first of those that allow nothing."""
        rest = len(self.refusing) - NAMED
        return ", ".join(self.refusing[:NAMED]) + (f" + {rest}" if rest > 0 else "")


def employers_of(contest: Contest, at: datetime) -> Employers:
    """Return what the partners of a contest's program and tiers let their people receive at a moment. For staff."""
    names = _partners_of(contest)
    said = policies_of(names, at)
    return Employers(
        sum(word == RepRewards.CASH for word in said.values()),
        sum(word == RepRewards.NON_CASH for word in said.values()),
        [name for key, name in names.items() if said[key] == RepRewards.NONE],
    )


def uplift_of(contest: Contest, until: datetime) -> Uplift:
    """Return what counted before and during a contest; until: the moment to count to while it runs.

    The time before is as long as the time counted, and ends where the contest begins. Of what counts only the event
    and the products are asked, not whether it still stands. Where tiers or employers decide who takes part, counted are
    those who may at `until`.
    """
    end = min(contest.ends_at, until)
    partner_ids: Collection[UUID] = _partners_of(contest)
    if contest.is_for_people:
        said = policies_of(partner_ids, until)
        partner_ids = [key for key in partner_ids if said[key] != RepRewards.NONE]
    values: dict[str, Any] = {
        "program": contest.program_id,
        "kind": "qualified" if contest.metric == "qualified" else "won",
        "products": [name.lower() for name in contest.products],
        "before": contest.starts_at - max(end - contest.starts_at, timedelta(0)),
        "start": contest.starts_at,
        "end": end,
        "people": contest.is_for_people,
        "limited": contest.is_for_people or bool(contest.tiers),
        "partners": list(partner_ids),
        "tenant": current_scope().tenant_id,
    }
    with connection.cursor() as cursor:
        cursor.execute(_UPLIFT, values)
        took_part, before, during, returned = cursor.fetchone()
    eligible = _people_at(partner_ids) if contest.is_for_people else len(partner_ids)
    return Uplift(took_part, eligible, before, during, returned)


def _partners_of(contest: Contest) -> dict[UUID, str]:
    """Return the partners at work in the program, of the tiers that take part, with their names, by name."""
    names = dict(
        Enrollment.objects.at_work()
        .filter(program_id=contest.program_id)
        .order_by("partner__name", "partner_id")
        .values_list("partner_id", "partner__name")
    )
    if not contest.tiers:
        return names
    program_id = contest.program_id
    first = contest.starts_at.astimezone(tenant_zone()).date()
    spans = tiers_on([(key, program_id) for key in names], [first])
    lowest = lowest_tiers([program_id]).get(program_id, "")
    return {
        key: name
        for key, name in names.items()
        if (name_on(spans.get((key, program_id), []), first) or lowest) in contest.tiers
    }


def _people_at(partner_ids: Collection[UUID]) -> int:
    return Membership.objects.filter(
        tenant_id=current_scope().tenant_id, partner_id__in=partner_ids, ended_at=None
    ).count()


_UPLIFT = """
with counted as (
  select r.partner_id, case when %(people)s then r.submitted_by_id end as person_id, min(x.at) as at
    from referrals_referral r
    join referrals_stage_change x on x.tenant_id = r.tenant_id and x.referral_id = r.id and x.to_kind = %(kind)s
   where r.program_id = %(program)s
     and (cardinality(%(products)s::text[]) = 0 or lower(r.product) = any(%(products)s::text[]))
     and (not %(limited)s or r.partner_id = any(%(partners)s::uuid[]))
     and (not %(people)s or exists (
           select from prm_membership m
            where m.tenant_id = %(tenant)s and m.partner_id = r.partner_id and m.user_id = r.submitted_by_id
              and m.ended_at is null))
   group by r.id, r.partner_id, 2
), sums as (
  select partner_id, person_id, count(*) filter (where at >= %(before)s and at < %(start)s) as before,
         count(*) filter (where at >= %(start)s and at < %(end)s) as during
    from counted where at >= %(before)s and at < %(end)s group by partner_id, person_id
)
select count(*) filter (where during > 0), coalesce(sum(before), 0)::bigint, coalesce(sum(during), 0)::bigint,
       count(*) filter (where during > 0 and before = 0)
  from sums
"""
