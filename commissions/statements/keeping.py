"""The files of a statement: made of what it froze when it was issued, the same bytes in any later year."""

from collections.abc import Callable
from pathlib import Path

from django.utils import translation

from commissions.statements.models import Statement, StatementFile
from commissions.statements.papers import export_header, export_rows
from commissions.tax.keeping import Kept, digest_of, keep_first, kept_first
from prm.jobs.files import private_path
from prm.web.exports import csv_lines


def language_of(statement: Statement) -> str:
    """Return the language that the statement was issued in."""
    return str(statement.parties.get("language", "en"))


def stored_name(statement: Statement, kind: str = "pdf", language: str = "") -> str:
    """Return where a file of the statement lies in private storage; a copy in another language has it in its name."""
    copy = f"-{language}" if language and language != language_of(statement) else ""
    return f"{statement.tenant_id}/statements/{statement.id}{copy}.{kind}"


def kept_file(statement: Statement, kind: str = "pdf", language: str = "") -> Path | None:
    """Return a file on disk that is what was first made; None while it is being made, or must be again."""
    return kept_first(_file(statement, kind, language))


def keep_file(
    statement: Statement, kind: str, make: Callable[[], bytes], *, language: str = ""
) -> Path:
    """Make a file unless it is there as it was first made; return where it lies.

    A file made before digests were kept is taken for the first. Raises tax.keeping.FileDiffers.
    """
    return keep_first(_file(statement, kind, language), make)


def stored_file_differs(statement: Statement, first: StatementFile) -> bool:
    """Tell whether there is a file on disk that is not the first making."""
    path = private_path(stored_name(statement, first.kind, first.language))
    return path.is_file() and digest_of(path) != first.sha256


def keep_csv(statement: Statement) -> Path:
    """Keep the statement's data file, in its own language. Raises tax.keeping.FileDiffers."""
    return keep_file(statement, "csv", lambda: csv_text(statement).encode())


def csv_text(statement: Statement) -> str:
    """Return the data file: opening balance, every line, closing balance, in the statement's own language."""
    with translation.override(language_of(statement)):
        return "".join(csv_lines(export_header(), export_rows(statement)))


def _file(statement: Statement, kind: str, language: str) -> Kept:
    language = language or language_of(statement)
    return Kept(
        private_path(stored_name(statement, kind, language)),
        name=f"{statement.number}.{kind}",
        model=StatementFile,
        key={"statement_id": statement.id, "kind": kind, "language": language},
        more={"partner_id": statement.partner_id},
    )
