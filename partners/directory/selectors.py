"""Reads about partners."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, TextChoices

from partners.directory.models import (
    Enrollment,
    EnrollmentState,
    Partner,
    PartnerChange,
    PartnerQuerySet,
    PartnerState,
    PartnerType,
)
from partners.directory.money import Effect, effects_of, kept_lines
from partners.directory.panels import ReferralCounts, counts_of
from partners.directory.rules import folded_name, site_domain
from partners.programs.models import Program
from prm.accounts.capabilities import Capability
from prm.accounts.models import Membership, User
from prm.accounts.selectors import members_with
from prm.tenancy.scope import current_scope

LOOKALIKES_SHOWN = 5


@dataclass(frozen=True)
class PartnerRow:
    """One line of the list of partners."""

    id: UUID
    name: str
    type: str
    state: str
    country: str
    domain: str
    manager: str
    people_count: int
    open_count: int
    won_count: int
    partner: Partner


def partners_found(
    partners: PartnerQuerySet,
    *,
    words: str = "",
    state: str = "",
    type_: str = "",
    manager_id: str = "",
    program_id: str = "",
) -> PartnerQuerySet:
    """Narrow partners down: words are part of the name or the start of the domain; the rest compares as it is."""
    if words:
        partners = partners.filter(
            Q(name_norm__contains=folded_name(words)) | Q(domain__startswith=words.lower())
        )
    if state:
        partners = partners.filter(state=state)
    if type_:
        partners = partners.filter(type=type_)
    if manager_id:
        partners = partners.filter(manager_id=int(manager_id))
    if program_id:
        live = Enrollment.objects.filter(program_id=program_id, state=EnrollmentState.ACTIVE)
        partners = partners.filter(id__in=live.values("partner_id"))
    return partners


def partner_rows(partners: list[Partner]) -> list[PartnerRow]:
    """Return one page of partners as they are listed, with two queries whatever their number."""
    ids = [partner.id for partner in partners]
    people = dict(
        Membership.objects.filter(
            tenant_id=current_scope().tenant_id, partner_id__in=ids, ended_at__isnull=True
        )
        .values_list("partner_id")
        .annotate(count=Count("id")),
    )
    counts = counts_of(ids)
    none = ReferralCounts()
    return [
        PartnerRow(
            id=partner.id,
            name=partner.name,
            type=partner.type,
            state=partner.state,
            country=partner.country,
            domain=partner.domain,
            manager=partner.manager.get_full_name() if partner.manager else "",
            people_count=people.get(partner.id, 0),
            open_count=counts.get(partner.id, none).open_count,
            won_count=counts.get(partner.id, none).won_count,
            partner=partner,
        )
        for partner in partners
    ]


def lookalikes(*, name: str, website: str, but: UUID | None = None) -> list[Partner]:
    """Return partners with the same domain, or whose name begins alike, that a new one may double; at most 5."""
    folded, domain = folded_name(name), site_domain(website)
    alike = Q(domain=domain) if domain else Q(pk__in=[])
    first = folded.split(" ")[0]
    if len(first) > 3:
        alike |= Q(name_norm__startswith=first)
    return list(
        Partner.objects.filter(alike)
        .exclude(id__in=[but] if but else [])
        .order_by("name", "id")[:LOOKALIKES_SHOWN]
    )


def enrollments_of(partner_id: UUID) -> list[Enrollment]:
    """Return a partner's enrolments with their programs, by the program's name."""
    rows = Enrollment.objects.filter(partner_id=partner_id).select_related("program")
    return sorted(rows, key=lambda row: row.program.name)


@dataclass(frozen=True)
class Change:
    """A line of a partner's history of states and moves; effects: what its money preview said."""

    row: PartnerChange
    before: str
    after: str
    effects: list[Effect]


def changes_of(partner_id: UUID, *, limit: int = 20) -> list[Change]:
    """Return how a partner's state, type and programs changed, newest first, in the active language."""
    words: dict[str, type[TextChoices]] = {
        PartnerChange.Field.STATE: PartnerState,
        PartnerChange.Field.TYPE: PartnerType,
    }

    def said(row: PartnerChange, value: str) -> str:
        choices = words.get(row.field)
        return str(choices(value).label) if choices and value in choices.values else value

    rows = PartnerChange.objects.filter(partner_id=partner_id).select_related("user")
    return [
        Change(
            row,
            said(row, row.from_value),
            said(row, row.to_value),
            effects_of(kept_lines(row.money), row.to_value) if row.money else [],
        )
        for row in rows.order_by("-id")[:limit]
    ]


def merged_end(partner: Partner) -> Partner:
    """Return the partner that a merged one went into, over several merges if need be; an unmerged one itself."""
    while partner.merged_into_id:
        partner = Partner.objects.get(id=partner.merged_into_id)
    return partner


def enrolled_programs(partner_id: UUID) -> list[Program]:
    """Return the programs a partner works in now, by name."""
    return [
        row.program for row in enrollments_of(partner_id) if row.state == EnrollmentState.ACTIVE
    ]


def manager_choices() -> list[tuple[str, Any]]:
    """Return the staff who may look after a partner, by name."""
    people: list[User] = members_with(Capability.EDIT_PARTNERS, tenant_id=current_scope().tenant_id)
    return sorted(
        ((str(user.id), user.get_full_name()) for user in people), key=lambda row: str(row[1])
    )


def enrolled_count(program_id: UUID) -> int:
    """Return how many partners work in a program now."""
    return Enrollment.objects.filter(program_id=program_id, state=EnrollmentState.ACTIVE).count()
