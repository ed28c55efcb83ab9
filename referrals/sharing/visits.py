"""What a visitor's address says: which link, channel and campaign, and what to pass on."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseGone, HttpResponseRedirect
from django.urls import get_script_prefix, reverse
from django.utils import timezone

from referrals.sharing.cookies import remember_click
from referrals.sharing.rules import (
    CAMPAIGN_LENGTH,
    CHANNEL_LENGTH,
    Remembered,
    normalised_slug,
    tidy_label,
    utm_of,
    with_query,
)
from referrals.sharing.taking import take_click
from referrals.sharing.targets import Target, target_of
from referrals.sharing.visitors import is_person, visitor_key


@dataclass(frozen=True)
class Visit:
    """Where somebody came from, as far as the address says. via: a link's address that exists, else empty."""

    via: str
    target: Target | None
    utm: dict[str, str]
    channel: str
    campaign: str

    @property
    def query(self) -> str:
        """The same, to be carried to the next page."""
        told = {
            "via": self.via,
            "channel": self.channel,
            "campaign": self.campaign,
            **self.utm,
        }
        return urlencode({name: value for name, value in told.items() if value})


def visit_of(request: HttpRequest, tenant_id: int) -> Visit:
    """Read the address of a public page; what is not known or too long is left out or cut."""
    slug = request.GET.get("via", "")[:60]
    # What no link can be called is not asked for: the database takes no such text.
    target = target_of(tenant_id, slug) if slug and slug == normalised_slug(slug) else None
    return Visit(
        via=slug if target and not target.is_retired else "",
        target=target if target and not target.is_retired else None,
        utm=utm_of(request.GET),
        channel=tidy_label(request.GET.get("channel"), CHANNEL_LENGTH),
        campaign=tidy_label(request.GET.get("campaign"), CAMPAIGN_LENGTH),
    )


@lru_cache(maxsize=4096)
def _path_of(_prefix: str, name: str, slug: str) -> str:
    """Return the address of a page of ours under the script prefix of the moment."""
    return reverse(name, urlconf="prm.tenant_urls", args=[slug])


def follow(request: HttpRequest, *, tenant_id: int, target: Target) -> HttpResponse:
    """Count the click and send the visitor on: to a page of ours, or to the allowed page in the database, nowhere else.

    The channel and campaign of the address win over the link's own; UTM parameters travel on. Browsers remember the
    click at once only where the program says so.
    """
    if target.is_retired:
        return HttpResponseGone()
    at = timezone.now()
    channel = tidy_label(request.GET.get("channel"), CHANNEL_LENGTH) or target.channel
    campaign = tidy_label(request.GET.get("campaign"), CAMPAIGN_LENGTH) or target.campaign
    person = is_person(request)
    if person:
        take_click(
            tenant_id=tenant_id,
            link_id=target.link_id,
            visitor=visitor_key(request, tenant_id=tenant_id, at=at),
            channel=channel,
            campaign=campaign,
            at=at,
        )
    passed: dict[str, Any] = utm_of(request.GET)
    if target.url:
        goal = with_query(target.url, passed)
    else:
        name, slug = target.page
        own = {"channel": channel, "campaign": campaign, **passed}
        given = {key: value for key, value in own.items() if value}
        path = _path_of(get_script_prefix(), name, slug)
        goal = f"{path}?{urlencode({'via': target.slug, **given})}"
    response = HttpResponseRedirect(goal)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex"
    if person and target.may_remember:
        click = Remembered(target.link_id, target.program_id, at)
        remember_click(request, response, tenant_id=tenant_id, click=click, days=target.cookie_days)
    return response
