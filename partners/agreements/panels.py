"""Places that the package of commissions fills: the terms for an agreement, and what new ones would have meant."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from partners.programs.models import Program
from prm.money import Money


@dataclass(frozen=True)
class Terms:
    """What a program's plan in force says, in the active language; plan_from is a day in the tenant's zone."""

    plan_version_id: str
    plan_number: int
    plan_from: date
    rules: tuple[str, ...]
    hold_days: int
    minimum: Money


@dataclass(frozen=True)
class Effect:
    """What a partner's last twelve months would have earned under two plan versions.

    is_same: the plan did not change, the amounts are not looked at. changes: (subject, before, after) in words.
    left_out: events in another currency than a plan's, which neither amount counts.
    """

    is_same: bool
    from_number: int
    to_number: int
    changes: tuple[tuple[str, str, str], ...] = ()
    before: Money | None = None
    after: Money | None = None
    event_count: int = 0
    left_out: int = 0

    @property
    def difference(self) -> Money | None:
        """How much more (or less) it would have been."""
        return self.after - self.before if self.after and self.before else None


# (program, moment) -> its terms, None while no plan is in force
TermsFiller = Callable[[Program, datetime], Terms | None]
# (partner, program, plan version the partner accepted, moment) -> what the plan now in force would have meant
EffectFiller = Callable[[UUID, UUID, UUID, datetime], Effect | None]
_terms: list[TermsFiller] = []
_effects: list[EffectFiller] = []


def fills_terms(filler: TermsFiller) -> TermsFiller:
    """Register what knows a program's terms. Raises ValueError for a second filler."""
    if _terms and _terms != [filler]:
        raise ValueError("the terms are filled already")
    _terms[:] = [filler]
    return filler


def fills_effect(filler: EffectFiller) -> EffectFiller:
    """Register what prices a partner's past again. Raises ValueError for a second filler."""
    if _effects and _effects != [filler]:
        raise ValueError("the effect is filled already")
    _effects[:] = [filler]
    return filler


def terms_of(program: Program, at: datetime) -> Terms | None:
    """Return the terms in force, None when nothing knows any."""
    return _terms[0](program, at) if _terms else None


def effect_of(
    *, partner_id: UUID, program_id: UUID, plan_version_id: str, at: datetime
) -> Effect | None:
    """Return what the plan now in force would have meant; None when nothing can tell."""
    if not _effects or not plan_version_id:
        return None
    return _effects[0](partner_id, program_id, UUID(plan_version_id), at)
