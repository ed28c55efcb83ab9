"""What other pages show of sharing: a referral's origin, a partner's links, a program's rules; names for the trail."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partners.directory.models import Partner
from partners.directory.moves import tenant_day
from partners.directory.panels import Panel as PartnerPanel
from partners.directory.panels import fills as fills_partner
from partners.programs.models import Program
from prm.accounts.capabilities import Capability
from prm.accounts.members import Member
from prm.audit.subjects import Named, names
from prm.web.formats import moment_text
from referrals.claims.review import waits_in
from referrals.pipeline.models import Referral, Source
from referrals.pipeline.panels import Panel, adds
from referrals.sharing import codes, forgetting, merging  # noqa: F401  register themselves
from referrals.sharing.models import (
    Coupon,
    LandingPage,
    Lead,
    Link,
    PageState,
    PartnerReview,
    ReviewState,
    Via,
)
from referrals.sharing.selectors import link_lines, period_of
from referrals.sharing.settings import sharing_rules

SHOWN = 5


@waits_in(
    "sharing", order=50, label=gettext_lazy("Pages and reviews"), url="referrals:sharing-queue"
)
def to_approve() -> list[QuerySet[Any]]:
    """Return the pages and the reviews that wait for an answer."""
    return [
        LandingPage.objects.filter(state=PageState.WAITING),
        PartnerReview.objects.filter(state=ReviewState.WAITING),
    ]


@adds("referral.aside", order=70)
def origin(referral: Referral, member: Member) -> Panel | None:
    """Show how a referral came in, or the code its customer gave, when there is a link, a page or a code to name."""
    lead = Lead.objects.filter(referral_id=referral.id).select_related("coupon").first()
    if lead is None and referral.source not in {Source.LINK, Source.COUPON}:
        return None
    link = Link.objects.filter(id=referral.link_id).first() if referral.link_id else None
    facts: list[tuple[Any, Any]] = []
    if lead:
        facts.append((_("By"), Via(lead.via).label))
    if link:
        facts.append((_("Link"), f"/r/{link.slug}/"))
    if lead and lead.coupon:
        facts.append((_("Code"), lead.coupon.code))
    if lead and lead.clicked_at:
        facts.append((_("Clicked"), moment_text(lead.clicked_at, "medium")))
    if referral.channel:
        facts.append((_("Channel"), referral.channel))
    if referral.campaign:
        facts.append((_("Campaign"), referral.campaign))
    if lead and member.is_staff:
        facts += [(name, value) for name, value in sorted(lead.utm.items())]
        if lead.consent_text:
            facts.append((_("Agreed to"), lead.consent_text))
    return Panel("referrals/sharing/origin.html", {"facts": facts}) if facts else None


@adds("program.rules", order=70)
def rules_line(program: Program, member: Member) -> Panel:
    """Show how a program's partners may share, with the way to change it."""
    context = {
        "program": program,
        "rules": sharing_rules(program.id),
        "may_edit": member.may(Capability.EDIT_PROGRAMS),
        "may_approve": member.may(Capability.EDIT_PARTNERS),
    }
    return Panel("referrals/sharing/rules_line.html", context)


@fills_partner("partner.sharing")
def of_partner(partner: Partner, member: Member) -> PartnerPanel | None:
    """Show a partner's newest links, codes and reviews to the vendor's people, who may enter a review for it."""
    links = list(Link.objects.filter(partner_id=partner.id).order_by("-created_at", "-id")[:SHOWN])
    coupons = list(
        Coupon.objects.filter(partner_id=partner.id).order_by("-created_at", "-id")[:SHOWN]
    )
    reviews = PartnerReview.objects.filter(partner_id=partner.id).order_by("-created_at", "-id")
    may_add = member.may(Capability.EDIT_PARTNERS)
    if not links and not coupons and not may_add:
        return None
    today = tenant_day(timezone.now())
    period = period_of(today - timedelta(days=364), today)
    context = {"partner": partner, "links": link_lines(links, period), "coupons": coupons}
    context |= {"reviews": reviews[:SHOWN], "may_add": may_add}
    return PartnerPanel("referrals/sharing/of_partner.html", context)


@names("link")
def link_names(ids: Sequence[str]) -> dict[str, Named]:
    """Return links by id."""
    rows = Link.objects.filter(id__in=ids).values_list("id", "slug")
    return {str(key): Named(f"/r/{slug}/") for key, slug in rows}


@names("coupon")
def coupon_names(ids: Sequence[str]) -> dict[str, Named]:
    """Return codes by id."""
    return {
        str(key): Named(code)
        for key, code in Coupon.objects.filter(id__in=ids).values_list("id", "code")
    }


@names("landing_page")
def page_names(ids: Sequence[str]) -> dict[str, Named]:
    """Return landing pages by id."""
    rows = LandingPage.objects.filter(id__in=ids).values_list("id", "slug")
    return {str(key): Named(f"/p/{slug}/") for key, slug in rows}


@names("review")
def review_names(ids: Sequence[str]) -> dict[str, Named]:
    """Return reviews by id."""
    rows = PartnerReview.objects.filter(id__in=ids).values_list("id", "partner__name")
    return {str(key): Named(name) for key, name in rows}
