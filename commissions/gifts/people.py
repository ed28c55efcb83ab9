"""Rewards that are not money for a partner's people, where the employer allows no money."""

from datetime import date, datetime

from django.db import transaction
from django.utils import translation

from commissions.accruals.models import RewardInKind
from commissions.gifts.models import AwardState, Gift, GiftAward, GiftKind
from commissions.gifts.rules import ATTEMPTS
from commissions.gifts.selectors import OF_PLANS
from commissions.gifts.services import give_award, hand_out_codes, move_on
from commissions.ledger.selectors import tenant_zone
from commissions.plans.rules import Trace
from commissions.plans.wording import reward_name
from prm.events.services import SYSTEM
from prm.tenancy.models import Tenant
from prm.tenancy.scope import current_scope
from prm.web.formats import money_text

# What stands for an amount without being bent: quotas and discounts are the organisation's.
FITTING = (GiftKind.CARD, GiftKind.CREDIT, GiftKind.GOODS)


@transaction.atomic
def award_in_kind(*, reward_id: int, at: datetime) -> GiftAward | None:
    """Give a person what a reward in kind is worth: the catalogue's reward of exactly that cost, else a credit of it.

    None for a reward that ended meanwhile. A repeat returns the first award. Emits gift.awarded, gift.sent with a code.
    """
    reward = RewardInKind.objects.select_for_update(no_key=True).get(id=reward_id)
    if reward.void_at:
        return None
    if made := GiftAward.objects.filter(key=_key(reward.id)).first():
        return made
    with translation.override(_tenant_language()):
        reason = reward_name(Trace.from_json(reward.trace))
    return give_worth(
        GiftAward(
            program_id=reward.program_id,
            partner_id=reward.partner_id,
            person_id=reward.payee_id,
            key=_key(reward.id),
            cost_minor=reward.worth_minor,
            currency=reward.currency,
            reason=reason,
        ),
        at,
    )


def give_worth(award: GiftAward, at: datetime) -> GiftAward:
    """Give what costs exactly the award's cost: the catalogue's newest fitting reward, else a credit of it.

    award: one that says for whom and what for, and not yet what it is. Emits gift.awarded, gift.sent with a code.
    """
    gift = _gift_worth(award, at.astimezone(tenant_zone()).date())
    award.gift = gift
    if gift:
        award.kind, award.title, award.worth = gift.kind, gift.title, gift.worth
    else:
        award.kind = GiftKind.CREDIT
        with translation.override(_tenant_language()):
            award.title = credit_title(award.cost_minor, award.currency)
    give_award(award, SYSTEM, at)
    if gift:
        hand_out_codes(gift, SYSTEM, at)
        award.refresh_from_db()
    return award


@transaction.atomic
def withdraw_in_kind(*, reward_id: int, at: datetime) -> None:
    """Stop the delivery of a reward that nothing earns any more; what was sent stays. A repeat does nothing.

    Emits gift.failed.
    """
    award = (
        GiftAward.objects.select_for_update(no_key=True)
        .filter(key=_key(reward_id), state__in=(AwardState.WAITING, AwardState.ORDERED))
        .first()
    )
    if award is None:
        return
    award.attempt = ATTEMPTS
    with translation.override(_tenant_language()):
        why = translation.gettext("The sale that earned it was given back or lost.")
    move_on(award, AwardState.FAILED, SYSTEM, at, tracking=why)


def credit_title(minor: int, currency: str) -> str:
    """Return what a credit of an amount is called, in the active language."""
    return translation.gettext("Credit of %(amount)s") % {"amount": money_text(minor, currency)}


def _gift_worth(award: GiftAward, on: date) -> Gift | None:
    """Return what the program offers at exactly the cost, locked; the newest."""
    offered = Gift.objects.select_for_update(no_key=True).filter(
        program_id=award.program_id,
        currency=award.currency,
        cost_minor=award.cost_minor,
        kind__in=FITTING,
    )
    return next((gift for gift in offered.order_by("-id") if gift.terms.is_offered(on)), None)


def _key(reward_id: int) -> str:
    return f"{OF_PLANS}{reward_id}"


def _tenant_language() -> str:
    return Tenant.objects.values_list("language", flat=True).get(id=current_scope().tenant_id)
