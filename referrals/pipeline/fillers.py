"""What the partners' pages show of referrals: counts in the list, the newest ones on a partner's page."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Exists
from django.urls import reverse

from partners.applications.panels import fills as fills_public
from partners.applications.selectors import Typical, median_days
from partners.directory.models import Partner
from partners.directory.panels import Panel, ReferralCounts, fills
from partners.onboarding.models import Fact
from partners.onboarding.panels import fills_first_referral, knows_fact
from partners.programs.models import Program
from prm.accounts.capabilities import Capability
from prm.accounts.members import Member
from prm.audit.subjects import Named, names
from prm.web.paging import COUNT_BOUND
from referrals.pipeline import asides, people_merging  # noqa: F401  its sections, its part of a merge
from referrals.pipeline.models import OPEN_KINDS, Referral, StageChange, StageKind
from referrals.pipeline.tables import STAGE_TONES

SHOWN = 5
# An index walk of at most a thousand entries a partner and number; row-level security names the tenant.
_COUNTS = """
select wanted.id, opened.n, won.n
from unnest(%(ids)s::uuid[]) as wanted(id),
  lateral (select count(*) from (select 1 from referrals_referral r where r.partner_id = wanted.id
    and r.stage_kind = any(%(open)s) limit %(bound)s) x) as opened(n),
  lateral (select count(*) from (select 1 from referrals_referral r where r.partner_id = wanted.id
    and r.stage_kind = 'won' limit %(bound)s) x) as won(n)
"""


_CYCLE = """
select percentile_cont(0.5) within group (order by extract(epoch from closed_at - registered_at)), count(*)
from referrals_referral
where program_id = %(program)s and stage_kind = 'won' and closed_at >= %(since)s
"""


@fills("partner.counts")
def counts(partner_ids: Sequence[UUID]) -> dict[UUID, ReferralCounts]:
    """Return how many referrals of each partner are under way and won, up to 1,000."""
    given: dict[str, Any] = {
        "ids": list(partner_ids),
        "open": [kind.value for kind in OPEN_KINDS],
        "bound": COUNT_BOUND,
    }
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS, given)
        return {row[0]: ReferralCounts(row[1], row[2]) for row in cursor.fetchall()}


@fills("partner.referrals")
def newest(partner: Partner, member: Member) -> Panel | None:
    """Show the partner's newest referrals to those who may see them."""
    if not member.may(Capability.SEE_REFERRALS):
        return None
    rows = (
        Referral.objects.filter(partner_id=partner.id)
        .select_related("stage")
        .order_by("-registered_at", "-id")[:SHOWN]
    )
    lines = [(row, STAGE_TONES.get(row.stage_kind, "accent")) for row in rows]  # type: ignore[call-overload]
    return Panel("referrals/pipeline/of_partner.html", {"lines": lines, "partner": partner})


@names("referral")
def referral_names(ids: Sequence[str]) -> dict[str, Named]:
    """Return referrals by id, for the audit trail."""
    rows = Referral.objects.filter(id__in=ids).values_list("id", "number", "company")
    return {
        str(key): Named(
            f"{number} {company}",
            reverse("referrals:manage-referral-detail", kwargs={"referral_id": key}),
        )
        for key, number, company in rows
    }


# A referral that got so far was accepted on its way, or went past that at once.
_ACCEPTED = (StageKind.ACCEPTED, StageKind.QUALIFIED, StageKind.OPPORTUNITY, StageKind.WON)


@fills_first_referral
def has_referred(partner: Any, program: Any) -> Exists:
    """Return the condition that the partner has sent a referral to the program."""
    return Exists(Referral.objects.filter(partner_id=partner, program_id=program))


@knows_fact(Fact.REFERRAL)
def with_referral(partner_ids: Collection[UUID], program_id: UUID | None) -> set[UUID]:
    """Return the partners that have sent a referral, in any program when none is named."""
    rows = Referral.objects.filter(partner_id__in=partner_ids)
    rows = rows.filter(program_id=program_id) if program_id else rows
    return set(rows.order_by().values_list("partner_id", flat=True).distinct())


@knows_fact(Fact.ACCEPTED)
def with_accepted(partner_ids: Collection[UUID], program_id: UUID | None) -> set[UUID]:
    """Return the partners of which a referral was ever accepted."""
    return _reached(partner_ids, program_id, _ACCEPTED)


@knows_fact(Fact.WON)
def with_won(partner_ids: Collection[UUID], program_id: UUID | None) -> set[UUID]:
    """Return the partners of which a referral was ever won."""
    return _reached(partner_ids, program_id, (StageKind.WON,))


def _reached(
    partner_ids: Collection[UUID], program_id: UUID | None, kinds: Sequence[str]
) -> set[UUID]:
    rows = StageChange.objects.filter(partner_id__in=partner_ids, to_kind__in=kinds)
    rows = rows.filter(referral__program_id=program_id) if program_id else rows
    return set(rows.order_by().values_list("partner_id", flat=True).distinct())


@fills_public("cycle")
def cycle(program: Program, at: datetime) -> Typical:
    """Say on a program's public page how long its referrals take from registration to the deal."""
    return median_days("cycle", _CYCLE, program.id, at)
