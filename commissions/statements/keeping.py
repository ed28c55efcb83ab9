"""The files of a statement: made once, kept, and the same bytes for whoever asks in any later year.

A file is made of what the statement froze when it was issued. The SHA-256 of its first making stays in the database: a
file that was lost or touched is made anew, and handed out only if it is the first one to the byte.
"""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from secrets import token_hex

from django.utils import timezone, translation

from commissions.statements.models import Statement, StatementFile
from commissions.statements.papers import export_header, export_rows
from prm.jobs.files import private_path, private_root
from prm.web.exports import csv_lines

_BLOCK = 1 << 20


class FileDiffers(RuntimeError):
    """A statement's file cannot be made as it first was; it is not handed out."""


def language_of(statement: Statement) -> str:
    """Return the language that the statement was issued in."""
    return str(statement.parties.get("language", "en"))


def stored_name(statement: Statement, kind: str = "pdf", language: str = "") -> str:
    """Return where a file of the statement lies in private storage; a copy in another language has it in its name."""
    copy = f"-{language}" if language and language != language_of(statement) else ""
    return f"{statement.tenant_id}/statements/{statement.id}{copy}.{kind}"


def kept_file(statement: Statement, kind: str = "pdf", language: str = "") -> Path | None:
    """Return a file on disk that is what was first made; None while it is being made, or must be again."""
    path = private_path(stored_name(statement, kind, language))
    if not path.is_file():
        return None
    first = _first(statement, kind, language)
    return path if first is None or first.sha256 == _digest(path) else None


def keep_file(
    statement: Statement, kind: str, make: Callable[[], bytes], *, language: str = ""
) -> Path:
    """Make a file unless it is there as it was first made; return where it lies.

    A file made before digests were kept is taken for the first. Raises FileDiffers.
    """
    path = private_root() / stored_name(statement, kind, language)
    first = _first(statement, kind, language)
    if path.is_file():
        digest = _digest(path)
        if first is None:
            first = _note(statement, kind, language, digest, path.stat().st_size)
        if first.sha256 == digest:
            return path
    content = make()
    digest = sha256(content).hexdigest()
    first = first or _note(statement, kind, language, digest, len(content))
    if first.sha256 != digest:
        raise FileDiffers(
            f"{statement.number}.{kind} was {first.sha256[:12]}, made again it is {digest[:12]}"
        )
    _write(path, content)
    return path


def stored_file_differs(statement: Statement, first: StatementFile) -> bool:
    """Tell whether there is a file on disk that is not the first making."""
    path = private_path(stored_name(statement, first.kind, first.language))
    return path.is_file() and _digest(path) != first.sha256


def keep_csv(statement: Statement) -> Path:
    """Keep the statement's data file, in its own language. Raises FileDiffers."""
    return keep_file(statement, "csv", lambda: csv_text(statement).encode())


def csv_text(statement: Statement) -> str:
    """Return the data file: opening balance, every line, closing balance, in the statement's own language."""
    with translation.override(language_of(statement)):
        return "".join(csv_lines(export_header(), export_rows(statement)))


def _first(statement: Statement, kind: str, language: str) -> StatementFile | None:
    return StatementFile.objects.filter(
        statement=statement, kind=kind, language=language or language_of(statement)
    ).first()


def _note(
    statement: Statement, kind: str, language: str, digest: str, byte_count: int
) -> StatementFile:
    """Write down the first making; when another worker was first, its."""
    StatementFile.objects.bulk_create(
        [
            StatementFile(
                statement=statement,
                partner_id=statement.partner_id,
                kind=kind,
                language=language or language_of(statement),
                sha256=digest,
                byte_count=byte_count,
                made_at=timezone.now(),
            )
        ],
        ignore_conflicts=True,
    )
    return StatementFile.objects.get(
        statement=statement, kind=kind, language=language or language_of(statement)
    )


def _digest(path: Path) -> str:
    found = sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            found.update(block)
    return found.hexdigest()


def _write(path: Path, content: bytes) -> None:
    """Write beside the place and rename when whole, so that nobody reads half a file."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = path.with_name(f".{path.name}.{token_hex(4)}.part")
    partial.write_bytes(content)
    partial.chmod(0o600)
    partial.rename(path)
