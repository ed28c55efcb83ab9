"""Files of payments, refunds and money received: what each row says, and what becomes of it."""

import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext, gettext_lazy

from partners.programs.models import Program
from prm.events.services import Actor
from prm.jobs.files import save_private
from prm.jobs.models import Job, JobState
from prm.jobs.services import start_job
from prm.money import Money, known_currencies
from prm.tenancy.keys import KeyReused
from prm.web.exports import csv_lines
from prm.web.foreign_formats import (
    NotADate,
    NotANumber,
    TooPrecise,
    read_minor,
    read_moment,
)
from prm.web.spreadsheets import headings_of, make_plain, rows_of
from referrals.revenue.codes import CODE_LENGTH, CodeUnknown, take_typed_code
from referrals.revenue.models import (
    PAYMENT_KINDS,
    REVERSAL_KINDS,
    CashReceipt,
    Customer,
    RevenueEvent,
)
from referrals.revenue.naming import LONGEST_VALUE, names_asked
from referrals.revenue.selectors import CustomerUnknown, customer_named
from referrals.revenue.services import (
    LONGEST_TERM,
    NotAPayment,
    PartsTooLarge,
    ReceiptTooLarge,
    RefundTooLarge,
    Sold,
    record_payment,
    record_receipt,
    record_refund,
)

MAX_ROWS = 5_000
COLUMNS = (
    "reference",
    "kind",
    "customer",
    "amount",
    "currency",
    "booked_on",
    "refunded_reference",
    "code",
    "note",
    "tax",
    "discount",
    "product",
    "term_months",
    "unpaid",
    "invoice_reference",
)
RECEIPT = "receipt"
YES, NO = {"yes", "true", "1", "x", "sì", "si"}, {"", "no", "false", "0"}
REQUIRED = ("reference", "kind", "amount", "booked_on")
EXAMPLES = (
    (
        "INV-2041",
        "sale",
        "R-2026-0007",
        "1200.00",
        "EUR",
        "2026-11-02",
        "",
        "STUDIO10",
        "First year",
        "200.00",
        "",
        "Payroll",
        "12",
    ),
    (
        "INV-2077",
        "renewal",
        "kestrel.example",
        "300.00",
        "EUR",
        "2026-11-18",
        *[""] * 7,
        "yes",
    ),
    ("CN-0102", "refund", "", "150.00", "EUR", "2026-11-19", "INV-2041", "", "One seat less"),
    ("BANK-881", "receipt", "", "120.00", "EUR", "2026-11-20", *[""] * 8, "INV-2077"),
)
RESULTS = {
    "recorded": gettext_lazy("Recorded"),
    "there_already": gettext_lazy("There already"),
    "error": gettext_lazy("Not recorded"),
}


class RowRefused(ValueError):
    """A row cannot be booked; the text says why."""


class FileUnfit(ValueError):
    """The file lacks what every row needs; the text says what."""


@dataclass(frozen=True)
class Outcome:
    """What became of one row. result: recorded, there_already, error. reason: why not, or what its code did.

    own: the own fields that plans ask for, by name.
    """

    line: int
    cells: tuple[str, ...]
    result: str
    reason: str = ""
    own: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Reading:
    """How a file's cells are read. places: column -> position."""

    places: dict[str, int]
    decimal: str
    zone: ZoneInfo
    # Columns of own fields that plans ask for: name -> position.
    named: dict[str, int] = field(default_factory=dict)


def template_csv() -> str:
    """Return a file with the headings and examples to start from."""
    return "".join(csv_lines(COLUMNS, EXAMPLES))


