"""What is done, slice by slice, when the person referred asks for their personal data to be erased.

    @erases("customers")
    def forget_customers(erasure: Erasure) -> int: ...

A slice that stores something of a person registers what removes it, and returns how many rows it changed.
"""

import csv
import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from prm.events.services import Actor
from prm.jobs.files import open_private, remove_private, save_private


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

    def without_in(self, value: Any) -> Any:
        """Return JSON in which no text of any depth holds the person."""
        if isinstance(value, str):
            return self.without(value)
        if isinstance(value, dict):
            return {key: self.without_in(part) for key, part in value.items()}
        return [self.without_in(part) for part in value] if isinstance(value, list) else value


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


def rewrite(row: Any, fields: tuple[str, ...], erasure: Erasure) -> int:
    """Write the fields without the person; return 1 when that changed something."""
    fresh = {name: erasure.without(getattr(row, name)) for name in fields}
    changed = {name: text for name, text in fresh.items() if text != getattr(row, name)}
    if changed:
        type(row).objects.filter(id=row.id).update(**changed)
    return int(bool(changed))


def rewrite_file(row: Any, field: str, erasure: Erasure) -> int:
    """Keep a plain file anew without the person's row texts; return how many rows were changed."""
    stored = getattr(row, field)
    try:
        with open_private(stored) as file:
            rows = list(csv.reader(io.StringIO(file.read().decode(), newline="")))
    except FileNotFoundError:
        return 0
    fresh = [_row_without(cells, erasure) for cells in rows]
    count = sum(before != after for before, after in zip(rows, fresh, strict=True))
    if count:
        out = io.StringIO()
        csv.writer(out).writerows(fresh)
        name = stored.rpartition("/")[2]
        kept = save_private(out.getvalue().encode(), file_name=name)
        type(row).objects.filter(id=row.id).update(**{field: kept})
        transaction.on_commit(lambda: remove_private(stored))
    return count


def _row_without(cells: list[str], erasure: Erasure) -> list[str]:
    """Return a line of a file: of the person's own line only the number is left, elsewhere names are replaced."""
    if erasure.email and any(cell.strip().lower() == erasure.email for cell in cells):
        return [cells[0], *[erasure.pseudonym if cell.strip() else "" for cell in cells[1:]]]
    return [erasure.without(cell) for cell in cells]
