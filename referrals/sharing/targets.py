"""Where a link leads, kept in the process for seconds: the redirect seldom has to ask the database."""

import time
from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import UUID

from referrals.sharing.models import Consent, LandingPage, Link, LinkSlug, PageState
from referrals.sharing.settings import sharing_rules

# A retired link may be followed, and an old way taken, for so long; other processes do not hear of a change.
FRESH_SECONDS = 15
MOST = 20_000


@dataclass(frozen=True)
class Target:
    """What a click needs to know. page: name of a page of ours and its slug; url: an allowed page elsewhere."""

    link_id: UUID
    partner_id: UUID
    program_id: UUID
    slug: str
    channel: str
    campaign: str
    cookie_days: int
    may_remember: bool
    is_retired: bool
    page: tuple[str, str]
    url: str


_kept: dict[tuple[int, str], tuple[float, Target]] = {}
# The tenants of first path segments, known as long.
_tenants: dict[str, tuple[float, int]] = {}


def kept_target(tenant_id: int, slug: str) -> Target | None:
    """Return what this process knows of an address, None when it knows nothing or what it knows is old."""
    found = _kept.get((tenant_id, slug))
    return found[1] if found and time.monotonic() - found[0] < FRESH_SECONDS else None


def keep_tenant(segment: str, tenant_id: int) -> None:
    """Let this process know for seconds whose a first path segment is."""
    if len(_tenants) >= MOST:
        _tenants.clear()
    _tenants[segment] = (time.monotonic(), tenant_id)


def kept_tenant(segment: str) -> int | None:
    """Return whose a first path segment is, None when this process does not know, or not for sure any more."""
    found = _tenants.get(segment)
    return found[1] if found and time.monotonic() - found[0] < FRESH_SECONDS else None


def target_of(tenant_id: int, slug: str) -> Target | None:
    """Return where an address leads, also one that the link had before; None for an address that never was.

    Needs the tenant's open scope unless the process still knows it.
    """
    if known := kept_target(tenant_id, slug):
        return known
    row = LinkSlug.objects.filter(slug=slug).select_related("link__destination").first()
    if row is None:
        return None
    target = _target(row.link)
    if len(_kept) >= MOST:
        _kept.clear()
    _kept[tenant_id, slug] = (time.monotonic(), target)
    return target


def forget_targets() -> None:
    """Let this process ask again; after a change, and in tests."""
    _kept.clear()
    _tenants.clear()


def _target(link: Link) -> Target:
    rules = sharing_rules(link.program_id)
    place = link.destination
    url = place.url if place is not None and place.retired_at is None else ""
    return Target(
        link_id=link.id,
        partner_id=link.partner_id,
        program_id=link.program_id,
        slug=link.slug,
        channel=link.channel,
        campaign=link.campaign,
        cookie_days=rules.cookie_days,
        may_remember=rules.consent == Consent.AT_ONCE,
        is_retired=link.retired_at is not None,
        page=("", "") if url else _page_of(link),
        url=url,
    )


def _page_of(link: Link) -> tuple[str, str]:
    """Return the partner's own page while it is public, else the program's plain form."""
    page = (
        LandingPage.objects.filter(partner_id=link.partner_id, program_id=link.program_id)
        .exclude(published_at=None)
        .exclude(state=PageState.OFF)
        .only("slug")
        .first()
    )
    if page is not None:
        return ("referrals:landing", page.slug)
    return ("referrals:contact", link.program.slug)


def host_of(url: str) -> str:
    """Return the host of an allowed page, as people read it."""
    return (urlsplit(url).hostname or "").removeprefix("www.")