def reading_of(path: Path, zone: ZoneInfo, currency: str) -> Reading:
    """Look at a plain file's headings and amounts. currency: of rows that name none. Raises FileUnfit.

    Columns named like an own field that a plan asks for are read too.
    """
    headings = [heading.strip() for heading in headings_of(path)]
    places = {heading.lower().replace(" ", "_"): place for place, heading in enumerate(headings)}
    if missing := [name for name in REQUIRED if name not in places]:
        raise FileUnfit(
            gettext("The file has no column %(names)s. Start from the template.")
            % {"names": ", ".join(missing)}
        )
    amounts = [
        (row[places["amount"]], row[places["currency"]] if "currency" in places else "")
        for _, row in rows_of(path)
    ]
    if len(amounts) > MAX_ROWS:
        raise FileUnfit(gettext("The file has more than 5,000 rows. Split it into parts."))
    found = {heading.casefold(): place for place, heading in enumerate(headings)}
    asked = names_asked(list(Program.objects.values_list("id", flat=True)))
    named = {
        name: found[name.casefold()]
        for name in asked
        if name.casefold() in found and name.casefold() not in COLUMNS
    }
    return Reading(places, _decimal_mark(amounts, currency), zone, named)


def _decimal_mark(amounts: list[tuple[str, str]], currency: str) -> str:
    """Return the mark that reads most amounts, each in its own currency: 1.234 is a thousand euros and a dinar.

    The template's point when both read as many.
    """
    known = known_currencies()
    named = [(text, code.strip().upper() or currency) for text, code in amounts]
    misread = {
        mark: sum(not _reads(text, mark, code) for text, code in named if code in known)
        for mark in (".", ",")
    }
    return "," if misread[","] < misread["."] else "."


def _reads(text: str, mark: str, currency: str) -> bool:
    try:
        read_minor(text, mark, currency)
    except (NotANumber, TooPrecise):
        return False
    return True


def outcomes(
    path: Path, reading: Reading, *, actor: Actor, at: datetime, after: int = 0
) -> Iterator[Outcome]:
    """Book the rows one by one, each whole or not at all, and yield what became of them; inside the tenant's scope."""
    for line, row in rows_of(path, after=after):
        cells = {
            name: row[place].strip() for name, place in reading.places.items() if name in COLUMNS
        }
        shown = tuple(cells.get(name, "") for name in COLUMNS)
        own = {name: row[place].strip() for name, place in reading.named.items()}
        cells |= {_own(name): value for name, value in own.items()}
        try:
            with transaction.atomic():
                booked = _book(cells, reading, actor=actor, at=at)
        except RowRefused as refused:
            yield Outcome(line, shown, "error", str(refused), own)
        else:
            result = "recorded" if booked.recorded_now else "there_already"
            yield Outcome(line, shown, result, booked.code_told, own)


@dataclass(frozen=True)
class _Booked:
    recorded_now: bool
    # What the customer's code did, in words.
    code_told: str = ""


def _book(cells: dict[str, str], reading: Reading, *, actor: Actor, at: datetime) -> _Booked:
    reference, kind = cells["reference"], cells["kind"].lower()
    if not reference or len(reference) > 120:
        raise RowRefused(gettext("Give each row its own reference of up to 120 characters"))
    if kind not in {*PAYMENT_KINDS, *REVERSAL_KINDS, RECEIPT}:
        raise RowRefused(
            gettext(
                "%(kind)s is no kind; use sale, renewal, expansion, refund, chargeback or receipt"
            )
            % {"kind": cells["kind"] or "–"}
        )
    _only_where_it_counts(cells, kind)
    moment = _booked_at(cells["booked_on"], reading, at)
    try:
        if kind == RECEIPT:
            return _receipt(cells, reading, moment, actor=actor, at=at)
        return _event(cells, reading, moment, actor=actor, at=at)
    except KeyReused as error:
        raise RowRefused(gettext("This reference is booked already with other facts")) from error
    except RefundTooLarge as error:
        raise RowRefused(
            gettext("Only %(left)s of the payment is left to give back")
            % {"left": _amount_text(error.left)}
        ) from error
    except ReceiptTooLarge as error:
        raise RowRefused(
            gettext("Only %(left)s of the invoice is still to come in")
            % {"left": _amount_text(error.left)}
        ) from error
    except PartsTooLarge as error:
        raise RowRefused(
            gettext("Tax and discount together must be less than the amount")
        ) from error
    except NotAPayment as error:
        raise RowRefused(
            gettext("The payment named in invoice_reference was paid as it was booked")
            if kind == RECEIPT
            else gettext("The reference to take back is no payment")
        ) from error


