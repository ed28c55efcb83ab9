"""Builders of rewards that are not money; a scope must be open."""

from datetime import UTC, date, datetime
from uuid import UUID, uuid4

from commissions.gifts.models import Gift, GiftAward
from commissions.gifts.rules import GiftTerms
from commissions.gifts.services import add_codes, award_gift, keep_gift, move_award
from partners.directory.models import Enrollment, Partner
from partners.programs.models import Program
from prm.events.services import SYSTEM
from tests.builders.objects import Cast, builds
from tests.builders.referrals import a_program

AT = datetime(2026, 11, 10, 12, tzinfo=UTC)


def a_gift(
    program: Program, kind: str = "goods", *, cost_minor: int = 8_000, codes: tuple[str, ...] = ()
) -> Gift:
    """Offer a gift since the beginning of 2026, with codes when there are some."""
    terms = GiftTerms(kind, f"A {kind}", "Worth it", cost_minor, date(2026, 1, 1))
    gift = keep_gift(program_id=program.id, terms=terms, actor=SYSTEM, at=AT)
    if codes:
        add_codes(gift_id=gift.id, codes=codes, actor=SYSTEM, at=AT)
    return gift


def an_award(gift: Gift, partner: Partner, at: datetime = AT) -> GiftAward:
    """Give a partner one of a gift."""
    return award_gift(
        gift_id=gift.id,
        partner_id=partner.id,
        reason="For a good year",
        key=str(uuid4()),
        actor=SYSTEM,
        at=at,
    )


def _enrolled(cast: Cast) -> Program:
    program = a_program()
    Enrollment.objects.get_or_create(partner=cast.partner, program=program)
    return program


@builds("gift")
def _gift(cast: Cast) -> UUID:
    return a_gift(a_program(), "card").id


@builds("gift_award")
def _gift_award(cast: Cast) -> UUID:
    return an_award(a_gift(_enrolled(cast)), cast.partner).id


@builds("coded_award")
def _coded_award(cast: Cast) -> UUID:
    return an_award(a_gift(_enrolled(cast), "card", codes=(str(uuid4()),)), cast.partner).id


@builds("sent_award")
def _sent_award(cast: Cast) -> UUID:
    award = an_award(a_gift(_enrolled(cast)), cast.partner)
    return move_award(award_id=award.id, to="sent", tracking="", actor=SYSTEM, at=AT).id
