"""Shared links, pages and codes with what they brought, shaped for their pages."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Count, Q, Sum
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from partners.directory.models import Enrollment
from partners.directory.moves import tenant_day
from partners.programs.models import Program
from partners.programs.texts import rendered, said
from prm.tenancy.models import Tenant
from prm.tenancy.scope import current_scope
from referrals.pipeline.models import Referral, StageKind
from referrals.sharing.models import (
    ClickCount,
    Destination,
    LandingPage,
    Link,
    PartnerReview,
    ReviewState,
)
from referrals.sharing.rules import texts_of
from referrals.sharing.settings import sharing_rules

REVIEWS_SHOWN = 6


@dataclass(frozen=True)
class PublicPage:
    """A partner's page as visitors read it, in one language."""

    id: UUID
    slug: str
    partner_id: UUID
    partner_name: str
    program: Program
    headline: str
    introduction: SafeString
    person_name: str
    person_title: str
    has_picture: bool
    disclosure: str
    reviews: list[PartnerReview] = field(default_factory=list)

    @property
    def quoted(self) -> str:
        """Whose words the introduction is."""
        parts = [self.person_name, self.person_title, self.partner_name]
        return ", ".join(part for part in parts if part)


def public_page(slug: str, language: str) -> PublicPage | None:
    """Return a page that visitors may read now; None while it is not published, taken down, or its program closed."""
    page = (
        LandingPage.objects.filter(slug=slug, program__closed_at=None)
        .select_related("partner", "program")
        .first()
    )
    if page is None or not page.is_public:
        return None
    return _shown(page, page.live, language, has_picture=page.live_picture_id is not None)


def drafted_page(page: LandingPage, language: str) -> PublicPage:
    """Return a page as its partner has written it, for the preview."""
    return _shown(page, page.draft, language, has_picture=page.draft_picture_id is not None)


def _shown(
    page: LandingPage, data: dict[str, Any], language: str, *, has_picture: bool
) -> PublicPage:
    texts = texts_of(data)
    partner = page.partner.name
    reviews = PartnerReview.objects.filter(partner_id=page.partner_id, state=ReviewState.APPROVED)
    return PublicPage(
        id=page.id,
        slug=page.slug,
        partner_id=page.partner_id,
        partner_name=partner,
        program=page.program,
        headline=said(texts.headline, language),
        introduction=rendered(said(texts.introduction, language)),
        person_name=texts.person_name,
        person_title=texts.person_title,
        has_picture=has_picture,
        disclosure=disclosure_of(page.program_id, partner, language),
        reviews=list(reviews.order_by("-created_at", "-id")[:REVIEWS_SHOWN]),
    )


def disclosure_of(program_id: UUID, partner: str, language: str) -> str:
    """Return what the program says of the partner's commission, with the names filled in."""
    vendor = Tenant.objects.values_list("name", flat=True).get(id=current_scope().tenant_id)
    own = said(sharing_rules(program_id).disclosure, language)
    if own:
        return own.replace("{partner}", partner).replace("{vendor}", vendor)
    words = _(
        "%(partner)s receives a commission from %(vendor)s if you become a customer. Your price is the same either way."
    )
    return words % {"partner": partner, "vendor": vendor}


# ---------------------------------------------------------------- what links brought
@dataclass(frozen=True)
class Period:
    """Days of the tenant's zone, both ends included, and the moments they begin and end (end exclusive)."""

    first: date
    last: date
    starts_at: datetime
    ends_at: datetime


def period_of(first: date, last: date) -> Period:
    """Return a span of days in the open tenant's zone."""
    name = Tenant.objects.values_list("time_zone", flat=True).get(id=current_scope().tenant_id)
    zone = ZoneInfo(name)
    return Period(
        first,
        last,
        datetime.combine(first, time(), zone),
        datetime.combine(last + timedelta(days=1), time(), zone),
    )


