"""What follows from moves and from time: claims made and released, pairs noted, people told."""

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from prm.accounts.capabilities import Role
from prm.accounts.models import Membership
from prm.events.models import Event
from prm.events.services import Actor
from prm.events.subscriptions import on
from prm.notices.services import notify
from prm.tenancy.links import tenant_url
from prm.tenancy.models import Tenant
from prm.tenancy.scope import current_scope
from referrals.claims.duplicates import note_matches, settle_pairs_of
from referrals.claims.links import StillWorking, still_working_token
from referrals.claims.models import Claim, ClaimEnd, ClaimExtension, ExtensionState, OtherKind
from referrals.claims.selectors import rules_of
from referrals.claims.services import claim, note_work, refuse_without_place, release_claim
from referrals.pipeline.hooks import after_move, after_submit
from referrals.pipeline.models import (
    CLOSED_KINDS,
    OPEN_KINDS,
    Referral,
    Source,
    StageChange,
    StageKind,
)

# Ways in which the partner registers a company itself; leads of its page and what staff enter are never lost for room.
_REGISTERED = (Source.FORM, Source.BULK, Source.SIGNED, Source.MAIL, Source.API)


# ---------------------------------------------------------------- in the transaction of the move


@after_submit
def needs_a_place(referral: Referral, _actor: Actor, at: datetime) -> None:
    """A partner that holds as many companies as it may registers no further one."""
    if referral.source in _REGISTERED:
        refuse_without_place(referral, at)


@after_move
def claim_or_release(referral: Referral, change: StageChange, actor: Actor, at: datetime) -> None:
    """Accepting, or reopening, claims the account; closing frees it; any other move is a sign of work."""
    if change.to_kind in CLOSED_KINDS:
        why = ClaimEnd.WON if change.to_kind == StageKind.WON else ClaimEnd.CLOSED
        release_claim(referral_id=referral.id, why=why, actor=actor, at=at)
    elif change.to_kind in OPEN_KINDS and change.to_kind != StageKind.SUBMITTED:
        if change.from_kind == StageKind.SUBMITTED or change.from_kind in CLOSED_KINDS:
            claim(referral=referral, actor=actor, at=at)
        else:
            note_work(referral_id=referral.id, at=at)


# ---------------------------------------------------------------- afterwards, in the worker


@on("referral.submitted", name="claims.note_matches")
def look_for_matches(event: Event) -> None:
    """Companies that look like a new one are put side by side for a person."""
    note_matches(referral_id=UUID(event.payload["referral_id"]), at=event.at)


@on("referral.queued", name="claims.note_matches_queued")
def look_for_matches_queued(event: Event) -> None:
    """The same for history that is taken up."""
    note_matches(referral_id=UUID(event.payload["referral_id"]), at=event.at)


@on("referral.stage_changed", name="claims.settle_pairs")
def settle_pairs(event: Event) -> None:
    """A referral that ended without a customer is nobody's duplicate."""
    settle_pairs_of(referral_id=UUID(event.payload["referral_id"]), at=event.at)


@on("referral.note_added", name="claims.note_work")
def note_is_work(event: Event) -> None:
    """What the partner writes shows that it works on the account; what the vendor writes does not."""
    if event.actor_id and not _is_staff(event.actor_id):
        note_work(referral_id=UUID(event.payload["referral_id"]), at=event.at)


@on("referral.question_answered", name="claims.note_work_answered")
def answer_is_work(event: Event) -> None:
    """So does an answer to a question of the vendor."""
    note_work(referral_id=UUID(event.payload["referral_id"]), at=event.at)


def _is_staff(user_id: int) -> bool:
    return Membership.objects.filter(
        tenant_id=current_scope().tenant_id, user_id=user_id, partner_id=None, ended_at=None
    ).exists()


# ---------------------------------------------------------------- telling


@on("claim.warned", name="claims.tell_warned")
def tell_warned(event: Event) -> None:
    """The sender and the channel manager learn that a claim is about to end, the sender with the link that keeps it."""
    row = _claim(event)
    facts = {
        **_facts(row),
        "why": event.payload["why"],
        "days": event.payload.get("days", 0),
        "until": _day(row.protected_until),
        "release_on": _day(event.payload.get("release_at", "")),
        "extension_days": rules_of(row.program_id).extension_days,
    }
    if row.idle_warned_at and event.payload["why"] == "idle":
        tenant = Tenant.objects.get(id=current_scope().tenant_id)
        said = StillWorking(tenant.id, row.id, row.idle_warned_at)
        facts["confirm_url"] = tenant_url(
            tenant, "referrals:still-working", token=still_working_token(said)
        )
    _tell_both("claim.warned", f"event:{event.id}", row.referral, facts, event.at)


