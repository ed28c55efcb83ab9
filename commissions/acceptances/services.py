"""Partners say yes to new terms; those who have not are reminded."""

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import get_language

from commissions.acceptances.models import PlanAcceptance
from commissions.acceptances.selectors import newest_change, offer_of, terms_due
from commissions.plans.models import PlanVersion
from prm.events.services import Actor, emit


class NothingToAccept(LookupError):
    """The partner is not asked for this version: it is not in the program, or joined under it."""


class OfferChanged(ValueError):
    """What would be accepted is not what was shown; it has to be read again."""


@transaction.atomic
def accept_terms(
    *,
    version_id: UUID,
    partner_id: UUID,
    shown_hash: str,
    signer_name: str,
    actor: Actor,
    at: datetime,
) -> PlanAcceptance:
    """Keep one person's yes for a partner to a plan version, with the difference as it was shown.

    shown_hash: SHA-256 of the text on the person's screen, in the active language. A second yes returns the first.
    Referrals registered before the version keep their terms, with or without it.
    Raises NothingToAccept, OfferChanged (a newer version, or another language). Emits plan.accepted.
    """
    first = PlanAcceptance.objects.filter(version_id=version_id, partner_id=partner_id).first()
    if first is not None:
        return first
    version = PlanVersion.objects.filter(id=version_id, published_at__lte=at).first()
    if version is None or actor.user_id is None:
        raise NothingToAccept(version_id)
    due = terms_due(partner_id, version.program_id, at)
    if due is None:
        raise NothingToAccept(version_id)
    offer = offer_of(due)
    if due.version.id != version_id or offer.digest != shown_hash:
        raise OfferChanged(version_id)
    acceptance = PlanAcceptance(
        version=version,
        program_id=version.program_id,
        partner_id=partner_id,
        user_id=actor.user_id,
        signer_name=signer_name.strip(),
        accepted_at=at,
        language=get_language() or "en",
        text=offer.text,
        text_hash=offer.digest,
    )
    try:
        with transaction.atomic():
            acceptance.save(force_insert=True)
    except IntegrityError as clash:
        if "plan_acceptance_once" not in str(clash):
            raise
        return PlanAcceptance.objects.get(version_id=version_id, partner_id=partner_id)
    _emit_accepted(acceptance, actor)
    return acceptance


def _emit_accepted(acceptance: PlanAcceptance, actor: Actor) -> None:
    emit(
        "plan.accepted",
        subject=f"partner:{acceptance.partner_id}",
        actor=actor,
        partner_id=acceptance.partner_id,
        payload={
            "acceptance_id": str(acceptance.id),
            "partner_id": str(acceptance.partner_id),
            "program_id": str(acceptance.program_id),
            "version_id": str(acceptance.version_id),
        },
        changes={
            "version": ["", str(acceptance.version.number)],
            "text_hash": ["", acceptance.text_hash],
        },
        at=acceptance.accepted_at,
        queue=False,
    )


@transaction.atomic
def remind_of_terms(*, partner_id: UUID, program_id: UUID, actor: Actor, at: datetime) -> bool:
    """Ask a partner's people again for their answer to the newest change; False when nothing waits.

    A second reminder of the same version on the same day reaches nobody twice. Emits plan.reminded.
    """
    change = newest_change(program_id, at)
    if change is None or terms_due(partner_id, program_id, at) is None:
        return False
    emit(
        "plan.reminded",
        subject=f"partner:{partner_id}",
        actor=actor,
        partner_id=partner_id,
        payload={
            "partner_id": str(partner_id),
            "program_id": str(program_id),
            "version_id": str(change.version.id),
        },
        at=at,
    )
    return True
