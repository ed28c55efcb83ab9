"""Reads about agreements: what is in force, what a partner still has to sign, the text as a partner gets it."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Count, Q, QuerySet
from django.utils import translation
from django.utils.translation import gettext, ngettext

from partners.agreements.models import Acceptance, AgreementVersion
from partners.agreements.panels import terms_of
from partners.agreements.rules import language_of, merged, text_hash
from partners.directory.models import Enrollment, EnrollmentState, Partner
from partners.programs.models import Program
from prm.tenancy.models import Tenant
from prm.tenancy.scope import current_scope
from prm.web.choices import country_name
from prm.web.formats import day_text, money_text, number_text

# Enrolments whose partner has something to sign.
SIGNING = (EnrollmentState.ACTIVE, EnrollmentState.APPROVED)


@dataclass(frozen=True)
class AgreementDue:
    """A version that a partner has not accepted. blocking: nothing may be submitted before it is."""

    version: AgreementVersion
    accepted: Acceptance | None
    blocking: bool

    @property
    def binding_from(self) -> datetime | None:
        """From when the accepted one is no longer enough."""
        return self.version.binding_from


@dataclass(frozen=True)
class MergedText:
    """An agreement as one partner reads and signs it: markdown, the SHA-256 of its bytes, what was merged in."""

    language: str
    text: str
    digest: str
    terms: dict[str, Any] = field(default_factory=dict)


def has_agreement(program_id: UUID) -> bool:
    """Tell whether a program has a published agreement."""
    return AgreementVersion.objects.filter(program_id=program_id, number__gt=0).exists()


def version_in_force(program_id: UUID, at: datetime) -> AgreementVersion | None:
    """Return the newest published version, which new partners sign; None without one."""
    return (
        AgreementVersion.objects.filter(program_id=program_id, published_at__lte=at)
        .order_by("-number")
        .first()
    )


def draft_of(program_id: UUID) -> AgreementVersion | None:
    """Return the version being written; there is at most one."""
    return AgreementVersion.objects.filter(program_id=program_id, number=0).first()


def versions_of(program_id: UUID) -> list[AgreementVersion]:
    """Return the published versions, newest first, each with `signed_count`."""
    versions = list(
        AgreementVersion.objects.filter(program_id=program_id, number__gt=0)
        .select_related("published_by")
        .order_by("-number")
    )
    counts = dict(
        Acceptance.objects.filter(program_id=program_id)
        .values("version_id")
        .annotate(many=Count("id"))
        .values_list("version_id", "many")
    )
    for version in versions:
        version.signed_count = counts.get(version.id, 0)  # type: ignore[attr-defined]
    return versions


def former_of(version: AgreementVersion) -> AgreementVersion | None:
    """Return the published version before this one; for a draft the newest."""
    rows = AgreementVersion.objects.filter(program_id=version.program_id, number__gt=0)
    if version.number:
        rows = rows.filter(number__lt=version.number)
    return rows.order_by("-number").first()


def newest_acceptance(partner_id: UUID, program_id: UUID) -> Acceptance | None:
    """Return what the partner accepted last in a program."""
    return (
        Acceptance.objects.filter(partner_id=partner_id, program_id=program_id)
        .select_related("version")
        .order_by("-version__number")
        .first()
    )


def agreement_due(partner_id: UUID, program_id: UUID, at: datetime) -> AgreementDue | None:
    """Return what a partner has to sign in a program; None when it has signed the newest version, or there is none.

    Blocking when it never signed, or a version newer than the signed one binds by now.
    """
    newest = version_in_force(program_id, at)
    if newest is None:
        return None
    accepted = newest_acceptance(partner_id, program_id)
    if accepted is None:
        return AgreementDue(newest, None, blocking=True)
    if accepted.version.number >= newest.number:
        return None
    binds = AgreementVersion.objects.filter(
        Q(binding_from=None) | Q(binding_from__lte=at),
        program_id=program_id,
        published_at__lte=at,
        number__gt=accepted.version.number,
    ).exists()
    return AgreementDue(newest, accepted, blocking=binds)


def acceptances_of(partner_id: UUID) -> list[Acceptance]:
    """Return everything a partner has signed, newest first."""
    return list(
        Acceptance.objects.filter(partner_id=partner_id)
        .select_related("version", "program")
        .order_by("-accepted_at", "-id")
    )


def signing_programs(partner_id: UUID) -> list[Program]:
    """Return the programs whose agreement concerns a partner, by name."""
    rows = Enrollment.objects.filter(partner_id=partner_id, state__in=SIGNING).select_related(
        "program"
    )
    return sorted((row.program for row in rows), key=lambda program: program.name)


def signing_partners(program_id: UUID) -> QuerySet[Enrollment]:
    """Return the enrolments of partners that a program's agreement concerns."""
    return Enrollment.objects.at_work().filter(program_id=program_id).select_related("partner")


