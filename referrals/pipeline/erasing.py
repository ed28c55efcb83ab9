"""What is done, slice by slice, when the person referred asks for their personal data to be erased.

    @erases("customers")
    def forget_customers(erasure: Erasure) -> int: ...

A slice that stores something of a person registers what removes it, and returns how many rows it changed.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from prm.events.services import Actor


@dataclass(frozen=True)
class Erasure:
    """One person's data about to go; everything is done in one transaction of the whole tenant.

    referral_ids: of all referrals of the person. email: normalised. names: as written, with address and phone.
    companies: names that are the person's own, empty for a company of more people. at: aware UTC.
    """

    referral_ids: Sequence[UUID]
    email: str
    names: Sequence[str]
    companies: Sequence[str]
    pseudonym: str
    actor: Actor
    at: datetime

    def without(self, text: str) -> str:
        """Return a text in which the person's names and addresses are replaced by the pseudonym, in any case."""
        for name in sorted({*self.names, *self.companies, self.email}, key=len, reverse=True):
            if len(name) > 2:
                text = re.sub(re.escape(name), self.pseudonym, text, flags=re.IGNORECASE)
        return text


Eraser = Callable[[Erasure], int]
_erasers: dict[str, Eraser] = {}


def erases(what: str) -> Callable[[Eraser], Eraser]:
    """Register what removes one kind of rows. Raises ValueError for a second one of the name."""

    def register(eraser: Eraser) -> Eraser:
        if _erasers.get(what, eraser) is not eraser:
            raise ValueError(f"{what} are erased already")
        _erasers[what] = eraser
        return eraser

    return register


def run_erasers(erasure: Erasure) -> dict[str, int]:
    """Run every eraser; return the number of rows changed by kind, without those that changed none."""
    found = {what: eraser(erasure) for what, eraser in _erasers.items()}
    return {what: count for what, count in found.items() if count}
