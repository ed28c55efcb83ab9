"""Offer, give and deliver rewards that are not money: each once, each code to one award only."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.crypto import salted_hmac

from commissions.gifts.models import AwardState, Gift, GiftAward, GiftCode
from commissions.gifts.rules import CODED, GiftTerms, next_states
from commissions.gifts.selectors import offers_for
from commissions.ledger.selectors import tenant_zone
from partners.programs.models import Program
from prm.accounts.secrets import encrypt
from prm.events.services import Actor, emit


class GiftNotOffered(Exception):
    """The gift is not offered today, or not in a program in which the partner is active."""


class HasNoCodes(Exception):
    """This kind of gift is not handed out as a code."""


class KindIsFixed(Exception):
    """A gift that was given, or has codes, keeps its kind."""


class AwardNotInState(Exception):
    """The award cannot go where it was to go; another person may have moved it."""


@transaction.atomic
def keep_gift(
    *,
    program_id: UUID,
    terms: GiftTerms,
    actor: Actor,
    at: datetime,
    gift_id: UUID | None = None,
) -> Gift:
    """Offer a gift, or change it for what is given from now on. A repeat of the same terms writes nothing.

    Raises KindIsFixed. Emits gift.kept.
    """
    if gift_id is None:
        currency = Program.objects.values_list("currency", flat=True).get(id=program_id)
        gift = Gift(program_id=program_id, currency=currency, created_by_id=actor.user_id)
        before: dict[str, object] = {}
    else:
        gift = Gift.objects.select_for_update(no_key=True).get(id=gift_id)
        before = asdict(gift.terms)
        if gift.terms == terms:
            return gift
        if gift.kind != terms.kind and _is_used(gift.id):
            raise KindIsFixed(str(gift.id))
    for name, value in asdict(terms).items():
        setattr(gift, name, value)
    gift.save()
    emit(
        "gift.kept",
        subject=f"gift:{gift.id}",
        actor=actor,
        payload={"gift_id": str(gift.id), "program_id": str(gift.program_id)},
        changes={
            name: [str(before.get(name) or ""), str(value or "")]
            for name, value in asdict(terms).items()
            if before.get(name) != value
        },
        at=at,
    )
    return gift


@transaction.atomic
def add_codes(
    *, gift_id: UUID, codes: Sequence[str], actor: Actor, at: datetime
) -> tuple[int, int]:
    """Add codes to a gift and hand them to the awards that wait, the oldest first.

    Returns how many are new and how many were handed out at once; a code the tenant knows, of any gift, is left out.
    Raises HasNoCodes. Emits gift.codes_added, and gift.sent for each award.
    """
    gift = _locked_gift(gift_id)
    if gift.kind not in CODED:
        raise HasNoCodes(str(gift_id))
    before = GiftCode.objects.filter(gift_id=gift.id).count()
    GiftCode.objects.bulk_create(
        (
            GiftCode(gift_id=gift.id, sealed=encrypt(code), digest=_digest(code), added_at=at)
            for code in codes
        ),
        batch_size=1000,
        ignore_conflicts=True,
    )
    added = GiftCode.objects.filter(gift_id=gift.id).count() - before
    if added:
        emit(
            "gift.codes_added",
            subject=f"gift:{gift.id}",
            actor=actor,
            payload={"gift_id": str(gift.id), "count": added},
            at=at,
        )
    return added, hand_out_codes(gift, actor, at)


@transaction.atomic
def award_gift(
    *, gift_id: UUID, partner_id: UUID, reason: str, key: str, actor: Actor, at: datetime
) -> GiftAward:
    """Give a partner one of a gift, with its code when one is free; without one it waits for codes.

    key: the form's own number; a repeat returns the award it made. Raises GiftNotOffered.
    Emits gift.awarded, and gift.sent with a code.
    """
    gift = _locked_gift(gift_id)
    if made := GiftAward.objects.filter(key=f"hand:{key}").first():
        return made
    today = at.astimezone(tenant_zone()).date()
    if gift.id not in {offer.id for offer in offers_for(partner_id, today)}:
        raise GiftNotOffered(str(gift_id))
    award = give_award(
        GiftAward(
            program_id=gift.program_id,
            partner_id=partner_id,
            gift=gift,
            key=f"hand:{key}",
            kind=gift.kind,
            title=gift.title,
            worth=gift.worth,
            cost_minor=gift.cost_minor,
            currency=gift.currency,
            reason=reason.strip(),
        ),
        actor,
        at,
    )
    hand_out_codes(gift, actor, at)
    award.refresh_from_db()
    return award


@transaction.atomic
def move_award(*, award_id: UUID, to: str, tracking: str, actor: Actor, at: datetime) -> GiftAward:
    """Say where an award stands now. tracking: how it comes, or why it did not; empty keeps what was said.

    Back to waiting is the second delivery, with a new code where codes are handed out. Raises AwardNotInState.
    Emits gift.ordered, gift.sent, gift.received, gift.failed or gift.retried.
    """
    award = GiftAward.objects.get(id=award_id)
    gift = _locked_gift(award.gift_id) if award.gift_id else None
    award = GiftAward.objects.select_for_update(no_key=True).get(id=award_id)
    if to not in next_states(award.state, award.attempt, is_coded=award.is_coded):
        raise AwardNotInState(award.state)
    if to == AwardState.WAITING:
        award.attempt += 1
        award.tracking, award.shown_at = "", None
    move_on(award, to, actor, at, tracking=tracking)
    if gift and to == AwardState.WAITING:
        hand_out_codes(gift, actor, at)
        award.refresh_from_db()
    return award


@transaction.atomic
def confirm_receipt(*, award_id: UUID, actor: Actor, at: datetime) -> GiftAward:
    """Say, as the partner, that a reward came. A repeat does nothing. In the partner's scope.

    Raises AwardNotInState for one that was not sent. Emits gift.received.
    """
    award = GiftAward.objects.select_for_update(no_key=True).get(id=award_id)
    if award.state != AwardState.RECEIVED:
        if award.state != AwardState.SENT:
            raise AwardNotInState(award.state)
        move_on(award, AwardState.RECEIVED, actor, at)
    return award


@transaction.atomic
def note_shown(*, award_id: UUID, actor: Actor, at: datetime) -> GiftAward:
    """Record, as the partner, that its code is looked at: every time in the trail, the first time as received.

    Raises AwardNotInState without a code. Emits gift.code_shown, and gift.received.
    """
    award = GiftAward.objects.select_for_update(no_key=True).get(id=award_id)
    if award.state not in {AwardState.SENT, AwardState.RECEIVED} or not award.is_coded:
        raise AwardNotInState(award.state)
    if award.shown_at is None:
        award.shown_at = at
        award.save(update_fields=["shown_at"])
    _tell("gift.code_shown", award, actor, at)
    if award.state == AwardState.SENT:
        move_on(award, AwardState.RECEIVED, actor, at)
    return award


def give_award(award: GiftAward, actor: Actor, at: datetime) -> GiftAward:
    """Write an award that is not there yet, as given now. Emits gift.awarded."""
    award.awarded_by_id = actor.user_id
    award.awarded_at = award.state_at = at
    award.awarded_on = at.astimezone(tenant_zone()).date()
    award.save(force_insert=True)
    _tell("gift.awarded", award, actor, at)
    return award


def hand_out_codes(gift: Gift, actor: Actor, at: datetime) -> int:
    """Give free codes to the awards that wait, in order; return how many.

    The gift is locked by the caller, so each code goes once. Emits gift.sent per award.
    """
    if gift.kind not in CODED:
        return 0
    free = GiftCode.objects.filter(gift_id=gift.id, award=None).order_by("id")
    waiting = (
        GiftAward.objects.select_for_update(no_key=True)
        .filter(gift_id=gift.id, state=AwardState.WAITING)
        .order_by("awarded_at", "id")[: free.count()]
    )
    handed = 0
    for award, code in zip(waiting, list(free[: len(waiting)]), strict=True):
        code.award_id, code.partner_id = award.id, award.partner_id
        code.save(update_fields=["award_id", "partner_id"])
        move_on(award, AwardState.SENT, actor, at)
        handed += 1
    return handed


def move_on(award: GiftAward, to: str, actor: Actor, at: datetime, *, tracking: str = "") -> None:
    """Write where a locked award stands now; whether it may is the caller's to know. Emits gift.<state>."""
    before, award.state, award.state_at = award.state, to, at
    award.tracking = tracking.strip() or award.tracking
    award.save(update_fields=["state", "state_at", "tracking", "attempt", "shown_at"])
    name = "gift.retried" if to == AwardState.WAITING else f"gift.{to}"
    _tell(name, award, actor, at, changes={"state": [before, to]})


def _is_used(gift_id: UUID) -> bool:
    return (
        GiftAward.objects.filter(gift_id=gift_id).exists()
        or GiftCode.objects.filter(gift_id=gift_id).exists()
    )


def _locked_gift(gift_id: UUID) -> Gift:
    return Gift.objects.select_for_update(no_key=True).get(id=gift_id)


def _digest(code: str) -> str:
    return salted_hmac("commissions.gifts.code", code, algorithm="sha256").hexdigest()


def _tell(
    name: str,
    award: GiftAward,
    actor: Actor,
    at: datetime,
    *,
    changes: dict[str, list[str]] | None = None,
) -> None:
    emit(
        name,
        subject=f"gift_award:{award.id}",
        actor=actor,
        partner_id=award.partner_id,
        payload={
            "award_id": str(award.id),
            "partner_id": str(award.partner_id),
            "program_id": str(award.program_id),
            "kind": award.kind,
            "user_id": award.person_id,
        },
        changes=changes or {},
        at=at,
    )
