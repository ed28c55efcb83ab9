"""What a partner has to know before it loses something: activity that ends, preferred terms that end."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import Min

from commissions.ledger.selectors import tenant_zone
from commissions.plans.activity import inactive_from, standard_from
from commissions.plans.rules import Version
from commissions.plans.selectors import published_terms, refined_programs
from commissions.plans.terms import Activity
from partners.programs.models import Program
from prm.accounts.capabilities import Capability
from prm.accounts.selectors import members_with
from prm.notices.services import notify
from prm.tenancy.scope import current_scope
from referrals.pipeline.models import Referral, StageChange, StageKind

# Days before the end on which the partner hears of it; a day that was missed is made up for.
WARNINGS = (7, 30, 60)


@dataclass(frozen=True)
class Standing:
    """One partner in one program: until which day it is active (that day not included)."""

    program: str
    program_id: UUID
    activity: Activity
    ends_on: date
    is_active: bool

    @property
    def last_day(self) -> date:
        """The last day with activity."""
        return self.ends_on - timedelta(days=1)


def warn_of_lapses(*, at: datetime) -> int:
    """Tell partners what ends in 60, 30 and 7 days, and what ended; return how many notices were asked for.

    Each is told once: a repeat of the day tells nobody.
    """
    today = at.astimezone(tenant_zone()).date()
    programs = {row.id: row for row in Program.objects.filter(id__in=refined_programs())}
    told = 0
    for program_id, versions in published_terms(programs).items():
        program = programs[program_id]
        for activity in _activities(versions):
            for partner_id, wins in _wins(program_id).items():
                told += _warn(program, activity, partner_id, wins=wins, today=today, at=at)
        told += _warn_preferred(program, versions, today, at)
    return told


def tell_return(*, referral_id: UUID, at: datetime) -> None:
    """Tell the partner that a win made it active again, when it was not."""
    referral = Referral.objects.select_related("program").filter(id=referral_id).first()
    if referral is None:
        return
    today = at.astimezone(tenant_zone()).date()
    versions = published_terms([referral.program_id]).get(referral.program_id, [])
    for activity in _activities(versions):
        wins = _wins(referral.program_id, referral.partner_id).get(referral.partner_id, [])
        before = [day for day in wins if day < today]
        ended, ends = (
            inactive_from(before, today, activity),
            inactive_from(wins, today, activity),
        )
        if ended and ended <= today and ends and ends > today:
            _notify_people(
                "activity.returned",
                f"active:{referral.program_id}:{ends}",
                partner_id=referral.partner_id,
                program=referral.program,
                day=ends - timedelta(days=1),
                at=at,
            )


def standings_of(partner_id: UUID, on: date) -> list[Standing]:
    """Return where a partner stands in programs that pay while it is active, by program."""
    programs = {row.id: row for row in Program.objects.filter(id__in=refined_programs())}
    found = []
    for program_id, versions in published_terms(programs).items():
        for activity in _activities(versions):
            wins = _wins(program_id, partner_id).get(partner_id, [])
            ends = inactive_from(wins, on, activity)
            if ends:
                found.append(
                    Standing(programs[program_id].name, program_id, activity, ends, on < ends)
                )
    return sorted(found, key=lambda row: (row.program, row.ends_on))


def _activities(versions: Sequence[Version]) -> list[Activity]:
    return list(
        dict.fromkeys(
            version.policy.activity
            for version in versions
            if version.policy.activity and any(rule.scope == "active" for rule in version.rules)
        )
    )


def _wins(program_id: UUID, partner_id: UUID | None = None) -> dict[UUID, list[date]]:
    """Return the days of the partners' wins in a program, each referral's first."""
    rows = StageChange.objects.filter(
        to_kind=StageKind.WON, referral__program_id=program_id, referral__declined_at=None
    )
    if partner_id:
        rows = rows.filter(referral__partner_id=partner_id)
    zone = tenant_zone()
    found: dict[UUID, list[date]] = defaultdict(list)
    for row in rows.values("referral_id", "referral__partner_id").annotate(first=Min("at")):
        found[row["referral__partner_id"]].append(row["first"].astimezone(zone).date())
    return found


def _warn(
    program: Program,
    activity: Activity,
    partner_id: UUID,
    *,
    wins: Sequence[date],
    today: date,
    at: datetime,
) -> int:
    ends = inactive_from(wins, today, activity)
    if ends is None:
        return 0
    left = (ends - today).days
    if left <= 0:
        # Only the news: what ended long ago was told then.
        if left < -WARNINGS[0]:
            return 0
        return _notify_people(
            "activity.lapsed",
            f"lapsed:{program.id}:{ends}",
            partner_id=partner_id,
            program=program,
            day=ends,
            at=at,
        )
    due = next((days for days in WARNINGS if left <= days), None)
    if due is None:
        return 0
    key = f"lapse:{program.id}:{ends}:{due}"
    return _notify_people(
        "activity.ending", key, partner_id=partner_id, program=program, day=ends, at=at
    )


def _warn_preferred(
    program: Program, versions: Sequence[Version], today: date, at: datetime
) -> int:
    asking = list(dict.fromkeys(row.policy.preferred for row in versions if row.policy.preferred))
    if not asking:
        return 0
    zone = tenant_zone()
    sent: dict[UUID, list[date]] = defaultdict(list)
    for partner_id, moment in Referral.objects.filter(
        program_id=program.id, registered_at__lte=at
    ).values_list("partner_id", "registered_at"):
        sent[partner_id].append(moment.astimezone(zone).date())
    told = 0
    for preferred in asking:
        for partner_id, days in sent.items():
            lost = standard_from(days, today, preferred)
            if lost and (lost - today).days >= 0:
                key = f"preferred:{program.id}:{lost}"
                told += _notify_people(
                    "terms.standard", key, partner_id=partner_id, program=program, day=lost, at=at
                )
    return told


def _notify_people(
    kind: str, key: str, *, partner_id: UUID, program: Program, day: date, at: datetime
) -> int:
    people = members_with(
        Capability.SEE_EARNINGS, tenant_id=current_scope().tenant_id, partner_id=partner_id
    )
    for person in people:
        notify(
            kind=kind,
            key=key,
            user_id=person.id,
            facts={"program": program.name, "day": day.isoformat()},
            path=f"terms/{program.id}/",
            partner_id=partner_id,
            at=at,
        )
    return len(people)
