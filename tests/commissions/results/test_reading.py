"""A bank's answer is read as it stands: any version of camt.053, lists with any headings, and nothing unsafe."""

from datetime import date

import pytest

from commissions.results.reading import read_answer
from commissions.results.rules import (
    DOUBLE,
    KNOWN,
    MATCHED,
    PAID,
    RETURNED,
    UNMATCHED,
    Payment,
    ReadRow,
    verdicts,
)
from commissions.results.values import NotReadable
from commissions.results.wording import unreadable_words
from tests.builders.results import a_csv, a_statement, an_entry

SENT = Payment(1, "PR-2026-11-0001", 12_345, "EUR", "exported")
SETTLED = Payment(2, "PR-2026-11-0002", 500, "EUR", "settled")


@pytest.mark.parametrize("version", ["02", "08"])
def test_a_statement_gives_payments_returns_and_fees(version: str) -> None:
    entries = [
        an_entry("PR-2026-11-0001", "123.45", fee="2.50"),
        an_entry("PR-2026-11-0002", "5.00", side="CRDT", reason="AC04"),
        an_entry("PR-2026-11-0003", "9.99", status="PDNG"),
    ]

    shape, rows = read_answer(a_statement(entries, version=version))

    assert shape == "camt.053"
    assert [(r.reference, r.outcome, r.amount_minor, r.fee_minor, r.reason) for r in rows] == [
        ("PR-2026-11-0001", PAID, 12_345, 250, ""),
        ("PR-2026-11-0002", RETURNED, 500, 0, "AC04"),
    ]
    assert {row.booked_on for row in rows} == {date(2026, 11, 20)}


@pytest.mark.parametrize(
    ("content", "row"),
    [
        pytest.param(
            a_csv('PR-1,paid,"1,234.50",eur,2.50,'),
            ReadRow("PR-1", PAID, 123_450, "EUR", fee_minor=250),
            id="our own headings",
        ),
        pytest.param(
            b"Customer ID;Status;Amount;Currency code;Transaction ID\r\nPR-1;Unclaimed;1.234,50;USD;T9\r\n",
            ReadRow("PR-1", RETURNED, 123_450, "USD", bank_reference="T9"),
            id="a provider's, with decimal commas",
        ),
        pytest.param(
            a_csv("'PR-1,completed,1200,JPY,,"),
            ReadRow("PR-1", PAID, 1_200, "JPY"),
            id="no decimals, a spreadsheet's guard",
        ),
    ],
)
def test_lists_are_read_by_their_headings(content: bytes, row: ReadRow) -> None:
    assert read_answer(content) == ("csv", [row])


