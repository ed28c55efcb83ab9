"""Pairs of records that may be one company: noted when a referral comes in, decided by a person."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from prm.events.services import Actor, emit
from referrals.claims.models import CrmAccount, OtherKind, SameCompany, Verdict
from referrals.claims.selectors import ENDED_KINDS, matches_of
from referrals.pipeline.models import CLOSED_KINDS, Referral, StageKind
from referrals.pipeline.services import end_referral

MOST_WAITING = 500


class NotOfThePair(ValueError):
    """What is to stay is none of the two."""


class ReasonMissing(ValueError):
    """A decision is recorded with its reason."""


@transaction.atomic
def note_matches(*, referral_id: UUID, at: datetime) -> list[SameCompany]:
    """Note every record that may be the company of an open referral; return the pairs that are new.

    Of two referrals the pair hangs on the one that came later. A repeat notes nothing twice.
    """
    referral = Referral.objects.filter(id=referral_id).exclude(stage_kind__in=CLOSED_KINDS).first()
    if referral is None:
        return []
    fresh = []
    for found in matches_of([referral], similar=True).get(referral.id, []):
        later, (kind, other_id) = referral.id, found.other
        if found.referral is not None and _came_later(found.referral, referral):
            later, other_id = found.referral.id, referral.id
        pair, is_new = SameCompany.objects.get_or_create(
            referral_id=later,
            other_kind=kind,
            other_id=other_id,
            defaults={"why": found.why, "strength": int(found.strength), "found_at": at},
        )
        fresh += [pair] if is_new else []
    return fresh


def _came_later(one: Referral, other: Referral) -> bool:
    return (one.registered_at, one.id) > (other.registered_at, other.id)


@transaction.atomic
def decide_pair(
    *,
    pair_id: UUID,
    verdict: Verdict,
    kept_id: UUID | None,
    reason: str,
    told: str,
    actor: Actor,
    at: datetime,
) -> SameCompany:
    """Record whether two records are one company; of two referrals of one company the one that is not kept ends.

    verdict: SAME or DIFFERENT. kept_id: for SAME, the referral or account that stays. reason: for the vendor's
    people. told: what the partner whose referral ends reads; it names nobody. Different ones are not shown again.
    A repeat returns the first decision. Raises NotOfThePair, ReasonMissing, and MoveRefused from a hook.
    Emits referral.duplicate_decided, and referral.stage_changed for the one that ends.
    """
    pair = SameCompany.objects.select_for_update(no_key=True).get(id=pair_id)
    if pair.verdict != Verdict.OPEN:
        return pair
    if not reason.strip():
        raise ReasonMissing(str(pair_id))
    sides = {pair.referral_id, pair.other_id}
    if verdict == Verdict.SAME and kept_id not in sides:
        raise NotOfThePair(str(kept_id))
    pair.verdict, pair.reason = verdict, reason.strip()
    pair.decided_by_id, pair.decided_at = actor.user_id, at
    pair.kept_id = kept_id if verdict == Verdict.SAME else None
    pair.save(update_fields=["verdict", "reason", "decided_by", "decided_at", "kept_id"])
    if ended := _to_end(pair):
        end_referral(referral_id=ended, kind=StageKind.REJECTED, reason=told, actor=actor, at=at)
    emit(
        "referral.duplicate_decided",
        subject=f"referral:{pair.referral_id}",
        actor=actor,
        payload={
            "pair_id": str(pair.id),
            "referral_id": str(pair.referral_id),
            "other_kind": pair.other_kind,
            "other_id": str(pair.other_id),
            "verdict": pair.verdict,
            "kept_id": str(pair.kept_id or ""),
        },
        at=at,
    )
    return pair


def _to_end(pair: SameCompany) -> UUID | None:
    """Return the referral that the decision ends, None for none."""
    if pair.verdict != Verdict.SAME:
        return None
    if pair.kept_id != pair.referral_id:
        return pair.referral_id
    return pair.other_id if pair.other_kind == OtherKind.REFERRAL else None


@transaction.atomic
def settle_pairs_of(*, referral_id: UUID, at: datetime) -> int:
    """Take the undecided pairs of a referral that has ended without a customer out of the queue; return how many."""
    if not Referral.objects.filter(id=referral_id, stage_kind__in=ENDED_KINDS).exists():
        return 0
    return SameCompany.objects.filter(
        Q(referral_id=referral_id) | Q(other_kind=OtherKind.REFERRAL, other_id=referral_id),
        verdict=Verdict.OPEN,
    ).update(verdict=Verdict.MOOT, decided_at=at)


def account_of(pair: SameCompany) -> CrmAccount | None:
    """Return the account of the CRM on the other side, None for a referral or one that is gone."""
    if pair.other_kind != OtherKind.ACCOUNT:
        return None
    return CrmAccount.objects.filter(id=pair.other_id).first()


def note_matches_of_waiting(*, at: datetime) -> int:
    """Note the matches of every referral that waits for an answer, at most 500; return how many pairs are new.

    For accounts that came after the referrals did. A repeat notes nothing twice.
    """
    waiting = Referral.objects.waiting().order_by("-queued_at", "-id").values_list("id", flat=True)
    return sum(len(note_matches(referral_id=key, at=at)) for key in list(waiting[:MOST_WAITING]))
