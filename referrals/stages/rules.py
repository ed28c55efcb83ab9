"""What an editor may do to the order of stages."""

# Stages change places inside their part of the way only: the way to a win, and the ways out.
_PARTS = {
    "submitted": 0,
    "accepted": 1,
    "qualified": 1,
    "opportunity": 1,
    "won": 2,
    "lost": 3,
    "rejected": 3,
    "expired": 3,
}


def may_swap(kind: str, other: str) -> bool:
    """Tell whether two neighbouring stages may change places: submitted stays first, won ends the way."""
    return _PARTS[kind] == _PARTS[other]
