"""Signed links: a secret address with which one named colleague of a partner sends referrals without a login."""

import base64
import hashlib
import hmac
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F

from partners.directory.models import Enrollment
from partners.directory.moves import tenant_day
from prm.events.services import Actor, emit
from prm.tenancy.scope import current_scope
from referrals.capture.models import SubmitLink
from referrals.intake.services import NotEnrolled, ReferralDraft, submit_referral
from referrals.pipeline.models import Referral, Source

LIVE_DAYS_MOST = 365


class LinkMade(ValueError):
    """The form was sent before."""


class LinkUnusable(ValueError):
    """The link is unknown, revoked or past its end."""


@transaction.atomic
def make_submit_link(
    *,
    link_id: UUID,
    partner_id: UUID,
    program_id: UUID,
    person_name: str,
    days: int,
    actor: Actor,
    at: datetime,
) -> SubmitLink:
    """Make a link for one person, one partner and one program, for so many days from `at` (aware UTC).

    link_id: made with the form; the same form again raises LinkMade. The row keeps a digest, token_of makes the secret.
    Raises NotEnrolled when the partner is not in the program. Emits submit_link.made.
    """
    enrolled = Enrollment.objects.open_on(tenant_day(at)).filter(
        partner_id=partner_id, program_id=program_id
    )
    if actor.user_id is None or not enrolled.exists():
        raise NotEnrolled(f"partner {partner_id} in program {program_id}")
    link = SubmitLink(
        id=link_id,
        partner_id=partner_id,
        program_id=program_id,
        person_name=" ".join(person_name.split()),
        made_by_id=actor.user_id,
        made_at=at,
        expires_at=at + timedelta(days=min(days, LIVE_DAYS_MOST)),
    )
    link.token_digest = _digest(token_of(link))
    try:
        with transaction.atomic():
            link.save(force_insert=True)
    except IntegrityError as error:
        # Not looked for before: another partner's link is out of sight, and its id is taken all the same.
        raise LinkMade(str(link_id)) from error
    _tell("submit_link.made", link, actor, at)
    return link


@transaction.atomic
def revoke_submit_link(*, link_id: UUID, actor: Actor, at: datetime) -> SubmitLink:
    """Stop a link for ever; a repeat writes nothing. Raises SubmitLink.DoesNotExist. Emits submit_link.revoked."""
    link = SubmitLink.objects.select_for_update(no_key=True).get(id=link_id)
    if link.revoked_at is None:
        link.revoked_at = at
        link.save(update_fields=["revoked_at"])
        _tell("submit_link.revoked", link, actor, at)
    return link


def usable_link(token: str, *, at: datetime) -> SubmitLink:
    """Return the live link of a secret, with partner and program. Raises LinkUnusable."""
    rows = SubmitLink.objects.select_related("partner", "program")
    link = rows.filter(token_digest=_digest(token)).first()
    if link is None or not link.is_live(at):
        raise LinkUnusable("unknown" if link is None else "ended")
    return link


@transaction.atomic
def submit_by_link(*, link_id: UUID, draft: ReferralDraft, key: UUID, at: datetime) -> Referral:
    """Register what a link's person sent, under their name; nobody with a login is the sender.

    The same key again returns the first referral and counts nothing. A link revoked meanwhile raises LinkUnusable.
    Raises what submit_referral raises. Emits referral.submitted, submit_link.used.
    """
    link = SubmitLink.objects.select_for_update(no_key=True).get(id=link_id)
    if not link.is_live(at):
        raise LinkUnusable("ended")
    is_repeat = Referral.objects.filter(submission_key=key).exists()
    actor = Actor(user_id=None, kind="link", name=link.person_name)
    referral = submit_referral(
        draft=replace(draft, program_id=link.program_id, source=Source.SIGNED, link_id=link.id),
        partner_id=link.partner_id,
        submitted_by_id=None,
        actor=actor,
        at=at,
        key=key,
    )
    if not is_repeat:
        Referral.objects.filter(id=referral.id).update(submitted_by_name=link.person_name)
        SubmitLink.objects.filter(id=link.id).update(
            used_count=F("used_count") + 1, last_used_at=at
        )
        _tell("submit_link.used", link, actor, at, referral_id=str(referral.id))
    return referral


def token_of(link: SubmitLink) -> str:
    """Return a link's secret: 160 bits that only the server's key can make, so it lies nowhere."""
    message = f"submit-link:{current_scope().tenant_id}:{link.id}:{link.made_at.timestamp():.6f}"
    digest = hmac.new(settings.SECRET_KEY.encode(), message.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest[:20]).decode().rstrip("=")


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _tell(name: str, link: SubmitLink, actor: Actor, at: datetime, **more: str) -> None:
    emit(
        name,
        subject=f"submit_link:{link.id}",
        actor=actor,
        partner_id=link.partner_id,
        payload={"submit_link_id": str(link.id), "program_id": str(link.program_id), **more},
        at=at,
        queue=False,
    )
