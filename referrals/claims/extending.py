"""More time for a claim: the partner asks with evidence, the vendor's people answer."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from prm.events.services import Actor, emit
from referrals.claims import rules
from referrals.claims.models import Claim, ClaimExtension, ExtensionState
from referrals.claims.selectors import rules_of
from referrals.claims.services import NoOpenClaim
from referrals.pipeline.models import Referral


class AskedAlready(ValueError):
    """A request for more time waits for its answer."""


class NoMoreExtensions(ValueError):
    """The claim got as many extensions as its program gives."""


class EvidenceRequired(ValueError):
    """More time is given for work that can be shown."""


class AnswerRequired(ValueError):
    """A refusal says why."""


@transaction.atomic
def ask_extension(
    *, referral_id: UUID, evidence: str, upload_id: UUID | None, actor: Actor, at: datetime
) -> ClaimExtension:
    """Ask for more time on the referral's claim; what shows the work is text and, if wanted, a kept file.

    Asking counts as a sign of work. Raises NoOpenClaim, AskedAlready, NoMoreExtensions, EvidenceRequired.
    Emits claim.extension_asked.
    """
    if not evidence.strip():
        raise EvidenceRequired(str(referral_id))
    row = (
        Claim.objects.live(at)
        .filter(referral_id=referral_id)
        .select_for_update(no_key=True)
        .first()
    )
    if row is None:
        raise NoOpenClaim(str(referral_id))
    before = ClaimExtension.objects.filter(claim_id=row.id)
    if before.filter(state=ExtensionState.ASKED).exists():
        raise AskedAlready(str(row.id))
    granted = before.filter(state=ExtensionState.GRANTED).count()
    if granted >= rules_of(row.program_id).most_extensions:
        raise NoMoreExtensions(str(row.id))
    asked = ClaimExtension.objects.create(
        claim=row,
        partner_id=row.partner_id,
        asked_by_id=actor.user_id,
        asked_at=at,
        evidence=evidence.strip(),
        upload_id=upload_id,
    )
    row.active_at, row.idle_warned_at = at, None
    row.save(update_fields=["active_at", "idle_warned_at"])
    _tell("claim.extension_asked", asked, row, actor, at)
    return asked


@transaction.atomic
def decide_extension(
    *, extension_id: UUID, granted: bool, answer: str, actor: Actor, at: datetime
) -> ClaimExtension:
    """Grant or refuse more time; granted days are the program's and count from the end that was.

    answer: shown to the partner; a refusal needs one. A repeat returns the first decision.
    Raises NoOpenClaim when the claim has ended meanwhile, AnswerRequired. Emits claim.extended or
    claim.extension_refused.
    """
    asked = ClaimExtension.objects.select_for_update(no_key=True).get(id=extension_id)
    if asked.state != ExtensionState.ASKED:
        return asked
    if not granted and not answer.strip():
        raise AnswerRequired(str(extension_id))
    row = Claim.objects.select_for_update(no_key=True).get(id=asked.claim_id)
    if granted:
        _extend(row, asked, at)
    asked.state = ExtensionState.GRANTED if granted else ExtensionState.REFUSED
    asked.answer, asked.decided_by_id, asked.decided_at = answer.strip(), actor.user_id, at
    asked.save(update_fields=["state", "answer", "decided_by", "decided_at", "until"])
    _tell("claim.extended" if granted else "claim.extension_refused", asked, row, actor, at)
    return asked


def _extend(row: Claim, asked: ClaimExtension, at: datetime) -> None:
    """Move the end of a claim that still protects. Raises NoOpenClaim."""
    if row.ended_at is not None or row.protected_until <= at:
        raise NoOpenClaim(str(row.referral_id))
    days = rules_of(row.program_id).extension_days
    row.protected_until = rules.extended_until(row.protected_until, days=days)
    row.warned_days, row.active_at, row.idle_warned_at = None, at, None
    row.save(update_fields=["protected_until", "warned_days", "active_at", "idle_warned_at"])
    Referral.objects.filter(id=row.referral_id).update(protected_until=row.protected_until)
    asked.until = row.protected_until


def _tell(name: str, asked: ClaimExtension, row: Claim, actor: Actor, at: datetime) -> None:
    emit(
        name,
        subject=f"referral:{row.referral_id}",
        actor=actor,
        partner_id=asked.partner_id,
        payload={
            "extension_id": str(asked.id),
            "claim_id": str(row.id),
            "referral_id": str(row.referral_id),
            "until": asked.until.isoformat() if asked.until else "",
        },
        at=at,
    )
