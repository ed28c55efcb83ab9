"""Private files: kept by tenant under names nobody can guess, given out by views that check rights."""

import re
import secrets
import shutil
import unicodedata
from pathlib import Path
from typing import IO, Any, BinaryIO

from django.conf import settings
from django.core.exceptions import SuspiciousFileOperation

from prm.tenancy.scope import current_scope, scope_is_open

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_CHUNK = 1 << 20


def private_root() -> Path:
    """Return the folder of all private files."""
    storages: dict[str, Any] = settings.STORAGES
    return Path(storages["default"]["OPTIONS"]["location"]) / "private"


def safe_name(name: str) -> str:
    """Return a file name without folders, controls and accents, at most 100 characters long, its ending kept."""
    plain = (
        unicodedata.normalize("NFKD", Path(name.replace("\\", "/")).name)
        .encode("ascii", "ignore")
        .decode()
    )
    plain = _UNSAFE.sub("-", plain).strip("-.") or "file"
    stem, ending = Path(plain).stem, Path(plain).suffix[:10]
    return stem[: 100 - len(ending)] + ending


def new_private_name(file_name: str, *, tenant_id: int | None = None) -> str:
    """Return a fresh stored name for a file of the tenant (the open scope's when none is given) and make its folder."""
    owner = current_scope().tenant_id if tenant_id is None else tenant_id
    stored = f"{owner}/{secrets.token_hex(16)}/{safe_name(file_name)}"
    (private_root() / stored).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return stored


def private_path(stored: str) -> Path:
    """Return where a stored name lies. Raises SuspiciousFileOperation for names outside, or of another open tenant."""
    root = private_root().resolve()
    path = (root / stored).resolve()
    if not path.is_relative_to(root) or path == root:
        raise SuspiciousFileOperation("a private file was asked for outside its folder")
    if scope_is_open() and path.relative_to(root).parts[0] != str(current_scope().tenant_id):
        raise SuspiciousFileOperation("a private file of another tenant was asked for")
    return path


def save_private(
    content: bytes | Path | IO[bytes], *, file_name: str, tenant_id: int | None = None
) -> str:
    """Keep bytes, an open file or a file on disk (which is moved) and return its stored name.

    Written beside its place and renamed when whole, so that nobody reads half a file.
    """
    stored = new_private_name(file_name, tenant_id=tenant_id)
    target = private_root() / stored
    partial = target.with_name(target.name + ".part")
    if isinstance(content, Path):
        shutil.move(content, partial)
    else:
        with partial.open("wb") as out:
            if isinstance(content, bytes):
                out.write(content)
            else:
                shutil.copyfileobj(content, out, _CHUNK)
    partial.chmod(0o600)
    partial.rename(target)
    return stored


def open_private(stored: str) -> BinaryIO:
    """Open a stored file for reading. Raises FileNotFoundError when it was removed."""
    return private_path(stored).open("rb")


def remove_private(stored: str) -> None:
    """Remove a stored file and its folder; a repeat does nothing."""
    path = private_path(stored)
    path.unlink(missing_ok=True)
    if path.parent.is_dir() and not any(path.parent.iterdir()):
        path.parent.rmdir()
