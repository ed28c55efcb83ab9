"""The journal that PostgreSQL writes has the bytes of the report's rows, whatever its words and names are."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from commissions.closing import journals
from commissions.closing.chart import words_now
from commissions.closing.journals import journal_csv
from commissions.closing.reports import report_rows
from commissions.ledger.models import AccountKind, Transfer
from commissions.ledger.services import NewTransfer, post_staged, reverse_transfer
from prm.tenancy.models import Tenant
from prm.web.exports import csv_lines
from tests.builders.partners import a_partner
from tests.builders.payouts import payable

NOON = datetime(2026, 6, 10, 12, tzinfo=UTC)


def test_the_copied_journal_is_the_reports_bytes(
    acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journals, "CHUNK", 2)
    names = ("=1+1 Ltd", 'A "quoted", long; =name', "Ærø\tsails ", "-9")
    for minor, name in enumerate(names, start=5):
        transfer = payable(a_partner(name).id, minor, at=NOON)
    payable(a_partner("Dinar").id, 1_234, "KWD", at=NOON)
    payable(a_partner("Yen").id, 77, "JPY", at=NOON)
    reverse_transfer(transfer=transfer, key="back", at=NOON)
    post_staged(
        [
            NewTransfer(
                kind="fee",
                key="odd",
                journal="@payout:1",
                debit=("fees", None, "EUR"),
                credit=("cash", None, "EUR"),
                amount_minor=3,
                booked_at=NOON,
            )
        ]
    )
    row = Transfer.objects.latest("id")
    row.id, row.key, row.recorded_at = None, "whole second", NOON
    row.save(force_insert=True)
    words = words_now("en")
    words = replace(
        words,
        accounts={
            **{kind: row for kind, row in words.accounts.items() if kind != AccountKind.CASH},
            AccountKind.FEES: ["", "=fees, all"],
        },
        entries={kind: word for kind, word in words.entries.items() if kind != "reversal"},
    )
    heard: list[int] = []

    lines = list(journal_csv(202606, words, told=heard.append))

    rows = report_rows("journal", 202606, words)
    assert b"".join(lines).decode() == "".join(csv_lines(words.headings["journal"], rows))
    assert len(lines) == 1 + 2 * Transfer.objects.count()
    assert heard[-1] == len(lines) - 1
    assert heard[0] == 4
