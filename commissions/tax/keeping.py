"""Papers that come out the same: made once, kept, and the same bytes for whoever asks in any later year.

The SHA-256 of the first making stays in the database: a file that was lost or touched is made anew, and handed out only
if it is the first one to the byte.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from django.utils import timezone

from commissions.tax.models import FirstMaking
from prm.web.papers import keep_paper

_BLOCK = 1 << 20


class FileDiffers(RuntimeError):
    """A paper cannot be made as it first was; it is not handed out."""


@dataclass(frozen=True)
class Kept:
    """A file and the row of its first making.

    model: of the rows. key: columns that tell the file apart, unique together. more: columns beside it.
    """

    path: Path
    name: str
    model: type[FirstMaking]
    key: Mapping[str, Any]
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def first(self) -> str:
        """The SHA-256 of the first making, empty before it."""
        rows = self.model._default_manager.filter(**self.key)  # noqa: SLF001
        return rows.values_list("sha256", flat=True).first() or ""

    def note(self, digest: str, byte_count: int) -> str:
        """Write the first making down, and return the digest that counts: when another worker was first, its."""
        row = self.model(
            **self.key,
            **self.more,
            sha256=digest,
            byte_count=byte_count,
            made_at=timezone.now(),
        )
        self.model._default_manager.bulk_create([row], ignore_conflicts=True)  # noqa: SLF001
        return self.first


def keep_first(file: Kept, make: Callable[[], bytes]) -> Path:
    """Make a file unless it is there as it was first made; return where it lies.

    A file from before digests were kept is taken for the first. Raises FileDiffers.
    """
    first = file.first
    if file.path.is_file():
        digest = digest_of(file.path)
        first = first or file.note(digest, file.path.stat().st_size)
        if first == digest:
            return file.path
    content = make()
    digest = sha256(content).hexdigest()
    first = first or file.note(digest, len(content))
    if first != digest:
        raise FileDiffers(f"{file.name} was {first[:12]}, made again it is {digest[:12]}")
    return keep_paper(file.path, content)


def kept_first(file: Kept) -> Path | None:
    """Return a file on disk that is what was first made; None while it is being made, or must be again."""
    return file.path if file.path.is_file() and file.first in {"", digest_of(file.path)} else None


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file."""
    found = sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            found.update(block)
    return found.hexdigest()
