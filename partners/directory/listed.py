"""Reads about profiles and the public directory: nothing is kept anywhere, so a withdrawn entry is gone at once."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import get_language

from partners.directory.models import Partner, PartnerProfile, PartnerState
from partners.directory.profile_rules import INDUSTRIES, SERVICES, gaps_of
from partners.programs.texts import said
from prm.tenancy.models import Tenant
from prm.tenancy.scope import current_scope
from prm.uploads.responses import is_ready
from prm.web.choices import country_name
from prm.web.formats import locale_of

FILTERS = ("service", "industry", "region", "language")
_COLUMNS = {
    "service": "services",
    "industry": "industries",
    "region": "regions",
    "language": "languages",
}


@dataclass(frozen=True)
class Entry:
    """A partner as visitors see it; words in the reader's language."""

    slug: str
    name: str
    type: Any
    about: str
    services: list[Any]
    industries: list[Any]
    regions: list[str]
    languages: list[str]
    contact_email: str
    contact_phone: str
    website: str
    has_logo: bool


def is_open() -> bool:
    """Tell whether the open tenant shows a directory at all."""
    return Tenant.objects.filter(id=current_scope().tenant_id, directory_open=True).exists()


def listed_profiles() -> QuerySet[PartnerProfile]:
    """Return the profiles that visitors may see: agreed to, approved, of active partners."""
    return PartnerProfile.objects.filter(
        listed_at__isnull=False,
        approved_at__isnull=False,
        partner__state=PartnerState.ACTIVE,
        partner__merged_into=None,
    ).exclude(slug="")


def listed_partners(*, type_: str, filters: Mapping[str, str]) -> QuerySet[Partner]:
    """Return the partners that visitors may see, narrowed down; empty values narrow nothing."""
    profiles = listed_profiles()
    for name, value in filters.items():
        if value:
            profiles = profiles.filter(**{f"{_COLUMNS[name]}__contains": [value]})
    partners = Partner.objects.filter(id__in=profiles.values("partner_id"))
    return partners.filter(type=type_) if type_ else partners


def entries_of(partners: Sequence[Partner]) -> list[Entry]:
    """Return entries in the partners' order, with one query."""
    profiles = {
        row.partner_id: row
        for row in listed_profiles()
        .filter(partner_id__in=[partner.id for partner in partners])
        .select_related("logo")
    }
    return [
        entry_of(partner, profiles[partner.id]) for partner in partners if partner.id in profiles
    ]


def entry_of(partner: Partner, profile: PartnerProfile) -> Entry:
    """Return a partner's entry as it is, or would be, shown."""
    return Entry(
        slug=profile.slug,
        name=partner.name,
        type=partner.get_type_display(),
        about=said(profile.about, get_language() or "en"),
        services=[SERVICES[key] for key in profile.services if key in SERVICES],
        industries=[INDUSTRIES[key] for key in profile.industries if key in INDUSTRIES],
        regions=sorted(country_name(code) for code in profile.regions),
        languages=sorted(language_name(code) for code in profile.languages),
        contact_email=profile.contact_email,
        contact_phone=profile.contact_phone,
        website=partner.website if partner.website.startswith(("http://", "https://")) else "",
        has_logo=profile.logo is not None and is_ready(profile.logo),
    )


def options(type_choices: Sequence[tuple[str, Any]]) -> dict[str, list[tuple[str, Any]]]:
    """Return what can be chosen in each filter: only what some listed partner has."""
    found: dict[str, set[str]] = {name: set() for name in FILTERS}
    types: set[str] = set()
    for row in listed_profiles().values_list("partner__type", *_COLUMNS.values()):
        types.add(row[0])
        for name, values in zip(FILTERS, row[1:], strict=True):
            found[name].update(values)
    named: dict[str, list[tuple[str, Any]]] = {
        "service": [(key, SERVICES[key]) for key in SERVICES if key in found["service"]],
        "industry": [(key, INDUSTRIES[key]) for key in INDUSTRIES if key in found["industry"]],
        "region": [(key, country_name(key)) for key in found["region"]],
        "language": [(key, language_name(key)) for key in found["language"]],
    }
    for name in ("region", "language"):
        named[name].sort(key=lambda pair: str(pair[1]))
    return {"type": [pair for pair in type_choices if pair[0] in types], **named}


def language_name(code: str) -> str:
    """Return a language's name in the reader's language, with a capital."""
    name = str(locale_of(get_language()).languages.get(code, code))
    return name[:1].upper() + name[1:]


def profile_of(partner_id: UUID) -> PartnerProfile:
    """Return a partner's profile; an empty, unsaved one before anybody wrote it."""
    found = PartnerProfile.objects.select_related("logo", "listed_by").filter(partner_id=partner_id)
    return found.first() or PartnerProfile(partner_id=partner_id)


def profile_gaps(partner_id: UUID) -> list[Any]:
    """Return what a partner's profile lacks, in words; empty when it is complete."""
    return gaps_of(profile_of(partner_id))


def with_profile(partner_ids: Collection[UUID]) -> set[UUID]:
    """Return those of the partners whose profile is complete."""
    rows = PartnerProfile.objects.filter(partner_id__in=partner_ids)
    return {row.partner_id for row in rows if not gaps_of(row)}


def waiting_for_approval() -> QuerySet[PartnerProfile]:
    """Return the profiles whose partners agreed and that the vendor has not approved yet, oldest consent first."""
    return (
        PartnerProfile.objects.filter(
            listed_at__isnull=False, approved_at=None, partner__state=PartnerState.ACTIVE
        )
        .select_related("partner")
        .order_by("listed_at", "id")
    )
