"""The partner's list, read by hand-written SQL: building these statements through models costs more than running them.

They hold the same filters as Wanted.rows; a test keeps both equal.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone
from django.utils.translation import get_language

from prm.accounts.members import Member
from prm.web.counts import Counted
from referrals.pipeline.models import StageKind
from referrals.pipeline.rules import FORWARD_PATH, normalised_company
from referrals.pipeline.selectors import VIEWS
from referrals.pipeline.wanted import Wanted


@dataclass(slots=True)
class Listed:
    """One line of the list. The deal is in minor units of the currency; step 0 of 0 when no stage is on the way."""

    id: UUID
    number: str
    program_id: UUID
    partner_id: UUID
    company: str
    contact_name: str
    contact_title: str
    sender: str
    stage_name: str
    stage_kind: str
    stage_entered_at: datetime
    registered_at: datetime
    closed_at: datetime | None
    deal_minor: int | None
    currency: str
    next_step: str
    next_step_on: date | None
    contact_hidden: bool
    protected_until: datetime | None
    path_step: int
    path_total: int

    @property
    def stage_label(self) -> str:
        """The stage's name, or its kind in the reader's language."""
        return self.stage_name or _kind_label(self.stage_kind, get_language())


@lru_cache(maxsize=128)
def _kind_label(kind: str, language: str | None) -> str:
    """Return what a stage without a name of its own is called in the active language."""
    return str(StageKind(kind).label)


# The page is chosen from its own table alone and dressed afterwards. Stages are few: one look at them a program.
_PAGE = """
with page as materialized (
  select r.id, r.registered_at from referrals_referral r where {where}
   order by r.registered_at {way}, r.id {way} limit %(limit)s
), path as materialized (
  select program_id, array_agg(position order by position) as positions
    from referrals_stage where retired_at is null and kind = any(%(path)s) group by program_id
)
select r.id, r.number, r.program_id, r.partner_id, r.company, r.contact_name, r.contact_title,
       coalesce(nullif(u.name, ''), u.email::text, r.submitted_by_name) as submitted_by_name, coalesce(s.name, ''),
       r.stage_kind, r.stage_entered_at, r.registered_at, r.closed_at, r.deal_minor, r.currency,
       r.next_step, r.next_step_on, r.contact_hidden, r.protected_until,
       (select count(*)::int from unnest(path.positions) place where place <= s.position),
       coalesce(cardinality(path.positions), 0)
  from page
  join referrals_referral r on r.id = page.id
  join referrals_stage s on s.id = r.stage_id
  left join path on path.program_id = r.program_id
  left join prm_user u on u.id = r.submitted_by_id
 order by page.registered_at {way}, page.id {way}
"""
_COUNT = "select count(*) from (select 1 from referrals_referral r where {where} limit %(bound)s) x"


def own_page(
    wanted: Wanted, member: Member, *, place: list[Any] | None, rising: bool, limit: int
) -> list[Listed]:
    """Return the partner's referrals beyond a place (registered_at, id), the oldest first when rising."""
    parts, values = _where(wanted, member)
    if place is not None:
        sign = ">" if rising else "<"
        parts.append(f"(r.registered_at, r.id) {sign} (%(place_at)s, %(place_id)s)")
        values |= {"place_at": place[0], "place_id": place[1]}
    statement = _PAGE.format(where=" and ".join(parts), way="asc" if rising else "desc")
    values |= {"limit": limit, "path": [str(kind) for kind in FORWARD_PATH]}
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [Listed(*row) for row in cursor.fetchall()]


def own_counts(wanted: Wanted, member: Member, *, bound: int) -> Mapping[str, Counted]:
    """Return what counts the partner's referrals up to bound + 1: "all", each view, and "shown" when asked narrower."""
    wishes = {"all": Wanted(), **{view: Wanted(view=view) for view in VIEWS}}
    if wanted.is_narrow:
        wishes["shown"] = wanted
    found = {}
    for name, wish in wishes.items():
        parts, values = _where(wish, member)
        found[name] = Counted(
            _COUNT.format(where=" and ".join(parts)), values | {"bound": bound + 1}
        )
    return found


def _where(wanted: Wanted, member: Member) -> tuple[list[str], dict[str, Any]]:
    """Return the conditions on referrals_referral r of what a partner's person asks for and may see."""
    parts = ["r.partner_id = %(partner)s"]
    values: dict[str, Any] = {"partner": member.own_partner_id}
    if not member.sees_all_referrals:
        parts.append("r.submitted_by_id = %(user)s")
        values["user"] = member.user_id
    if wanted.view in VIEWS:
        parts.append("r.stage_kind = any(%(kinds)s)")
        values["kinds"] = list(VIEWS[wanted.view])
    if wanted.kind:
        parts.append("r.stage_kind = %(kind)s")
        values["kind"] = wanted.kind
    if wanted.days:
        parts.append("r.registered_at >= %(since)s")
        values["since"] = timezone.now() - timedelta(days=wanted.days)
    if words := wanted.words.strip():
        company = normalised_company(words)
        # Ranges instead of LIKE: behind row-level security only leak-proof operators use an index.
        named = "(r.company_norm >= %(low)s and r.company_norm < %(high)s)" if company else "false"
        parts.append(f"(r.number = %(number)s or {named})")
        values |= {"number": words.upper(), "low": company, "high": company + "\U0010ffff"}
    return parts, values
