"""What a check leaves for the commit: every row that goes in, as lines that COPY takes.

The file lies beside the import's plain file and says what it was made from. A commit that finds none, or one made from
something else, reads the plain file again; nothing but time depends on it.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from prm.jobs.files import private_path
from referrals.imports import reading
from referrals.imports.models import Import
from referrals.imports.rules import Draft, Setting

ENDING = ".drafts"
# The columns of a line, in this order.
COLUMNS = (
    "line, external_id, partner, partner_norm, submitted_by_name, company, company_norm, website, domain, country, "
    "contact_name, contact_title, contact_email, email_norm, contact_phone, context, custom, product, stage_id, "
    "stage_kind, registered_at, stage_at, deal, reason, link, channel"
)
_TABS = COLUMNS.count(",")
_SIGNS = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})


class Keeper:
    """Writes the lines of a check; they are only found once `finish` was called."""

    def __init__(self, out: BinaryIO) -> None:
        self.out, self.is_whole = out, False

    def add(self, drafts: Iterable[Draft]) -> None:
        """Write some rows that go in."""
        self.out.write("".join(map(line_of, drafts)).encode())

    def finish(self) -> None:
        """Say that every row of the file was read."""
        self.is_whole = True


@contextmanager
def keeping(source: Import, setting: Setting) -> Iterator[Keeper]:
    """Take away what an earlier check left, and keep what this one writes if it finishes."""
    path = _path(source)
    path.unlink(missing_ok=True)
    partial = path.with_suffix(".part")
    try:
        with partial.open("wb") as out:
            partial.chmod(0o600)
            out.write(f"{_made_from(setting)}\n".encode())
            keeper = Keeper(out)
            yield keeper
        if keeper.is_whole:
            partial.rename(path)
    finally:
        partial.unlink(missing_ok=True)


def lines_of(source: Import, setting: Setting, *, after: int = 0) -> Iterator[tuple[int, bytes]]:
    """Yield chunks: the last line of the upload in it, and COPY's lines of the rows behind the line `after`.

    Ids that are there already, or that stand in an earlier row, may be among them.
    """
    path = _path(source)
    if not path.is_file():
        yield from _read_again(source, setting, after)
        return
    with path.open("rb") as kept:
        if kept.readline().decode().strip() == _made_from(setting):
            rows = (row for row in kept if _number(row) > after) if after else kept
            while chunk := list(islice(rows, reading.CHUNK)):
                yield _number(chunk[-1]), b"".join(chunk)
            return
    yield from _read_again(source, setting, after)


def forget_drafts(source: Import) -> None:
    """Remove what a check left; a repeat does nothing."""
    _path(source).unlink(missing_ok=True)


def line_of(draft: Draft) -> str:
    """Return a draft as one line of COPY's text form."""
    cells = (
        str(draft.line),
        draft.external_id,
        draft.partner,
        draft.partner_norm,
        draft.submitted_by,
        draft.company,
        draft.company_norm,
        draft.website,
        draft.domain,
        draft.country,
        draft.contact_name,
        draft.contact_title,
        draft.contact_email,
        draft.email_norm,
        draft.contact_phone,
        draft.context,
        json.dumps(draft.custom) if draft.custom else "{}",
        draft.product,
        str(draft.stage.id),
        draft.stage.kind,
        draft.registered_at.isoformat(),
        draft.stage_at.isoformat(),
        "" if draft.deal_minor is None else str(draft.deal_minor),
        draft.reason,
        draft.link,
        draft.channel,
    )
    line = "\t".join(cells)
    if "\\" in line or "\n" in line or "\r" in line or line.count("\t") != _TABS:
        line = "\t".join(cell.translate(_SIGNS) for cell in cells)
    return line + "\n"


def _read_again(source: Import, setting: Setting, after: int) -> Iterator[tuple[int, bytes]]:
    for line, drafts, _problems in reading.drafts_of(source, setting, after=after):
        yield line, "".join(map(line_of, drafts)).encode()


def _path(source: Import) -> Path:
    return private_path(source.file + ENDING)


def _number(row: bytes) -> int:
    return int(row[: row.index(b"\t")])


def _made_from(setting: Setting) -> str:
    """Return a digest of everything but the file that a draft depends on, the moment of the check apart."""
    stages = {word: asdict(target) for word, target in setting.stages.items()}
    made_from = [
        COLUMNS,
        setting.mapping.as_json(),
        stages,
        setting.people,
        setting.currency,
        setting.zone.key,
        setting.tag,
    ]
    return hashlib.sha256(json.dumps(made_from, sort_keys=True).encode()).hexdigest()