@pytest.mark.parametrize(
    ("content", "why"),
    [
        pytest.param(b"<Document><Bk", "xml", id="cut"),
        pytest.param(b"<?xml version='1.0'?><Document/>", "camt", id="another message"),
        pytest.param(
            b'<!DOCTYPE d [<!ENTITY e SYSTEM "file:///etc/passwd">]><Document>&e;</Document>',
            "xml",
            id="an entity",
        ),
        pytest.param(b"reference,amount\r\nx,1\r\n", "columns", id="columns missing"),
        pytest.param(a_csv("PR-1,paid,1.005,EUR,,"), "value", id="half a cent"),
        pytest.param(
            b"reference,outcome,currency,amount,fee\r\nPR-1,paid,EUR,100,00,2.50\r\n",
            "value",
            id="a decimal comma that cuts an amount",
        ),
        pytest.param(a_csv("PR-1,perhaps,1.00,EUR,,"), "value", id="an unknown outcome"),
        pytest.param(a_csv("PR-1,paid,NaN,EUR,,"), "value", id="no number"),
        pytest.param(a_csv("PR-1,paid,1e999999,EUR,,"), "value", id="a number without end"),
        pytest.param(a_csv("PR-1,paid,1.00,EUR,,a\0b"), "text", id="a zero byte"),
        pytest.param(a_csv(f"PR-1,paid,{'9' * 200_000},EUR,,"), "text", id="an endless cell"),
        pytest.param(b"reference," * 100_000, "text", id="a heading without end"),
        pytest.param(a_csv("PR-1,paid,1.00,EUR,," + "," * 600_000), "text", id="endless columns"),
        pytest.param(a_csv("\r\n" * 1_100_000), "long", id="a million empty lines"),
        pytest.param(
            a_statement(["<Ntry><Sts>PDNG</Sts></Ntry>" * 500_001]), "long", id="a forest of XML"
        ),
        pytest.param(
            a_statement([f"<Ntry><Chrgs>{'<Amt>1</Amt>' * 1_001}</Chrgs></Ntry>"]),
            "long",
            id="a thousand charges",
        ),
        pytest.param(a_statement([an_entry("PR-1", "-5.00")]), "value", id="a sign"),
        pytest.param(
            a_statement([an_entry("PR-1", "5.00", fee="-3.00")]), "value", id="a fee back"
        ),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_reason(content: bytes, why: str) -> None:
    with pytest.raises(NotReadable) as refused:
        read_answer(content)
    assert refused.value.why == why
    assert unreadable_words(refused.value)


def test_a_payment_takes_from_its_entry_what_it_does_not_say_itself() -> None:
    payments = (
        "<TxDtls><Refs><EndToEndId>PR-1</EndToEndId></Refs></TxDtls>"
        '<TxDtls><Amt Ccy="EUR">3.00</Amt><CdtDbtInd>DBIT</CdtDbtInd></TxDtls>'
    )
    entry = (
        f"<Ntry><NtryDtls>{payments}</NtryDtls><Amt Ccy='EUR'>7.00</Amt><CdtDbtInd>CRDT</CdtDbtInd>"
        "<AcctSvcrRef>B-1</AcctSvcrRef><AddtlNtryInf>Sent back</AddtlNtryInf></Ntry>"
    )

    _, rows = read_answer(a_statement([entry]))

    assert rows == [
        ReadRow("PR-1", RETURNED, 700, "EUR", bank_reference="B-1", reason="Sent back"),
        ReadRow("", PAID, 300, "EUR", bank_reference="B-1", reason="Sent back"),
    ]


@pytest.mark.parametrize(
    ("row", "match", "problem"),
    [
        pytest.param(ReadRow(SENT.number, PAID, 12_345, "EUR"), MATCHED, "", id="paid"),
        pytest.param(ReadRow("2026-11-0001", PAID, 12_345, "EUR"), MATCHED, "", id="short number"),
        pytest.param(ReadRow(SENT.number, RETURNED, 12_345, "EUR"), MATCHED, "", id="returned"),
        pytest.param(ReadRow(SETTLED.number, PAID, 500, "EUR"), KNOWN, "", id="booked by hand"),
        pytest.param(ReadRow("", PAID, 500, "EUR"), UNMATCHED, "reference", id="no reference"),
        pytest.param(
            ReadRow(SENT.number, PAID, 12_344, "EUR"), UNMATCHED, "amount", id="a cent off"
        ),
        pytest.param(
            ReadRow(SENT.number, PAID, 12_345, "USD"), UNMATCHED, "currency", id="dollars"
        ),
    ],
)
def test_a_row_counts_when_number_currency_and_amount_agree(
    row: ReadRow, match: str, problem: str
) -> None:
    (found,) = verdicts([row], {SENT.number: SENT, SETTLED.number: SETTLED})

    assert (found.match, found.problem) == (match, problem)


def test_the_second_row_about_one_thing_is_double_but_a_return_after_payment_is_not() -> None:
    rows = [ReadRow(SENT.number, outcome, 12_345, "EUR") for outcome in (PAID, PAID, RETURNED)]

    found = verdicts(rows, {SENT.number: SENT})

    assert [each.match for each in found] == [MATCHED, DOUBLE, MATCHED]