def _only_where_it_counts(cells: dict[str, str], kind: str) -> None:
    """Refuse a cell that would be passed over in silence."""
    of_payments = ("tax", "discount", "product", "term_months", "unpaid")
    said = [name for name in of_payments if cells.get(name, "").lower() not in NO]
    if said and kind not in PAYMENT_KINDS:
        raise RowRefused(
            gettext("%(columns)s belongs to a payment; leave it out of this row")
            % {"columns": ", ".join(said)}
        )


def _event(
    cells: dict[str, str], reading: Reading, moment: datetime, *, actor: Actor, at: datetime
) -> _Booked:
    """Book a payment or what takes one back, and the customer's code."""
    kind = cells["kind"].lower()
    before = RevenueEvent.objects.filter(external_id=cells["reference"]).exists()
    given: dict[str, Any] = {
        "external_id": cells["reference"],
        "kind": kind,
        "booked_at": moment,
        "source": "csv",
        "actor": actor,
        "at": at,
        "note": cells.get("note", "")[:200],
    }
    if kind in PAYMENT_KINDS:
        customer = _customer(cells.get("customer", ""))
        amount = _amount(cells, reading, customer.referral.currency)
        sold = _sold(cells, reading, amount)
        event = record_payment(customer_id=customer.id, amount=amount, sold=sold, **given)
    else:
        payment = _payment(cells.get("refunded_reference", ""), "refunded_reference")
        amount = _amount(cells, reading, payment.currency)
        event = record_refund(refunds_id=payment.id, amount=amount, **given)
    told = _code(cells.get("code", ""), event, actor=actor, at=at)
    # What an earlier try of the same job has booked counts as booked by it.
    return _Booked(not before or event.recorded_at >= at, told)


def _receipt(
    cells: dict[str, str], reading: Reading, moment: datetime, *, actor: Actor, at: datetime
) -> _Booked:
    """Book money that came in on an invoice."""
    before = CashReceipt.objects.filter(external_id=cells["reference"]).exists()
    invoice = _payment(cells.get("invoice_reference", ""), "invoice_reference")
    receipt = record_receipt(
        external_id=cells["reference"],
        revenue_event_id=invoice.id,
        amount=_amount(cells, reading, invoice.currency),
        received_at=moment,
        actor=actor,
        at=at,
    )
    return _Booked(not before or receipt.recorded_at >= at)


def _sold(cells: dict[str, str], reading: Reading, amount: Money) -> Sold:
    """Read what the row says beside the amount; the columns are optional."""
    tax = _part(cells.get("tax", ""), reading, amount)
    discount = _part(cells.get("discount", ""), reading, amount)
    if tax + discount >= amount.minor:
        raise PartsTooLarge(amount)
    term, unpaid = cells.get("term_months", ""), cells.get("unpaid", "").lower()
    if term and not (term.isdecimal() and len(term) <= 4 and 1 <= int(term) <= LONGEST_TERM):
        raise RowRefused(gettext("%(text)s is no number of months") % {"text": term})
    if unpaid not in YES | NO:
        raise RowRefused(gettext("Write yes or no in unpaid, not %(text)s") % {"text": unpaid})
    return Sold(
        tax_minor=tax,
        discount_minor=discount,
        unpaid=unpaid in YES,
        product=cells.get("product", "")[:120],
        term_months=int(term) if term else None,
        metadata={
            name: value[:LONGEST_VALUE]
            for name in reading.named
            if (value := cells.get(_own(name), ""))
        },
    )


def _own(name: str) -> str:
    """Return the key of an own field among a row's cells; no column is called like it."""
    return f"own: {name}"


def _part(text: str, reading: Reading, amount: Money) -> int:
    minor = _minor(text, reading, amount.currency) if text else 0
    if minor < 0:
        raise RowRefused(gettext("Tax and discount cannot be below 0"))
    return minor


def _code(code: str, event: RevenueEvent, *, actor: Actor, at: datetime) -> str:
    if not code:
        return ""
    if event.kind not in PAYMENT_KINDS:
        raise RowRefused(gettext("A code belongs to a payment; leave it out of refunds"))
    try:
        return take_typed_code(
            referral_id=event.referral_id,
            code=code[:CODE_LENGTH],
            used_at=event.booked_at,
            actor=actor,
            at=at,
        )
    except CodeUnknown as unknown:
        raise RowRefused(str(unknown)) from unknown


