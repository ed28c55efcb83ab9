"""People hear of pages and reviews that wait, and of the answer."""

from uuid import UUID

from partners.directory.models import Partner
from prm.accounts.capabilities import Capability
from prm.accounts.selectors import members_with, people_who_may
from prm.events.models import Event
from prm.events.subscriptions import on
from prm.notices.services import notify
from prm.tenancy.scope import current_scope
from referrals.sharing.models import LandingPage, PageState, PartnerReview, ReviewState


@on("landing_page.sent", name="sharing.tell_page_sent")
def tell_page_sent(event: Event) -> None:
    """Whoever looks after partners learns of a page that waits."""
    if LandingPage.objects.filter(
        id=UUID(event.payload["page_id"]), state=PageState.WAITING
    ).exists():
        _tell_staff(event, "sharing.page_sent")


@on("review.added", name="sharing.tell_review_sent")
def tell_review_sent(event: Event) -> None:
    """Whoever looks after partners learns of a review that waits."""
    waits = PartnerReview.objects.filter(
        id=UUID(event.payload["review_id"]), state=ReviewState.WAITING
    )
    if waits.exists():
        _tell_staff(event, "sharing.review_sent")


@on("landing_page.published", name="sharing.tell_page_published")
def tell_page_published(event: Event) -> None:
    """The partner's people learn that their page is public, when somebody of the vendor let it through."""
    _tell_partner(event, approved=True)


@on("landing_page.declined", name="sharing.tell_page_declined")
def tell_page_declined(event: Event) -> None:
    """The partner's people learn what has to change."""
    _tell_partner(event, approved=False)


def _tell_staff(event: Event, kind: str) -> None:
    if event.partner_id is None:
        return
    partner = Partner.objects.values_list("name", flat=True).get(id=event.partner_id)
    for user in members_with(Capability.EDIT_PARTNERS, tenant_id=current_scope().tenant_id):
        notify(
            kind=kind,
            key=f"{event.subject}:{event.id}",
            user_id=user.id,
            facts={"partner": partner},
            path="manage/sharing/",
            at=event.at,
        )


def _tell_partner(event: Event, *, approved: bool) -> None:
    page = LandingPage.objects.filter(id=UUID(event.payload["page_id"])).first()
    if page is None or page.decided_by_id is None:
        return
    for user_id in people_who_may(Capability.SUBMIT_REFERRAL, partner_id=page.partner_id):
        notify(
            kind="sharing.page_decided",
            key=f"{event.subject}:{event.id}",
            user_id=user_id,
            facts={"approved": approved, "reason": page.reason},
            path="share/",
            partner_id=page.partner_id,
            at=event.at,
        )
