"""Lists of payments in a shape that finance chose: its columns, marks and days are kept, its rows are the run's."""

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from io import StringIO

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from commissions.payouts.models import FileTemplate
from prm.events.services import Actor, emit
from prm.web.exports import safe_text
from prm.web.formats import money_plain

DELIMITERS = {",": _("Comma"), ";": _("Semicolon"), "\t": _("Tab")}
DAY_FORMATS = {"%Y-%m-%d": "2026-11-30", "%d/%m/%Y": "30/11/2026", "%m/%d/%Y": "11/30/2026"}
DECIMAL_MARKS = {".": "1234.56", ",": "1234,56"}


@dataclass(frozen=True)
class PaymentRow:
    """One payment with the whole account number; amount in minor units of its currency."""

    number: str
    partner: str
    holder: str
    method: str
    account: str
    bic: str
    routing: str
    ach_kind: str
    country: str
    currency: str
    amount_minor: int
    pay_on: date
    reference: str


@dataclass(frozen=True)
class Column:
    """What one column may hold: its words for finance and its plain text."""

    label: str | Promise
    text: Callable[[PaymentRow, FileTemplate], str]


def _amount(row: PaymentRow, shape: FileTemplate) -> str:
    return money_plain(row.amount_minor, row.currency).replace(".", shape.decimal_mark)


COLUMNS: dict[str, Column] = {
    "number": Column(_("Payment"), lambda row, _shape: row.number),
    "partner": Column(_("Partner"), lambda row, _shape: row.partner),
    "holder": Column(_("Account holder"), lambda row, _shape: row.holder),
    "account": Column(_("Account number or address"), lambda row, _shape: row.account),
    "bic": Column(_("BIC"), lambda row, _shape: row.bic),
    "routing": Column(_("Bank number"), lambda row, _shape: row.routing),
    "country": Column(_("Country"), lambda row, _shape: row.country),
    "method": Column(_("Method"), lambda row, _shape: row.method),
    "currency": Column(_("Currency"), lambda row, _shape: row.currency),
    "amount": Column(_("Amount"), _amount),
    "amount_minor": Column(
        _("Amount in the smallest unit"), lambda row, _shape: str(row.amount_minor)
    ),
    "pay_on": Column(_("Pay on"), lambda row, shape: row.pay_on.strftime(shape.day_format)),
    "reference": Column(_("Words for the receiver"), lambda row, _shape: row.reference),
}


@dataclass(frozen=True)
class TemplateDraft:
    """What finance chose: columns as (key, heading) in order, and how values are written."""

    name: str
    columns: Sequence[tuple[str, str]]
    methods: Sequence[str] = ()
    delimiter: str = ","
    decimal_mark: str = "."
    day_format: str = "%Y-%m-%d"
    has_head: bool = True


def live_templates() -> list[FileTemplate]:
    """Return the templates that runs are written with, by name."""
    return list(FileTemplate.objects.filter(retired_at=None).order_by("name", "id"))


def template_names() -> dict[int, str]:
    """Return the names of all templates by id, retired ones too: their files are still there."""
    return dict(FileTemplate.objects.values_list("id", "name"))


@transaction.atomic
def save_template(
    *, draft: TemplateDraft, actor: Actor, at: datetime, template: FileTemplate | None = None
) -> FileTemplate:
    """Keep a template, or change one; files that were made stay as they are. Emits payout_template.saved.

    Raises IntegrityError when another live one has the name.
    """
    shape = template or FileTemplate()
    shape.name, shape.columns = draft.name, [list(column) for column in draft.columns]
    shape.methods, shape.delimiter = list(draft.methods), draft.delimiter
    shape.decimal_mark, shape.day_format = draft.decimal_mark, draft.day_format
    shape.has_head = draft.has_head
    shape.save()
    emit(
        "payout_template.saved",
        subject=f"payout_template:{shape.id}",
        actor=actor,
        payload={"columns": [key for key, _heading in draft.columns]},
        at=at,
        queue=False,
    )
    return shape


@transaction.atomic
def retire_template(*, template: FileTemplate, actor: Actor, at: datetime) -> None:
    """Make no more files with it. A repeat does nothing. Emits payout_template.retired."""
    if not FileTemplate.objects.filter(id=template.id, retired_at=None).update(retired_at=at):
        return
    emit(
        "payout_template.retired",
        subject=f"payout_template:{template.id}",
        actor=actor,
        at=at,
        queue=False,
    )


def template_lines(shape: FileTemplate, rows: Iterable[PaymentRow]) -> Iterator[str]:
    """Yield the lines of a file; nothing in a cell runs as a formula."""
    if shape.has_head:
        yield _line([heading for _key, heading in shape.columns], shape.delimiter)
    for row in rows:
        yield _line(
            [COLUMNS[key].text(row, shape) for key, _heading in shape.columns], shape.delimiter
        )


def _line(cells: Sequence[str], delimiter: str) -> str:
    line = StringIO(newline="")
    csv.writer(line, delimiter=delimiter).writerow([safe_text(cell) for cell in cells])
    return line.getvalue()
