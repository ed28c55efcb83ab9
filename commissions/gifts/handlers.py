"""What follows from rewards: prizes of contests are queued, partners are told, staff hear when codes run out."""

from uuid import UUID

from commissions.gifts.models import AwardState, GiftAward
from commissions.gifts.rules import CODED
from commissions.gifts.selectors import stocks_of
from commissions.gifts.services import award_prize
from prm.accounts.capabilities import Capability
from prm.accounts.selectors import members_with
from prm.events.models import Event
from prm.events.subscriptions import on
from prm.notices.services import notify
from prm.tenancy.scope import current_scope


@on("contest.won", name="gifts.award_prize")
def queue_prize(event: Event) -> None:
    """Queue what was won when it is not money; the winner is told by the contest."""
    award_prize(
        contest_id=UUID(event.payload["contest_id"]),
        partner_id=UUID(event.payload["partner_id"]),
        at=event.at,
    )


@on("gift.awarded", name="gifts.tell_awarded")
def tell_awarded(event: Event) -> None:
    """Tell the partner of what staff gave it, and staff when it waits for a code."""
    award = _award(event)
    if award.gift_id is None:
        return
    _tell_partner(event, award, "gift.awarded")
    if award.kind in CODED and award.state == AwardState.WAITING:
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


def _tell_partner(event: Event, award: GiftAward, kind: str) -> None:
    for user in members_with(
        Capability.SEE_EARNINGS, tenant_id=current_scope().tenant_id, partner_id=award.partner_id
    ):
        notify(
            kind=kind,
            key=f"{event.name}:{event.id}",
            user_id=user.id,
            facts={"title": award.title, "code": award.kind in CODED},
            path="rewards/",
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
