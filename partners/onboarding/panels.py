"""Places that packages above fill: which partners have a fact that lives there, and who has referred at all."""

from collections.abc import Callable, Collection
from typing import Any
from uuid import UUID

from partners.onboarding.models import Fact

# (partner ids, program or None for any) -> those of them that have the fact
Holders = Callable[[Collection[UUID], UUID | None], set[UUID]]
# (partner expression, program expression) -> condition: the partner has submitted a referral in the program
FirstReferral = Callable[[Any, Any], Any]
_holders: dict[str, Holders] = {}
_first: list[FirstReferral] = []


def knows_fact(fact: Fact) -> Callable[[Holders], Holders]:
    """Register who has a fact. Raises ValueError for a second one."""

    def register(holders: Holders) -> Holders:
        if _holders.get(fact, holders) is not holders:
            raise ValueError(f"{fact} is known already")
        _holders[fact] = holders
        return holders

    return register


def holders_of(fact: str, partner_ids: Collection[UUID], program_id: UUID | None) -> set[UUID]:
    """Return those of the partners that have the fact; none when nobody knows it."""
    known = _holders.get(fact)
    return known(partner_ids, program_id) if known and partner_ids else set()


def fills_first_referral(condition: FirstReferral) -> FirstReferral:
    """Register the condition that a partner has referred. Raises ValueError for a second one."""
    if _first and _first != [condition]:
        raise ValueError("first referrals are known already")
    _first[:] = [condition]
    return condition


def first_referral(partner: Any, program: Any) -> Any | None:
    """Return the condition for a query, None when no package above knows referrals."""
    return _first[0](partner, program) if _first else None
