"""Lists of payments for providers: by email address for PayPal and Wise, and by account number for Wise."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from commissions.payouts.localaccounts import LOCAL
from commissions.payouts.templates import PaymentRow
from prm.web.exports import safe_text, write_csv
from prm.web.formats import money_plain

# The most rows that a provider takes in one file (its pages on sending a list, 2026).
PAYPAL_ROWS, WISE_ROWS = 5_000, 1_000
WISE_HEAD = (
    "name",
    "recipientEmail",
    "paymentReference",
    "receiverType",
    "amountCurrency",
    "amount",
    "sourceCurrency",
    "targetCurrency",
)


def paypal_parts(rows: Sequence[PaymentRow]) -> Iterator[tuple[str, list[PaymentRow]]]:
    """Yield each file's name after "paypal" and its rows: one currency to a file, at most so many rows."""
    for currency in sorted({row.currency for row in rows}):
        mine = [row for row in rows if row.currency == currency]
        for place, part in enumerate(_parts(mine, PAYPAL_ROWS), start=1):
            yield f"-{currency.lower()}" + (f"-{place}" if place > 1 else ""), part


def wise_parts(rows: Sequence[PaymentRow]) -> Iterator[tuple[str, list[PaymentRow]]]:
    """Yield each file's name after "wise" and its rows."""
    for place, part in enumerate(_parts(rows, WISE_ROWS), start=1):
        yield f"-{place}" if place > 1 else "", part


def wise_account_parts(rows: Sequence[PaymentRow]) -> Iterator[tuple[str, list[PaymentRow]]]:
    """Yield each file's name after "wise" and its rows: one country, so one currency, to a file, as its columns are."""
    for country in sorted({row.country for row in rows}):
        mine = [row for row in rows if row.country == country]
        for place, part in enumerate(_parts(mine, WISE_ROWS), start=1):
            yield f"-{LOCAL[country].currency.lower()}" + (f"-{place}" if place > 1 else ""), part


def _parts(rows: Sequence[PaymentRow], most: int) -> Iterator[list[PaymentRow]]:
    for start in range(0, len(rows), most):
        yield list(rows[start : start + most])


def write_paypal(target: Path, rows: Sequence[PaymentRow]) -> None:
    """Write a list for PayPal: no heading; address, amount, currency, our number, note, wallet."""
    with target.open("w", encoding="utf-8", newline="") as file:
        for row in rows:
            amount = money_plain(row.amount_minor, row.currency)
            cells = (row.account, amount, row.currency, row.number, row.reference, "PAYPAL")
            file.write(",".join(_quoted(safe_text(cell)) for cell in cells) + "\r\n")


def _quoted(text: str) -> str:
    doubled = text.replace('"', '""')
    return f'"{doubled}"' if any(sign in text for sign in ',"\r\n') else text


def write_wise(target: Path, rows: Sequence[PaymentRow], *, source_currency: str) -> None:
    """Write a list for Wise by address: receivers get the exact amount, whatever the transfer costs the sender."""
    write_csv(target, WISE_HEAD, (_wise_cells(row, row.account, source_currency) for row in rows))


def write_wise_accounts(target: Path, rows: Sequence[PaymentRow], *, source_currency: str) -> None:
    """Write a list for Wise by account number, of one country; its columns follow the common ones."""
    columns = LOCAL[rows[0].country].columns
    write_csv(
        target,
        [*WISE_HEAD, *(name for name, _cell in columns)],
        (
            [
                *_wise_cells(row, "", source_currency),
                *(cell(row.account, row.routing, row.ach_kind) for _name, cell in columns),
            ]
            for row in rows
        ),
    )


def _wise_cells(row: PaymentRow, address: str, source_currency: str) -> list[str]:
    return [
        row.holder,
        address,
        row.number,
        "BUSINESS",
        "target",
        money_plain(row.amount_minor, row.currency),
        source_currency,
        row.currency,
    ]
