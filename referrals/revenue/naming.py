"""Own fields that plans look at: whoever prices payments says their names, forms and files ask for them.

from referrals.revenue.naming import asks_names

@asks_names
def names(program_ids: Collection[UUID]) -> Iterable[str]: ...
"""

from collections.abc import Callable, Collection, Iterable
from uuid import UUID

Asking = Callable[[Collection[UUID]], Iterable[str]]
LONGEST_VALUE = 200

_ASKING: list[Asking] = []


def asks_names(asking: Asking) -> Asking:
    """Register who wants own fields of payments in some programs."""
    _ASKING.append(asking)
    return asking


def names_asked(program_ids: Collection[UUID]) -> list[str]:
    """Return the own fields that payments in the programs may have, each once whatever its case, in order."""
    found: dict[str, str] = {}
    for asking in _ASKING:
        for name in asking(program_ids):
            found.setdefault(name.strip().casefold(), name.strip())
    return [found[key] for key in sorted(found) if key]
