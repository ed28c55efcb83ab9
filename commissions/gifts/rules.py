"""What may happen to a reward that is not money, and how a pasted list of codes is read. Pure."""

from dataclasses import dataclass
from datetime import date

WAITING, ORDERED, SENT, RECEIVED, FAILED = "waiting", "ordered", "sent", "received", "failed"

# Kinds that are handed out as codes.
CODED = frozenset({"discount", "card"})
# A delivery is tried twice.
ATTEMPTS = 2
LONGEST_CODE = 120
MOST_CODES = 5_000

_NEXT = {
    WAITING: (ORDERED, SENT, FAILED),
    ORDERED: (SENT, FAILED),
    SENT: (RECEIVED, FAILED),
    RECEIVED: (),
    FAILED: (WAITING,),
}


class CodesUnreadable(ValueError):
    """A list of codes cannot be taken. line: its number, 0 when the list is too long."""

    def __init__(self, line: int) -> None:
        self.line = line
        super().__init__(str(line))


@dataclass(frozen=True)
class GiftTerms:
    """What a catalogue offers. cost_minor: what one costs the vendor; worth: what the partner reads of it.

    Days of the tenant's zone, both included; ends_on None: until further notice.
    """

    kind: str
    title: str
    worth: str
    cost_minor: int
    starts_on: date
    ends_on: date | None = None

    def is_offered(self, on: date) -> bool:
        """Whether it may be given on the day."""
        return self.starts_on <= on and (self.ends_on is None or on <= self.ends_on)


def next_states(state: str, attempt: int, *, is_coded: bool) -> tuple[str, ...]:
    """Return the states that a person may move an award to.

    What is handed out as a code is sent by the portal, never by hand; what failed twice stays failed.
    """
    found = _NEXT[state]
    if state == FAILED and attempt >= ATTEMPTS:
        return ()
    if is_coded:
        return tuple(one for one in found if one not in {ORDERED, SENT})
    return found


def codes_in(text: str) -> list[str]:
    """Return the codes of a list, one a line, each once, in order; empty lines are skipped.

    Raises CodesUnreadable for a line that is too long or holds control characters, and for too many codes.
    """
    found: dict[str, None] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        code = line.strip()
        if len(code) > LONGEST_CODE or not code.isprintable():
            raise CodesUnreadable(number)
        if code:
            found[code] = None
    if len(found) > MOST_CODES:
        raise CodesUnreadable(0)
    return list(found)
