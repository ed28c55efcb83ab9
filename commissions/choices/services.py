"""Offer something instead of money, choose it, and take it out of the books."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from commissions.choices.models import RewardChoice, RewardExchange, Taken
from commissions.choices.rules import next_month
from commissions.choices.selectors import choices_of, choosers, exchanges_now
from commissions.ledger.selectors import tenant_zone
from partners.directory.models import Enrollment
from prm.events.services import SYSTEM, Actor, emit


class NotOffered(ValueError):
    """The program does not give this instead of money, or no longer at the exchange that was shown."""


@transaction.atomic
def set_exchange(
    *, program_id: UUID, kind: str, rate: Decimal | None, actor: Actor, at: datetime
) -> RewardExchange | None:
    """Give something instead of money from now on, or no longer (rate None).

    kind: of Instead. rate: what one unit of money becomes, from 1 to 3. Who chose it before keeps the exchange that was
    stated then; when it is no longer given, those partners take money again from the next month on.
    The same word again writes nothing. Emits program.exchange_set, and partner.reward_chosen per partner it ends for.
    """
    now = exchanges_now([program_id]).get(program_id, {}).get(kind)
    if now == rate:
        return None
    row = RewardExchange.objects.create(
        program_id=program_id, kind=kind, rate=rate, from_at=at, set_by_id=actor.user_id
    )
    emit(
        "program.exchange_set",
        subject=f"program:{program_id}",
        actor=actor,
        payload={"program_id": str(program_id), "kind": kind},
        changes={"rate": [str(now or ""), str(rate or "")]},
        at=at,
        queue=False,
    )
    if rate is None:
        for partner_id in choosers(program_id, kind):
            _choose((partner_id, program_id), Taken.CASH.value, None, SYSTEM, at)
    return row


@transaction.atomic
def choose_reward(
    *,
    partner_id: UUID,
    program_id: UUID,
    kind: str,
    shown_rate: Decimal | None,
    actor: Actor,
    at: datetime,
) -> RewardChoice | None:
    """Choose how a partner takes what a program pays, from the next month's statement on.

    kind: of Taken; shown_rate: the exchange on the person's screen, None for money. What is payable by then, or already
    released, stays money. The same choice again writes nothing and returns None.
    Raises NotOffered. Emits partner.reward_chosen.
    """
    Enrollment.objects.select_for_update().get(partner_id=partner_id, program_id=program_id)
    known = choices_of(partner_id, program_id)
    newest = max(known, key=lambda row: row.id, default=None)
    if kind != Taken.CASH:
        offered = exchanges_now([program_id]).get(program_id, {})
        if kind not in offered or offered[kind] != shown_rate:
            raise NotOffered(kind)
    rate = None if kind == Taken.CASH else shown_rate
    said = (newest.kind, newest.rate) if newest else (Taken.CASH.value, None)
    if said == (kind, rate):
        return None
    return _choose((partner_id, program_id), kind, rate, actor, at)


def _choose(
    whose: tuple[UUID, UUID], kind: str, rate: Decimal | None, actor: Actor, at: datetime
) -> RewardChoice:
    partner_id, program_id = whose
    today = at.astimezone(tenant_zone()).date()
    choice = RewardChoice.objects.create(
        partner_id=partner_id,
        program_id=program_id,
        kind=kind,
        rate=rate,
        from_on=next_month(today),
        chosen_by_id=actor.user_id,
        chosen_at=at,
        chosen_on=today,
    )
    emit(
        "partner.reward_chosen",
        subject=f"partner:{partner_id}",
        actor=actor,
        partner_id=partner_id,
        payload={
            "choice_id": choice.id,
            "partner_id": str(partner_id),
            "program_id": str(program_id),
            "kind": kind,
        },
        changes={"kind": ["", kind], "from_on": ["", choice.from_on.isoformat()]},
        at=at,
    )
    return choice
