"""Reads about partners."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, TextChoices
from django.utils.translation import gettext as _

from partners.directory.models import (
    Enrollment,
    EnrollmentState,
    Partner,
    PartnerChange,
    PartnerQuerySet,
    PartnerState,
    PartnerType,
)
from partners.directory.money import Effect, effects_of, item_words, kept_lines, money_of
from partners.directory.panels import ReferralCounts, counts_of
from partners.directory.rules import folded_name, site_domain
from partners.programs.models import Program
from prm.accounts.capabilities import Capability
from prm.accounts.models import Membership, User
from prm.accounts.selectors import members_with
from prm.tenancy.scope import current_scope
from prm.web.choices import country_name
from prm.web.formats import day_text, money_text

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
    partners = partners.filter(merged_into=None)
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
        # A range: behind row-level security LIKE uses no index.
        alike |= Q(name_norm__gte=first, name_norm__lt=first + "\U0010ffff")
    return list(
        Partner.objects.filter(alike, merged_into=None)
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


def compared(first: Partner, second: Partner) -> list[tuple[str, str, str]]:
    """Return what two partners have, side by side: a label and both values, in the active language."""

    def facts(partner: Partner) -> list[str]:
        people = Membership.objects.filter(
            tenant_id=current_scope().tenant_id, partner_id=partner.id, ended_at__isnull=True
        ).select_related("user")
        programs = [row.program.name for row in enrollments_of(partner.id)]
        return [
            partner.get_type_display(),
            partner.get_state_display(),
            partner.domain,
            partner.tax_number,
            country_name(partner.country) if partner.country else "",
            day_text(partner.created_at, "medium"),
            ", ".join(str(row.user) for row in people.order_by("user__name")[:20]),
            ", ".join(programs),
        ]

    labels = [
        _("Type"),
        _("State"),
        _("Website"),
        _("VAT or tax number"),
        _("Country"),
        _("Partner since"),
        _("People"),
        _("Programs"),
    ]
    rows = list(zip(labels, facts(first), facts(second), strict=True))
    counts = counts_of([first.id, second.id])
    none = ReferralCounts()
    one, two = counts.get(first.id, none), counts.get(second.id, none)
    rows += [
        (_("Open referrals"), str(one.open_count), str(two.open_count)),
        (_("Won referrals"), str(one.won_count), str(two.won_count)),
    ]
    return rows + _balances(first, second)


def _balances(first: Partner, second: Partner) -> list[tuple[str, str, str]]:
    """Return the amounts of both per state and currency."""
    amounts: dict[tuple[str, str], list[int]] = {}
    for place, partner in enumerate((first, second)):
        for line in money_of(partner.id):
            if line.amount_minor is not None:
                amounts.setdefault((line.currency, line.item), [0, 0])[place] = line.amount_minor
    return [
        (item_words(item), money_text(both[0], currency), money_text(both[1], currency))
        for (currency, item), both in sorted(amounts.items())
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
