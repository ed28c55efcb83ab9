"""The place that the slice of sharing fills: what a partner's code does that a customer gives when it pays."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.utils.translation import gettext as _

from prm.events.services import Actor

CODE_LENGTH = 40


class CodeResult(StrEnum):
    """What became of a code."""

    COUNTED = "counted"
    THERE_ALREADY = "there_already"
    # The referral came with another code, and a customer has one.
    SECOND = "second"
    # The code is another partner's: noted as a contact, the credit stays where it is until a person decides.
    OTHER_PARTNER = "other_partner"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class CodeTold:
    """A code and what became of it. partner: whose it is, empty while unknown."""

    code: str
    result: CodeResult
    partner: str = ""

    @property
    def words(self) -> str:
        """What it did, for the vendor's people."""
        named = {"code": self.code, "partner": self.partner}
        return {
            CodeResult.COUNTED: _("Code %(code)s of %(partner)s is counted"),
            CodeResult.THERE_ALREADY: _("Code %(code)s of %(partner)s was counted before"),
            CodeResult.SECOND: _(
                "Code %(code)s is not counted: this customer came with another code"
            ),
            CodeResult.OTHER_PARTNER: _(
                "Code %(code)s is of %(partner)s: noted on the referral, the credit did not move"
            ),
            CodeResult.UNKNOWN: _("No code %(code)s could be used in this program on that day"),
        }[self.result] % named


class CodeUnknown(ValueError):
    """A person typed a code that could not be used; the text says so."""


# (referral_id, code, used_at, actor, at) -> what became of it
CodeTaker = Callable[[UUID, str, datetime, Actor, datetime], CodeTold]
_takers: list[CodeTaker] = []


def takes_codes(taker: CodeTaker) -> CodeTaker:
    """Register what takes codes. Raises ValueError for a second one."""
    if _takers and _takers != [taker]:
        raise ValueError("codes are taken already")
    _takers[:] = [taker]
    return taker


def take_code(
    *, referral_id: UUID, code: str, used_at: datetime, actor: Actor, at: datetime
) -> CodeTold | None:
    """Note the code that a referral's customer gave, as it counted at `used_at`; None for an empty one.

    Both moments are aware UTC. A repeat uses nothing twice. Emits coupon.used when it is counted.
    """
    if not code.strip() or not _takers:
        return None
    return _takers[0](referral_id, code.strip(), used_at, actor, at)


def take_typed_code(
    *, referral_id: UUID, code: str, used_at: datetime, actor: Actor, at: datetime
) -> str:
    """Take a code that a person typed and return what it did, empty without one. Raises CodeUnknown: look again."""
    told = take_code(referral_id=referral_id, code=code, used_at=used_at, actor=actor, at=at)
    if told is not None and told.result == CodeResult.UNKNOWN:
        raise CodeUnknown(told.words)
    return told.words if told else ""
