"""What becomes of each row of a bank's answer: pure, from what was read and what the payments are."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

PAID, RETURNED, FEE = "paid", "returned", "fee"
MATCHED, KNOWN, DOUBLE, UNMATCHED = "matched", "known", "double", "unmatched"
# Long enough for a bank's words; longer ones are cut.
LONGEST_REFERENCE, LONGEST_REASON = 80, 200


@dataclass(frozen=True)
class ReadRow:
    """One row as the file says it; amounts in minor units, never below zero. reference: our payment's number."""

    reference: str
    outcome: str
    amount_minor: int
    currency: str
    booked_on: date | None = None
    bank_reference: str = ""
    reason: str = ""
    # What the bank took for this payment, in the same currency.
    fee_minor: int = 0


@dataclass(frozen=True)
class Payment:
    """What the portal knows of one payment; state is a PayoutState."""

    id: Any
    number: str
    amount_minor: int
    currency: str
    state: str


@dataclass(frozen=True)
class Verdict:
    """What becomes of one row: match is one of the four above; problem says why a row is unmatched."""

    row: ReadRow
    match: str
    problem: str = ""
    payment: Payment | None = None


def verdicts(rows: Iterable[ReadRow], payments: Mapping[str, Payment]) -> list[Verdict]:
    """Return what becomes of each row, in their order; payments by number.

    A row counts when number, currency and amount are a payment's that went out. What is booked already is known, a
    second row about the same thing is double; neither changes anything. A payment may be paid and then come back.
    """
    seen: set[tuple[Any, str]] = set()
    found = []
    for row in rows:
        payment = payments.get(row.reference) or payments.get(f"PR-{row.reference}")
        verdict = _verdict(row, payment)
        if verdict.match != UNMATCHED and payment is not None:
            if (payment.id, row.outcome) in seen:
                verdict = Verdict(row, DOUBLE, "", payment)
            seen.add((payment.id, row.outcome))
        found.append(verdict)
    return found


def _verdict(row: ReadRow, payment: Payment | None) -> Verdict:
    if payment is None:
        return Verdict(row, UNMATCHED, "reference")
    if row.currency != payment.currency:
        return Verdict(row, UNMATCHED, "currency")
    if row.outcome != FEE and row.amount_minor != payment.amount_minor:
        return Verdict(row, UNMATCHED, "amount")
    if payment.state not in {"exported", "settled", "returned"}:
        return Verdict(row, UNMATCHED, "state")
    done = {PAID: {"settled", "returned"}, RETURNED: {"returned"}}.get(row.outcome, set())
    return Verdict(row, KNOWN if payment.state in done else MATCHED, "", payment)
