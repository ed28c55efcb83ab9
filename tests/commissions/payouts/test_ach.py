"""The file for US banks: records of 94 characters in blocks of ten, an entry hash, totals that balance."""

from datetime import date, datetime

import pytest

from commissions.payouts.ach import RECORD, Entry, NotForAch, Origin, ach_file
from commissions.payouts.rules import NotAnAccountNumber, is_routing_number, us_number

ORIGIN = Origin("021000021", "Chase", "1234567890", "Northwind Inc")
DAY = date(2026, 11, 30)
MADE = datetime(2026, 11, 27, 9, 5)  # noqa: DTZ001  the sender's own clock, as the file has it


def _entry(amount_minor: int, *, routing: str = "011401533", **fields: str) -> Entry:
    given = {
        "account": "4412345",
        "kind": "checking",
        "name": "Brightwater",
        "number": "PR-2026-11-0001",
    }
    return Entry(routing=routing, amount_minor=amount_minor, **{**given, **fields})


def _records(entries: list[Entry]) -> list[str]:
    content = ach_file(entries, origin=ORIGIN, title="PAYOUT", pay_on=DAY, made_at=MADE)
    assert content.endswith(b"\r\n")
    return content.decode().split("\r\n")[:-1]


def test_every_record_has_94_characters_and_blocks_are_whole() -> None:
    records = _records(
        [_entry(12_345), _entry(5, routing="091000019", kind="savings", name="Ålder")]
    )

    assert {len(record) for record in records} == {RECORD}
    assert len(records) == 10
    assert [record[0] for record in records[:6]] == ["1", "5", "6", "6", "8", "9"]
    assert set(records[6:]) == {"9" * RECORD}


def test_totals_and_the_hash_balance_with_the_entries() -> None:
    records = _records(
        [_entry(12_345), _entry(5, routing="091000019", kind="savings", name="Ålder")]
    )
    first, second, batch, file = records[2:6]

    assert (first[1:3], first[3:12], first[29:39]) == ("22", "011401533", "0000012345")
    assert (second[1:3], second[54:76].strip(), second[79:]) == ("32", "ALDER", "021000020000002")
    entry_hash = f"{1140153 + 9100001:010}"
    assert (batch[4:10], batch[10:20], batch[20:32], batch[32:44]) == (
        "000002",
        entry_hash,
        "0" * 12,
        "000000012350",
    )
    assert (file[1:7], file[7:13], file[13:21], file[21:31]) == (
        "000001",
        "000001",
        "00000002",
        entry_hash,
    )
    assert (file[31:43], file[43:55]) == ("0" * 12, "000000012350")
    assert records[1][69:75] == "261130"


def test_the_hash_keeps_its_last_ten_digits() -> None:
    records = _records([_entry(1, routing="800000008")] * 200)

    assert records[-1][0] == "9"
    batch = next(record for record in records if record[0] == "8")
    assert batch[10:20] == f"{80000000 * 200 % 10**10:010}"


def test_an_amount_beyond_its_field_is_refused() -> None:
    with pytest.raises(NotForAch):
        _records([_entry(10**10)])


@pytest.mark.parametrize(
    ("number", "is_one"),
    [
        pytest.param("021000021", True, id="a bank of New York"),
        pytest.param("021000012", False, id="two digits swapped"),
        pytest.param("999999992", False, id="no district"),
        pytest.param("02100002", False, id="a digit short"),
    ],
)
def test_a_routing_number_has_its_check_digit(number: str, is_one: bool) -> None:
    assert is_routing_number(number) is is_one


def test_the_account_and_the_bank_are_refused_apart() -> None:
    with pytest.raises(NotAnAccountNumber, match="routing"):
        us_number("4412345", routing="021000012")
    with pytest.raises(NotAnAccountNumber, match="us"):
        us_number("44A", routing="021000021")
    assert us_number("44 12-345", routing="0210 0002 1").number == "4412345"