@dataclass(frozen=True)
class Brought:
    """What came of something that was shared: clicks of people, leads, and how many of those were won."""

    clicks: int = 0
    leads: int = 0
    won: int = 0

    def __add__(self, other: "Brought") -> "Brought":
        return Brought(self.clicks + other.clicks, self.leads + other.leads, self.won + other.won)


def brought_by_links(link_ids: Sequence[UUID], period: Period) -> dict[UUID, Brought]:
    """Return clicks and leads of a period by link, two queries for all; won counts leads of the period, won since."""
    clicks = dict(
        ClickCount.objects.filter(link_id__in=link_ids, day__range=(period.first, period.last))
        .values("link_id")
        .annotate(count=Sum("clicks"))
        .values_list("link_id", "count")
    )
    rows = (
        Referral.objects.filter(
            link_id__in=link_ids,
            registered_at__gte=period.starts_at,
            registered_at__lt=period.ends_at,
        )
        .values("link_id")
        .annotate(count=Count("id"), won=Count("id", filter=Q(stage_kind=StageKind.WON)))
        .values_list("link_id", "count", "won")
    )
    leads = {link_id: (count, won) for link_id, count, won in rows}
    return {
        link_id: Brought(clicks.get(link_id, 0), *leads.get(link_id, (0, 0)))
        for link_id in link_ids
    }


def brought_by_channel(
    *, partner_id: UUID, period: Period, campaigns: bool = False
) -> list[tuple[str, Brought]]:
    """Return what a partner's sharing brought by channel, or by campaign, most leads first."""
    name = "campaign" if campaigns else "channel"
    clicks = (
        ClickCount.objects.filter(partner_id=partner_id, day__range=(period.first, period.last))
        .values(name)
        .annotate(count=Sum("clicks"))
        .values_list(name, "count")
    )
    found = {label: Brought(clicks=count) for label, count in clicks}
    leads = (
        Referral.objects.filter(
            partner_id=partner_id,
            source__in=["link", "coupon"],
            registered_at__gte=period.starts_at,
            registered_at__lt=period.ends_at,
        )
        .values(name)
        .annotate(count=Count("id"), won=Count("id", filter=Q(stage_kind=StageKind.WON)))
        .values_list(name, "count", "won")
    )
    for label, count, won in leads:
        found[label] = found.get(label, Brought()) + Brought(leads=count, won=won)
    return sorted(found.items(), key=lambda row: (-row[1].leads, -row[1].clicks, row[0]))


def programs_shared(partner_id: UUID, at: datetime) -> list[Program]:
    """Return the open programs in which a partner may share today, by name."""
    ids = (
        Enrollment.objects.open_on(tenant_day(at))
        .filter(partner_id=partner_id)
        .values_list("program_id", flat=True)
    )
    return list(Program.objects.filter(id__in=list(ids), closed_at=None).order_by("name", "id"))


def destinations_of(program_id: UUID) -> list[Destination]:
    """Return the pages to which a program lets links lead."""
    return list(
        Destination.objects.filter(program_id=program_id, retired_at=None).order_by("label", "id")
    )


def links_of(partner_id: UUID, program_id: UUID | None = None) -> list[Link]:
    """Return a partner's links, newest first."""
    links = Link.objects.filter(partner_id=partner_id)
    if program_id:
        links = links.filter(program_id=program_id)
    return list(links.select_related("destination", "program").order_by("-created_at", "-id"))


@dataclass(frozen=True)
class LinkLine:
    """A link as a list shows it, with what it brought in a period. state: live or ended."""

    id: UUID
    name: str
    slug: str
    channel: str
    campaign: str
    state: str
    clicks: int
    leads: int
    won: int


def link_lines(links: Sequence[Link], period: Period) -> list[LinkLine]:
    """Return the lines of a page of links, two queries for all."""
    brought = brought_by_links([link.id for link in links], period)
    return [
        LinkLine(
            link.id,
            link.label or link.slug,
            link.slug,
            link.channel,
            link.campaign,
            "ended" if link.retired_at else "live",
            brought[link.id].clicks,
            brought[link.id].leads,
            brought[link.id].won,
        )
        for link in links
    ]
