"""What follows from rewards: prizes of contests are queued, partners are told, staff hear when codes run out."""

from uuid import UUID

from commissions.gifts.models import AwardState, GiftAward
from commissions.gifts.people import award_in_kind, withdraw_in_kind
from commissions.gifts.prizes import award_prize
from commissions.gifts.selectors import stocks_of
from prm.accounts.capabilities import Capability
from prm.accounts.selectors import members_with
from prm.events.models import Event
from prm.events.subscriptions import on
from prm.notices.services import notify
from prm.tenancy.scope import current_scope


@on("contest.won", name="gifts.award_prize")
def queue_prize(event: Event) -> None:
    """Queue what was won when it is not given as money; the winner is told by the contest."""
    award_prize(
        contest_id=UUID(event.payload["contest_id"]),
        rank=event.payload["rank"],
        at=event.at,
    )


@on("gift.awarded", name="gifts.tell_awarded")
def tell_awarded(event: Event) -> None:
    """Tell who gets it, and staff when it waits for a code; winners of contests are told by the contest."""
    award = _award(event)
    if not award.is_prize:
        _tell_partner(event, award, "gift.awarded")
    if award.is_coded and award.state == AwardState.WAITING:
        _tell_staff(event, award)


@on("gift.sent", name="gifts.tell_sent")
def tell_sent(event: Event) -> None:
    """Tell the partner that it comes; a code that came with the reward has been told of."""
    award = _award(event)
    if event.at != award.awarded_at:
        _tell_partner(event, award, "gift.sent")


@on("gift.failed", name="gifts.tell_failed")
def tell_failed(event: Event) -> None:
    """Tell the partner that it did not come."""
    _tell_partner(event, _award(event), "gift.failed")


def _award(event: Event) -> GiftAward:
    return GiftAward.objects.get(id=event.payload["award_id"])


@on("spiff.earned", name="gifts.award_in_kind")
def give_in_kind(event: Event) -> None:
    """Give a partner's person what the plan promises, where the employer allows no money."""
    award_in_kind(reward_id=event.payload["reward_id"], at=event.at)


@on("spiff.void", name="gifts.withdraw_in_kind")
def take_in_kind(event: Event) -> None:
    """Stop what was not sent yet."""
    withdraw_in_kind(reward_id=event.payload["reward_id"], at=event.at)


def _tell_partner(event: Event, award: GiftAward, kind: str) -> None:
    """Tell the person whose own it is, else those of the partner who see its earnings."""
    people = members_with(
        Capability.PARTNER_HOME if award.person_id else Capability.SEE_EARNINGS,
        tenant_id=current_scope().tenant_id,
        partner_id=award.partner_id,
    )
    for user in people:
        if award.person_id not in {None, user.id}:
            continue
        notify(
            kind=kind,
            key=f"{event.name}:{event.id}",
            user_id=user.id,
            facts={"title": award.title, "code": award.is_coded},
            path="your-rewards/" if award.person_id else "rewards/",
            partner_id=award.partner_id,
            at=event.at,
        )


def _tell_staff(event: Event, award: GiftAward) -> None:
    """Once a day and gift: the number is that of the first time."""
    assert award.gift_id is not None
    waiting = stocks_of([award.gift_id])[award.gift_id].waiting
    for user in members_with(Capability.EDIT_PROGRAMS, tenant_id=current_scope().tenant_id):
        notify(
            kind="gift.codes_empty",
            key=f"gift.codes_empty:{award.gift_id}:{award.awarded_on}",
            user_id=user.id,
            facts={"title": award.title, "n": waiting},
            path=f"manage/rewards/catalogue/{award.gift_id}/",
            at=event.at,
        )
