"""What contests are made of and who wins what: pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

# More contests of a program than this within three months wear their effect out (FEATURES.md, K4).
MANY = 3
MANY_DAYS = 92


@dataclass(frozen=True)
class Standing:
    """One line of the standings: score in referrals or minor units, reached with the last thing that counted.

    partner_id: None where the reader may not know whose line it is. person_id: which of the partner's people it is,
    None where partners compete.
    """

    rank: int
    partner_id: UUID | None
    score: int
    reached_at: datetime
    entries: int
    person_id: int | None = None


@dataclass(frozen=True)
class PrizeTerms:
    """What a place wins: money in minor units, or goods with what they cost the vendor."""

    rank: int
    amount_minor: int = 0
    goods: str = ""
    cost_minor: int = 0


@dataclass(frozen=True)
class Uplift:
    """What a contest may have changed: what counted before it, over the same length of time, and during it.

    took_part: how many partners, or people, did, of those who may; before and during: of all of them; returned: who had
    nothing in the time before. rate: the change as a fraction, None where there was nothing before.
    """

    took_part: int
    eligible: int
    before: int
    during: int
    returned: int

    @property
    def rate(self) -> float | None:
        """Return the change as a fraction of what was before."""
        return (self.during - self.before) / self.before if self.before else None

    @property
    def is_too_early(self) -> bool:
        """Tell whether so few took part that a comparison says nothing (Z22)."""
        return self.took_part < 5 or self.before < 5


def way_given(prize: PrizeTerms, allows: str | None) -> str:
    """Return how a winner gets a prize: "money", "goods", "kind" (a thing worth the money) or "" (not at all).

    allows: what the employer of a person lets it receive, "none", "non_cash" or "cash"; None for a partner's own place.
    """
    if allows == "none":
        return ""
    if prize.goods:
        return "goods"
    return "kind" if allows == "non_cash" else "money"


def winners(
    standings: Sequence[Standing], prizes: Mapping[int, PrizeTerms], least: int
) -> list[tuple[Standing, PrizeTerms]]:
    """Return who wins which prize: by rank, only with a score of `least`; a prize nobody reaches stays."""
    return [
        (row, prizes[row.rank])
        for row in standings
        if row.rank in prizes and row.score >= least and row.partner_id is not None
    ]