def _booked_at(text: str, reading: Reading, at: datetime) -> datetime:
    try:
        booked_at = read_moment(text, "dmy", reading.zone).astimezone(UTC)
    except NotADate as error:
        raise RowRefused(
            gettext("%(text)s is no date; write it like 2026-11-19") % {"text": text or "–"}
        ) from error
    if booked_at.astimezone(reading.zone).date() > at.astimezone(reading.zone).date():
        raise RowRefused(gettext("The date lies in the future"))
    return booked_at


def _amount(cells: dict[str, str], reading: Reading, currency: str) -> Money:
    named = cells.get("currency", "").upper() or currency
    if named not in known_currencies() or named != currency:
        raise RowRefused(
            gettext("The amount must be in %(currency)s, the currency of the referral")
            % {"currency": currency}
        )
    minor = _minor(cells["amount"], reading, currency)
    if minor <= 0:
        raise RowRefused(
            gettext("The amount must be above 0; a refund is a row of the kind refund")
        )
    return Money(minor, currency)


def _minor(text: str, reading: Reading, currency: str) -> int:
    try:
        return read_minor(text, reading.decimal, currency)
    except (NotANumber, TooPrecise) as error:
        raise RowRefused(
            gettext("%(text)s is no amount of %(currency)s")
            % {"text": text or "–", "currency": currency}
        ) from error


def _amount_text(amount: Money) -> str:
    return f"{amount.decimal:f} {amount.currency}"


def _customer(word: str) -> Customer:
    if not word:
        raise RowRefused(
            gettext("Name the customer: referral number, reference, email, website or name")
        )
    try:
        return customer_named(word)
    except CustomerUnknown as error:
        if str(error) == "several":
            raise RowRefused(
                gettext("Several customers fit %(word)s; use the referral number") % {"word": word}
            ) from error
        raise RowRefused(gettext("No customer fits %(word)s") % {"word": word}) from error


def _payment(reference: str, column: str) -> RevenueEvent:
    # A deal's own sale is known by its referral's number.
    named = RevenueEvent.objects.filter(external_id__in=[reference, f"won:{reference}"])
    payment = named.order_by("external_id").first() if reference else None
    if payment is None:
        raise RowRefused(
            gettext("Name a payment that is booked in %(column)s") % {"column": column}
        )
    return payment


@transaction.atomic
def queue_file_check(*, upload: Path, file_name: str, actor: Actor, at: datetime) -> Job:
    """Keep a file and have it checked; the upload page follows it and leads to the recording. Raises FileRefused."""
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "upload.rows.csv"
        make_plain(upload, plain, ragged=False)
        stored = save_private(plain, file_name=plain.name)
    params = {"file": stored, "file_name": file_name[:160], "at": at.isoformat()}
    job = start_job(kind="revenue.check", params=params, actor=actor, at=at)
    job.back_path = f"manage/revenue/upload/?check={job.id}"
    job.save(update_fields=["back_path"])
    return job


def queue_file_recording(*, check: Job, actor: Actor, at: datetime) -> Job:
    """Have a checked file recorded; a recording of the same check that runs or is done is returned."""
    again = Job.objects.filter(kind="revenue.upload", params__check=str(check.id)).exclude(
        state__in=[JobState.FAILED, JobState.STOPPED]
    )
    if job := again.first():
        return job
    params = {**check.params, "check": str(check.id), "at": at.isoformat()}
    return start_job(
        kind="revenue.upload",
        params=params,
        actor=actor,
        at=at,
        back_path="manage/revenue/?source=csv",
    )


def write_results(path: Path, found: list[Outcome]) -> Counter[str]:
    """Write the file back with line, result and reason; return the counts by result."""
    names = list(found[0].own) if found else []
    with path.open("w", encoding="utf-8", newline="") as file:
        file.writelines(
            csv_lines(
                ["line", *COLUMNS, *names, "result", "reason"],
                (
                    [one.line, *one.cells, *one.own.values(), str(RESULTS[one.result]), one.reason]
                    for one in found
                ),
            )
        )
    return Counter(one.result for one in found)
