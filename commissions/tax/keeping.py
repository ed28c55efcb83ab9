"""Papers that come out the same: made once, kept, and the same bytes for whoever asks in any later year.

The SHA-256 of the first making stays in the database: a file that was lost or touched is made anew, and handed out only
if it is the first one to the byte.
"""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from prm.web.papers import keep_paper

_BLOCK = 1 << 20


class FileDiffers(RuntimeError):
    """A paper cannot be made as it first was; it is not handed out."""


def keep_first(
    path: Path,
    *,
    name: str,
    first: str,
    note: Callable[[str, int], str],
    make: Callable[[], bytes],
) -> Path:
    """Make a file unless it is there as it was first made; return where it lies.

    first: SHA-256 of the first making, empty when none is known; a file from before digests were kept is taken for it.
    note: writes digest and byte count of the first making down, and returns the digest that counts: when another worker
    was first, its. Raises FileDiffers.
    """
    if path.is_file():
        digest = digest_of(path)
        first = first or note(digest, path.stat().st_size)
        if first == digest:
            return path
    content = make()
    digest = sha256(content).hexdigest()
    first = first or note(digest, len(content))
    if first != digest:
        raise FileDiffers(f"{name} was {first[:12]}, made again it is {digest[:12]}")
    return keep_paper(path, content)


def kept_first(path: Path, first: str) -> Path | None:
    """Return a file on disk that is what was first made; None while it is being made, or must be again."""
    return path if path.is_file() and first in {"", digest_of(path)} else None


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file."""
    found = sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            found.update(block)
    return found.hexdigest()
