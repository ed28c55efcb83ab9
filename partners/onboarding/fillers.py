"""The facts that partners know themselves, and what runs and tracks are called in the audit trail."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Count
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language

from partners.applications.panels import Onboarding, fills
from partners.applications.panels import Step as PublicStep
from partners.applications.selectors import median_days
from partners.directory.listed import with_profile
from partners.onboarding import (
    merging,  # noqa: F401  its part of a merge
    unlocks,  # noqa: F401  keeps the gate of features
)
from partners.onboarding.models import Fact, Run, Track
from partners.onboarding.panels import knows_fact
from partners.onboarding.selectors import (
    step_title,
    steps_of,
    track_for,
    unsigned,
    waiting_steps,
)
from partners.programs.models import Program
from partners.programs.texts import said
from prm.accounts.capabilities import Capability
from prm.accounts.members import Member
from prm.accounts.models import Membership
from prm.audit.subjects import Named, names
from prm.tenancy.scope import current_scope
from prm.web.counts import MENU_BOUND, Counted, MenuCount, bounded, counts_menu

# Whether anything may be locked for a partner at all: conditions in one of its programs, or something to sign. Only
# then is it worth asking which; most pages of most partners pay nothing for locks.
_LOCKS = """
select count(*) from partners_enrollment e
where e.partner_id = %(partner)s and e.state in ('active', 'approved') and (
  exists (select 1 from partners_unlock u where u.program_id = e.program_id and u.conditions <> '[]'::jsonb)
  or exists (
    select 1 from partners_agreement_version v where v.program_id = e.program_id and v.published_at is not null
      and not exists (
        select 1 from partners_acceptance a
        join partners_agreement_version s on s.tenant_id = a.tenant_id and s.id = a.version_id
        where a.partner_id = e.partner_id and a.program_id = e.program_id
          and (s.number >= v.number or v.binding_from > now()))))
"""


@counts_menu("locks")
def locks(member: Member) -> MenuCount | None:
    """Count the programs that may keep something locked for a partner's person; the menu then asks which."""
    if member.partner_id is None:
        return None
    return MenuCount(Counted(_LOCKS, {"partner": member.partner_id}))


@knows_fact(Fact.TEAM)
def with_team(partner_ids: Collection[UUID], _program_id: UUID | None) -> set[UUID]:
    """Return the partners in which at least two people work."""
    people = (
        Membership.objects.filter(
            tenant_id=current_scope().tenant_id, partner_id__in=partner_ids, ended_at=None
        )
        .values_list("partner_id")
        .annotate(count=Count("user_id", distinct=True))
    )
    return {partner_id for partner_id, count in people if partner_id and count >= 2}


@knows_fact(Fact.PROFILE)
def with_complete_profile(partner_ids: Collection[UUID], _program_id: UUID | None) -> set[UUID]:
    """Return the partners whose profile lacks nothing."""
    return with_profile(partner_ids)


@knows_fact(Fact.AGREEMENT)
def with_agreement(partner_ids: Collection[UUID], program_id: UUID | None) -> set[UUID]:
    """Return the partners from which the program's agreement asks nothing now."""
    if program_id is None:
        return set()
    lacking = {partner_id for partner_id, _ in unsigned(partner_ids, [program_id], timezone.now())}
    return set(partner_ids) - lacking


@names("onboarding")
def run_names(ids: Sequence[str]) -> dict[str, Named]:
    """Return runs by id, named by their partner."""
    return {
        str(key): Named(name, reverse("partners:onboarding-run", kwargs={"run_id": key}))
        for key, name in Run.objects.filter(id__in=ids).values_list("id", "partner__name")
    }


@names("track")
def track_names(ids: Sequence[str]) -> dict[str, Named]:
    """Return tracks by id."""
    language = get_language() or "en"
    return {
        str(row.id): Named(
            said(row.name, language),
            reverse("partners:track-detail", kwargs={"track_id": row.id}),
        )
        for row in Track.objects.filter(id__in=ids)
    }


@counts_menu("partners:onboarding-overview")
def to_approve(member: Member) -> MenuCount | None:
    """Count the steps that wait for an approval; the partner cannot go on, so any is urgent."""
    if not member.may(Capability.EDIT_PARTNERS):
        return None
    steps = bounded(waiting_steps().select_related(None), MENU_BOUND)
    return MenuCount(steps, steps)


_FINISHED = """
select percentile_cont(0.5) within group (order by extract(epoch from finished_at - started_at)), count(*)
from partners_run
where program_id = %(program)s and finished_at >= %(since)s
"""


@fills("onboarding")
def asked_of_new_partners(program: Program, at: datetime) -> Onboarding | None:
    """Say on a program's public page what the track of most new partners asks, and how long it took."""
    track = track_for(program_id=program.id, partner_type="", at=at)
    if track is None:
        return None
    language = get_language() or "en"
    steps = [
        PublicStep(step_title(step, language), str(step.get_kind_display()), step.due_days)
        for step in steps_of(track.id)
    ]
    return (
        Onboarding(steps, median_days("onboarding", _FINISHED, program.id, at)) if steps else None
    )