@on("claim.expired", name="claims.tell_expired")
def tell_expired(event: Event) -> None:
    """The same people learn that the protection has ended."""
    row = _claim(event)
    facts = {**_facts(row), "why": ClaimEnd.EXPIRED.value}
    _tell_both("claim.ended", f"event:{event.id}", row.referral, facts, event.at)


@on("claim.released", name="claims.tell_released")
def tell_released(event: Event) -> None:
    """And that it was released for want of work; what else ends a claim has mails of its own."""
    if event.payload["why"] != ClaimEnd.IDLE:
        return
    row = _claim(event)
    facts = {**_facts(row), "why": ClaimEnd.IDLE.value}
    _tell_both("claim.ended", f"event:{event.id}", row.referral, facts, event.at)


@on("claim.extension_asked", name="claims.tell_asked")
def tell_asked(event: Event) -> None:
    """The channel manager, or all of them where there is none, learn that an answer is waited for."""
    row = _claim(event)
    asked = ClaimExtension.objects.get(id=event.payload["extension_id"])
    facts = {**_facts(row), "evidence": asked.evidence}
    for user_id in _managers(row.referral):
        notify(
            kind="claim.extension_asked",
            key=f"event:{event.id}",
            user_id=user_id,
            facts=facts,
            path=f"manage/extensions/{asked.id}/",
            at=event.at,
        )


@on("claim.extended", name="claims.tell_extended")
def tell_extended(event: Event) -> None:
    """Whoever asked for more time learns that it was given."""
    _tell_answer(event)


@on("claim.extension_refused", name="claims.tell_refused")
def tell_refused(event: Event) -> None:
    """Whoever asked for more time learns why not."""
    _tell_answer(event)


@on("referral.duplicate_decided", name="claims.tell_decided")
def tell_decided(event: Event) -> None:
    """The sender of the referral that goes on learns so; the other one is told by its own move."""
    if event.payload["other_kind"] != OtherKind.REFERRAL or not event.payload["kept_id"]:
        return
    kept = Referral.objects.select_related("partner").get(id=event.payload["kept_id"])
    _tell_sender("referral.duplicate_decided", f"event:{event.id}", kept, _names(kept), event.at)


def _claim(event: Event) -> Claim:
    return Claim.objects.select_related("referral", "referral__partner").get(
        id=event.payload["claim_id"]
    )


def _facts(row: Claim) -> dict[str, Any]:
    return _names(row.referral)


def _names(referral: Referral) -> dict[str, Any]:
    return {
        "company": referral.company,
        "partner": referral.partner.name,
        "number": referral.number,
    }


def _day(moment: datetime | str) -> str:
    """Return the day of a moment in the tenant's zone as ISO text; empty stays empty."""
    if not moment:
        return ""
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment)
    zone = Tenant.objects.only("time_zone").get(id=current_scope().tenant_id).time_zone
    return moment.astimezone(ZoneInfo(zone)).date().isoformat()


def _tell_answer(event: Event) -> None:
    asked = ClaimExtension.objects.get(id=event.payload["extension_id"])
    row = _claim(event)
    facts = {
        **_facts(row),
        "granted": asked.state == ExtensionState.GRANTED,
        "until": _day(event.payload["until"]),
        "answer": asked.answer,
    }
    if asked.asked_by_id is not None:
        notify(
            kind="claim.extended",
            key=f"event:{event.id}",
            user_id=asked.asked_by_id,
            partner_id=row.partner_id,
            facts=facts,
            path=f"referrals/{row.referral_id}/",
            at=event.at,
        )


def _tell_both(
    kind: str, key: str, referral: Referral, facts: dict[str, Any], at: datetime
) -> None:
    _tell_sender(kind, key, referral, facts, at)
    own = {name: value for name, value in facts.items() if name != "confirm_url"}
    for user_id in _managers(referral):
        notify(
            kind=kind,
            key=key,
            user_id=user_id,
            facts=own,
            path=f"manage/referrals/{referral.id}/",
            at=at,
        )


def _tell_sender(
    kind: str, key: str, referral: Referral, facts: dict[str, Any], at: datetime
) -> None:
    if referral.submitted_by_id is not None:
        notify(
            kind=kind,
            key=key,
            user_id=referral.submitted_by_id,
            partner_id=referral.partner_id,
            facts=facts,
            path=f"referrals/{referral.id}/",
            at=at,
        )


def _managers(referral: Referral) -> list[int]:
    """Return the partner's channel manager, or all of them where there is none."""
    managers = set(
        Membership.objects.filter(
            tenant_id=current_scope().tenant_id,
            partner_id=None,
            ended_at=None,
            roles__contains=[Role.CHANNEL_MANAGER],
        ).values_list("user_id", flat=True)
    )
    mine = referral.partner.manager_id
    return [mine] if mine in managers and mine is not None else sorted(managers)
