"""Whether every form of a statement says the same, to the cent: rows, page, CSV, workbook, PDF and the file within."""

import csv
import io
from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise

from openpyxl import load_workbook
from pypdf import PdfReader

from commissions.statements.keeping import csv_text, keep_csv
from commissions.statements.models import Statement, StatementLine
from commissions.statements.papers import export_header, export_rows, paper_of
from commissions.statements.pdf import keep_pdf
from prm.money import Money
from prm.web.exports import write_xlsx
from prm.web.formats import money_text


def breaks_in_series() -> Iterator[str]:
    """Yield every statement of the open tenant that does not open where the one before it closed."""
    series: dict[tuple[str, str], list[Statement]] = {}
    for row in Statement.objects.order_by("position"):
        series.setdefault((str(row.partner_id), row.currency), []).append(row)
    for rows in series.values():
        if rows[0].opening_minor:
            yield f"{rows[0].number} is the first and opens with {rows[0].opening_minor}"
        for before, row in pairwise(rows):
            if row.opening_minor != before.closing_minor:
                yield f"{row.number} opens with {row.opening_minor}, not {before.closing_minor}"


def differences(statement: Statement) -> Iterator[str]:
    """Yield what forms of a statement say otherwise than its figures."""
    number, currency = statement.number, statement.currency
    closing = Money(statement.closing_minor, currency).decimal
    booked = StatementLine.objects.filter(statement=statement).values_list(
        "amount_minor", flat=True
    )
    if statement.opening_minor + sum(booked) != statement.closing_minor:
        yield f"{number}: its lines do not lead from opening to closing"

    lines = list(csv.reader(io.StringIO(csv_text(statement).removeprefix("\ufeff"))))[1:]
    amounts = [Decimal(line[-1]) for line in lines]
    if not sum(amounts[:-1]) == amounts[-1] == closing:
        yield f"{number}: the CSV says {sum(amounts[:-1])} and {amounts[-1]}, not {closing}"

    book = io.BytesIO()
    write_xlsx(book, export_header(), export_rows(statement), sheet="x")
    cells = [row[-1] for row in load_workbook(book).active.iter_rows(values_only=True)][1:]
    if [Decimal(str(cell)).quantize(Decimal("0.01")) for cell in cells] != amounts:
        yield f"{number}: the workbook is not the CSV"

    if paper_of(statement).closing[1] != money_text(statement.closing_minor, currency):
        yield f"{number}: the page closes with {paper_of(statement).closing[1]}"
    paper = PdfReader(keep_pdf(statement))
    shown = " ".join(" ".join(page.extract_text() for page in paper.pages).split())
    language = str(statement.parties.get("language", "en"))
    for minor in (statement.opening_minor, statement.earned_minor, statement.closing_minor):
        if money_text(minor, currency, language=language).replace("\u00a0", " ") not in shown:
            yield f"{number}: the PDF lacks {minor}"
    if paper.attachments[f"{number}.csv"] != [keep_csv(statement).read_bytes()]:
        yield f"{number}: the PDF holds another CSV"
