"""Builders of signed links and what came through them."""

from datetime import datetime
from uuid import UUID, uuid4

from partners.directory.models import Partner
from partners.programs.models import Program
from prm.accounts.models import User
from prm.events.services import Actor
from referrals.capture.models import SubmitLink
from referrals.capture.submit_links import make_submit_link, submit_by_link, token_of
from tests.builders.objects import Cast, builds
from tests.builders.referrals import a_draft, a_partner, a_program


def a_link(
    partner: Partner, by: User, at: datetime, *, days: int = 30, program: Program | None = None
) -> SubmitLink:
    """Make a link for a colleague; needs the tenant's open scope."""
    return make_submit_link(
        link_id=uuid4(),
        partner_id=partner.id,
        program_id=(program or a_program()).id,
        person_name="Ciara Byrne",
        days=days,
        actor=Actor(user_id=by.id, name=str(by)),
        at=at,
    )


def _link_of(cast: Cast) -> SubmitLink:
    from django.utils import timezone

    rows = SubmitLink.objects.filter(partner_id=cast.partner.id)
    return rows.first() or a_link(a_partner(cast.partner.name), cast.partner_admin, timezone.now())


@builds("submit_link")
def _link(cast: Cast) -> UUID:
    return _link_of(cast).id


@builds("submit_link_token")
def _token(cast: Cast) -> str:
    return token_of(_link_of(cast))


@builds("signed_referral")
def _referral(cast: Cast) -> UUID:
    from django.utils import timezone

    link = _link_of(cast)
    return submit_by_link(
        link_id=link.id, draft=a_draft(company=f"Kestrel {uuid4()}"), key=uuid4(), at=timezone.now()
    ).id
