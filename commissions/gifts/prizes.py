"""Prizes of contests that are not money, or that are not given as money: queued at their cost."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from commissions.contests.models import Contest, ContestPlace
from commissions.gifts.models import GiftAward, GiftKind
from commissions.gifts.people import give_worth
from commissions.gifts.services import give_award
from prm.events.services import SYSTEM


@transaction.atomic
def award_prize(*, contest_id: UUID, rank: int, at: datetime) -> GiftAward | None:
    """Queue what a place won in a contest when it is not given as money, at its cost, once per place.

    Where a person's employer allows no money, a prize in money is the catalogue's reward of exactly that cost, else a
    credit of it, as with rewards of plans. None for money and for places that won nothing.
    Emits gift.awarded, gift.sent with a code.
    """
    contest = Contest.objects.select_for_update(no_key=True).get(id=contest_id)
    place = (
        ContestPlace.objects.select_related("prize")
        .filter(contest_id=contest_id, rank=rank, prize__isnull=False, transfer=None)
        .first()
    )
    if place is None or place.prize is None:
        return None
    key = f"contest:{contest.id}:{place.rank}"
    if made := GiftAward.objects.filter(key=key).first():
        return made
    award = GiftAward(
        program_id=contest.program_id,
        partner_id=place.partner_id,
        person_id=place.person_id,
        key=key,
        cost_minor=place.prize.amount_minor or place.prize.cost_minor,
        currency=contest.currency,
        reason=contest.title,
    )
    if place.is_in_kind:
        return give_worth(award, at)
    award.kind, award.title = GiftKind.GOODS, place.prize.goods
    return give_award(award, SYSTEM, at)
