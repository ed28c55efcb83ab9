"""Accounts of the vendor's CRM from a file: which column is what, row by row, put in place a chunk at a time."""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext as _

from prm.events.services import Actor
from prm.jobs.files import save_private
from prm.jobs.models import Job
from prm.jobs.services import start_job
from prm.tenancy.staging import staged
from prm.web.domains import canonical_domain
from prm.web.exports import csv_lines
from prm.web.spreadsheets import headings_of, make_plain, rows_of
from referrals.claims.models import CrmAccount
from referrals.pipeline.rules import normalised_company, normalised_tax_id

CHUNK = 5_000
# Heading -> other headings that mean it, as the usual systems write them.
COLUMNS = {
    "id": ("external_id", "account id", "record id", "company id", "account_id"),
    "name": ("account name", "company name", "company"),
    "website": ("domain", "website url", "company domain name", "url"),
    "tax_id": ("tax id", "vat", "vat number", "vat id", "tax number", "partita iva"),
    "country": ("country code", "billing country", "country/region"),
    "owner": ("account owner", "company owner", "owner name"),
    "customer": ("is customer", "is_customer", "type", "lifecycle stage"),
}
REQUIRED = ("id", "name")
_YES = frozenset({"yes", "y", "true", "1", "x", "si", "sì", "customer", "cliente", "client"})
_TABLE = {
    "external_id": "text",
    "name": "text",
    "name_norm": "text",
    "website": "text",
    "domain": "text",
    "tax_id": "text",
    "tax_id_norm": "text",
    "country": "text",
    "owner_name": "text",
    "is_customer": "boolean",
}
_FACTS = [name for name in _TABLE if name != "external_id"]
_UPSERT = f"""
with put as (
  insert into referrals_crm_account ({", ".join(_TABLE)}, imported_at, upload_key)
  select {", ".join(_TABLE)}, %(at)s, %(key)s from incoming_accounts
  on conflict (tenant_id, external_id) do update set
    {", ".join(f"{name} = excluded.{name}" for name in _FACTS)},
    imported_at = excluded.imported_at, upload_key = excluded.upload_key
  returning (old.id is null) as is_new
)
select count(*) filter (where is_new), count(*) filter (where not is_new) from put
"""  # noqa: S608  names of the code


class ColumnsMissing(ValueError):
    """The file lacks a column that every row needs; the text says which."""


@dataclass(frozen=True)
class Row:
    """One line of the file: the account's columns in the order of the table, or why it is none.

    named: the id that the line gives, also where the rest cannot be read.
    """

    line: int
    cells: tuple[str, ...]
    named: str
    values: tuple[object, ...] | None
    reason: str = ""


def places_in(headings: Sequence[str]) -> dict[str, int]:
    """Return which column of the file holds what. Raises ColumnsMissing."""
    known = {text.strip().lower(): place for place, text in enumerate(headings)}
    places = {}
    for column, others in COLUMNS.items():
        found = next((known[name] for name in (column, *others) if name in known), None)
        if found is not None:
            places[column] = found
    if lacking := [column for column in REQUIRED if column not in places]:
        raise ColumnsMissing(_("The column %(names)s is missing") % {"names": ", ".join(lacking)})
    return places


def read_rows(path: Path, places: dict[str, int], *, after: int = 0) -> Iterator[Row]:
    """Return the file's rows behind a line, each with its account or the reason why it is none."""
    for line, cells in rows_of(path, after=after):
        given = {name: cells[place].strip() for name, place in places.items()}
        yield _row(line, tuple(cells), given)


def _row(line: int, cells: tuple[str, ...], given: dict[str, str]) -> Row:
    name, website = given["name"], given.get("website", "")
    country, tax_id = given.get("country", "").upper(), given.get("tax_id", "")
    reason = ""
    if not given["id"] or len(given["id"]) > 80:
        reason = _("Give each account its own id of up to 80 characters")
    elif not normalised_company(name) or len(name) > 160:
        reason = _("Give each account a name of up to 160 characters")
    elif country and not (len(country) == 2 and country.isascii() and country.isalpha()):
        reason = _("Write the country as two letters, such as IT")
    elif len(website) > 200 or len(tax_id) > 40 or len(given.get("owner", "")) > 120:
        reason = _("A cell is too long")
    elif any("\x00" in cell for cell in cells):
        reason = _("A cell holds a character that no text has")
    if reason:
        return Row(line, cells, given["id"], None, reason)
    values = (
        given["id"],
        name,
        normalised_company(name),
        website,
        canonical_domain(website),
        tax_id,
        normalised_tax_id(tax_id),
        country,
        given.get("owner", ""),
        given.get("customer", "").lower() in _YES,
    )
    return Row(line, cells, given["id"], values)


def put_accounts(rows: Sequence[Row], *, key: UUID, at: datetime) -> tuple[int, int]:
    """Put accounts in place in one statement and return how many are new and how many were there.

    The last of several rows with one id counts. A repeat with the same key finds all of them there. Accounts whose
    row cannot be read stay as they are, and count as named by the upload.
    """
    unread = [row.named for row in rows if row.values is None and "\x00" not in row.named]
    CrmAccount.objects.filter(external_id__in=unread).update(upload_key=key)
    last = {row.values[0]: row.values for row in rows if row.values is not None}
    if not last:
        return 0, 0
    with staged("incoming_accounts", _TABLE, last.values()), connection.cursor() as cursor:
        cursor.execute(_UPSERT, {"at": at, "key": key})
        new, known = cursor.fetchone()
    return int(new), int(known)


def remove_others(*, key: UUID) -> int:
    """Remove the accounts that the upload of this key did not name; return how many."""
    return CrmAccount.objects.exclude(upload_key=key).delete()[0]


def chunks_of(rows: Iterator[Row]) -> Iterator[list[Row]]:
    """Return the rows in chunks of one transaction each."""
    while chunk := list(islice(rows, CHUNK)):
        yield chunk


def queue_upload(
    *, upload: Path, file_name: str, remove_gone: bool, actor: Actor, at: datetime
) -> Job:
    """Keep a file of accounts and have it read by the worker; return the job whose page shows how far it is.

    remove_gone: whether accounts that the file does not name are removed at the end.
    Raises FileRefused, and ColumnsMissing before anything is kept. Emits job.started.
    """
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "accounts.rows.csv"
        make_plain(upload, plain)
        places_in(headings_of(plain))
        stored = save_private(plain, file_name=plain.name)
    return start_job(
        kind="claims.accounts",
        params={
            "file": stored,
            "file_name": file_name[:160],
            "remove_gone": remove_gone,
            "at": at.isoformat(),
        },
        actor=actor,
        at=at,
        back_path="manage/imports/accounts/",
    )


def template_csv() -> str:
    """Return a file with the headings and two examples to start from."""
    return "".join(
        csv_lines(
            tuple(COLUMNS),
            (
                ("A-1001", "Kestrel Ltd", "kestrel.example", "GB123456789", "GB", "Ann Lee", "yes"),
                ("A-1002", "Solari Spa", "solari.example", "", "IT", "", "no"),
            ),
        )
    )
