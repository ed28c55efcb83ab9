"""Builders of what partners take instead of money; a scope must be open."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from commissions.choices.models import RewardChoice
from commissions.choices.services import choose_reward, set_exchange
from partners.directory.models import Enrollment, Partner
from partners.programs.models import Program
from prm.events.services import SYSTEM, Actor
from tests.builders.gifts import AT
from tests.builders.objects import Cast, builds
from tests.builders.referrals import a_program

RATE = Decimal("1.1")


def an_exchange(program: Program, kind: str = "credit", *, at: datetime = AT) -> None:
    """Offer something at 110 % instead of money."""
    set_exchange(program_id=program.id, kind=kind, rate=RATE, actor=SYSTEM, at=at)


def a_choice(
    partner: Partner, program: Program, at: datetime, kind: str = "credit", *, by: int | None = None
) -> RewardChoice | None:
    """Choose it for a partner, from the next month on."""
    Enrollment.objects.get_or_create(partner=partner, program=program)
    return choose_reward(
        partner_id=partner.id,
        program_id=program.id,
        kind=kind,
        shown_rate=None if kind == "cash" else RATE,
        actor=Actor(by),
        at=at,
    )


@builds("choosable_program")
def _choosable_program(cast: Cast) -> UUID:
    program = a_program()
    Enrollment.objects.get_or_create(partner=cast.partner, program=program)
    an_exchange(program)
    return program.id


@builds("reward_choice")
def _reward_choice(cast: Cast) -> UUID:
    program = a_program()
    an_exchange(program)
    a_choice(cast.partner, program, AT, by=cast.partner_admin.id)
    return program.id