def signed_by(partner_ids: Collection[UUID], program_id: UUID) -> dict[UUID, Acceptance]:
    """Return what each of the partners accepted last in a program; one statement."""
    found: dict[UUID, Acceptance] = {}
    for row in (
        Acceptance.objects.filter(program_id=program_id, partner_id__in=partner_ids)
        .select_related("version")
        .defer("text")
        .order_by("version__number")
    ):
        found[row.partner_id] = row
    return found


def unsigned_count(version: AgreementVersion) -> int:
    """Return how many partners of the program have not accepted a published version, nor a later one."""
    accepted = Acceptance.objects.filter(
        program_id=version.program_id, version__number__gte=version.number
    ).values("partner_id")
    return signing_partners(version.program_id).exclude(partner_id__in=accepted).count()


def merged_for(
    version: AgreementVersion, *, partner: Partner | None, language: str, at: datetime
) -> MergedText:
    """Return a version's text with the program's actual terms in it, in its best language for the reader.

    partner None: for the public page, with words in place of the partner's names. The same version, partner, language,
    terms and day give the same text to the byte.
    """
    tenant = Tenant.objects.get(id=current_scope().tenant_id)
    code = language_of(version.texts, language, tenant.language)
    with translation.override(code):
        values, terms = _values(tenant, version.program, partner, at)
    text = merged(version.texts.get(code, ""), values)
    return MergedText(code, text, text_hash(text), terms)


def _values(
    tenant: Tenant, program: Program, partner: Partner | None, at: datetime
) -> tuple[dict[str, Any], dict[str, Any]]:
    terms = terms_of(program, at)
    nothing = gettext("not agreed yet")
    zone = ZoneInfo(tenant.time_zone)
    values: dict[str, Any] = {
        "vendor_name": tenant.name,
        "vendor_legal_name": tenant.legal_name or tenant.name,
        "vendor_address": tenant.legal_address or gettext("no address given"),
        **_partner_values(partner),
        "program": program.name,
        "commission": terms.rules if terms else nothing,
        "hold_days": days_words(terms.hold_days) if terms else nothing,
        "minimum_payout": money_text(terms.minimum.minor, terms.minimum.currency)
        if terms
        else nothing,
        "protection_days": days_words(program.protection_days),
        "plan_version": str(terms.plan_number) if terms else nothing,
        "plan_date": day_text(terms.plan_from) if terms else nothing,
        "today": day_text(at.astimezone(zone).date()),
    }
    kept = {
        "plan_version_id": terms.plan_version_id if terms else "",
        "plan_number": terms.plan_number if terms else None,
        "plan_from": terms.plan_from.isoformat() if terms else "",
        "rules": list(terms.rules) if terms else [],
        "hold_days": terms.hold_days if terms else None,
        "minimum_minor": terms.minimum.minor if terms else None,
        "currency": terms.minimum.currency if terms else "",
        "protection_days": program.protection_days,
        "vendor": values["vendor_legal_name"],
        "partner": values["partner_legal_name"],
    }
    return values, kept


def _partner_values(partner: Partner | None) -> dict[str, str]:
    if partner is None:
        you = gettext("your company")
        return {
            "partner_name": you,
            "partner_legal_name": you,
            "partner_address": gettext("your company's address"),
            "partner_country": gettext("your country"),
        }
    return {
        "partner_name": partner.name,
        "partner_legal_name": partner.legal_name or partner.name,
        "partner_address": partner.address or gettext("no address given"),
        "partner_country": str(country_name(partner.country))
        if partner.country
        else gettext("no country given"),
    }


def days_words(days: int) -> str:
    """Return a number of days in words."""
    return ngettext("%(days)s day", "%(days)s days", days) % {"days": number_text(days)}
