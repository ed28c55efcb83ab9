"""Figures read off what the portal gives out: files and papers, in cents."""

import csv
import io
from collections import defaultdict
from decimal import Decimal

from lxml import etree
from pypdf import PdfReader


def cents(text: str) -> int:
    """Return the cents of an amount as files write it."""
    return int(Decimal(text or "0") * 100)


def journal_rows(texts: list[str]) -> list[dict[str, str]]:
    """Return the rows of several months' journals."""
    return [row for text in texts for row in csv.DictReader(io.StringIO(text))]


def booked(rows: list[dict[str, str]]) -> dict[tuple[str, str, str], int]:
    """Return what was booked by kind of entry, partner and currency; ends of holds only move money inside."""
    sums: dict[tuple[str, str, str], int] = defaultdict(int)
    for row in rows:
        sums[row["What"], row["Partner"], row["Currency"]] += cents(row["Debit"])
    return {key: value for key, value in sums.items() if key[0] != "Hold ended"}


def balances(rows: list[dict[str, str]]) -> dict[tuple[str, str], int]:
    """Return debits less credits by account and currency, without those that are even."""
    sums: dict[tuple[str, str], int] = defaultdict(int)
    for row in rows:
        sums[row["Account"], row["Currency"]] += cents(row["Debit"]) - cents(row["Credit"])
    return {key: value for key, value in sums.items() if value}


def sepa_payments(content: bytes) -> tuple[dict[str, int], int]:
    """Return the payments of a pain.001 by their reference, and its control sum."""
    root = etree.fromstring(content)
    found = {
        payment.findtext(".//{*}EndToEndId"): cents(payment.findtext(".//{*}InstdAmt"))
        for payment in root.iter("{*}CdtTrfTxInf")
    }
    return found, cents(root.findtext(".//{*}GrpHdr/{*}CtrlSum"))


def ach_payments(content: bytes) -> dict[str, int]:
    """Return the payments of a NACHA file by their reference: amounts in columns 30 to 39, names from 40 on."""
    entries = [line for line in content.decode("ascii").splitlines() if line.startswith("6")]
    return {line[39:54].strip(): int(line[29:39]) for line in entries}


def paper_lines(text: str) -> dict[str, list[int]]:
    """Return the amounts of a statement's CSV by section."""
    found: dict[str, list[int]] = defaultdict(list)
    for row in csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))):
        found[row["Section"]].append(cents(row["Amount"]))
    return dict(found)


def pdf_text(content: bytes) -> str:
    """Return what a PDF says, without its line ends."""
    pages = PdfReader(io.BytesIO(content)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())
