"""How a partner shares out what it earns among its own people: pure."""

from collections.abc import Sequence

from prm.money import allocate

WHOLE = 10_000
MOST = 50


class NotWhole(ValueError):
    """The shares do not add up to the whole; total: what they add up to, in ten-thousandths."""

    def __init__(self, total: int) -> None:
        super().__init__(str(total))
        self.total = total


def check_shares(shares: Sequence[tuple[int, int]]) -> None:
    """Accept (person, ten-thousandths) that make the whole, or nothing at all. Raises NotWhole, ValueError."""
    people = [person for person, _ in shares]
    if len(set(people)) != len(people) or len(people) > MOST or any(s <= 0 for _, s in shares):
        raise ValueError("each person has one share above nothing")
    total = sum(share for _, share in shares)
    if shares and total != WHOLE:
        raise NotWhole(total)


def parts(minor: int, shares: Sequence[int]) -> list[int]:
    """Return an amount in minor units by shares, to the cent: the parts add up to it, below zero too."""
    return allocate(minor, shares)
