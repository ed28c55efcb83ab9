"""Proves the open tenant's statements: what they say against their digests, their files against the first making."""

from collections.abc import Iterator
from hashlib import sha256

from django.db import connection

from commissions.sealing import BROKEN_SEALS
from commissions.statements.keeping import csv_text, stored_file_differs
from commissions.statements.models import Statement, StatementFile
from commissions.statements.pdf import statement_pdf
from prm.tenancy.scope import current_scope


def statement_faults(*, print_again: bool = False) -> Iterator[str]:
    """Yield what is wrong, in words, by statement; nothing when all is right.

    Every data file is made again and compared with the first; PDFs only when asked, a tenth of a second each. A file
    that is not on disk is no fault: whoever asks for it gets it made again.
    """
    with connection.cursor() as cursor:
        cursor.execute(BROKEN_SEALS, {"tenant": current_scope().tenant_id})
        for name, detail in cursor.fetchall():
            yield f"{name}: {detail} (statement says what its digest binds)"
    files = StatementFile.objects.select_related("statement").order_by(
        "statement__issued_at", "statement__number", "kind", "language"
    )
    for file in files.iterator(chunk_size=500):
        yield from _file_faults(file.statement, file, print_again=print_again)


def _file_faults(statement: Statement, file: StatementFile, *, print_again: bool) -> Iterator[str]:
    name = f"statement {statement.number}, {file.kind} in {file.language}"
    if stored_file_differs(statement, file):
        yield f"{name}: the file on disk is not the one that was made (file is the first making)"
    if file.kind == "csv":
        made = csv_text(statement).encode()
    elif print_again:
        made = statement_pdf(statement, file.language)
    else:
        return
    digest = sha256(made).hexdigest()
    if digest != file.sha256:
        yield (
            f"{name}: made again it is {digest[:12]}, at first it was {file.sha256[:12]}"
            " (file comes out the same)"
        )
