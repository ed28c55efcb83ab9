"""Statements of months and currencies continue each other, below zero too; page, PDF, CSV and workbook agree."""

from datetime import date, datetime
from typing import Any

import pytest
from pypdf import PdfReader

from commissions.payouts.models import Payout
from commissions.payouts.services import settle_all
from commissions.statements.models import Statement
from commissions.statements.pdf import keep_pdf
from commissions.statements.services import issue_statement
from commissions.verification import CHECKS, faults
from prm.events.services import SYSTEM, Actor
from tests.builders.payouts import a_payee, exported_run, payable
from tests.commissions.statements.agreeing import breaks_in_series, differences
from tests.conftest import World

pytestmark = pytest.mark.usefixtures("acme")


def _noon(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}T12:00:00+00:00")


@pytest.fixture
def stated(world: World) -> list[Statement]:
    """Three months in euros, below zero after the second, and two in dollars."""
    partner = a_payee("Łódź Çelik & Søn", 123_456, at=_noon("2026-09-10"))
    payable(partner.id, 900, "USD", at=_noon("2026-09-12"))
    found = []

    def month_ends(day: str, *currencies: str) -> None:
        for currency in currencies:
            statement = issue_statement(
                partner_id=partner.id,
                currency=currency,
                until_on=date.fromisoformat(day),
                actor=SYSTEM,
                at=_noon(day),
            )
            found.append(Statement.objects.get(id=statement.id))

    month_ends("2026-09-30", "EUR", "USD")
    run = exported_run(
        at=_noon("2026-10-05"), user_id=world.finance.id, approver_id=world.second_finance.id
    )
    settle_all(run_id=run.id, actor=Actor(world.finance.id), at=_noon("2026-10-06"))
    assert Payout.objects.filter(currency="EUR").count() == 1
    payable(partner.id, -5_000, at=_noon("2026-10-20"))
    month_ends("2026-10-31", "EUR")
    payable(partner.id, 1_250, at=_noon("2026-11-02"))
    payable(partner.id, 33, "USD", at=_noon("2026-11-03"))
    # Booked late, on a day of a month that is stated already.
    payable(partner.id, 7, at=_noon("2026-10-30"))
    month_ends("2026-11-30", "EUR", "USD")
    return found


def test_each_opens_where_the_one_before_closed(stated: list[Statement]) -> None:
    euros = [row for row in stated if row.currency == "EUR"]

    assert [(row.opening_minor, row.closing_minor) for row in euros] == [
        (0, 123_456),
        (123_456, -5_000),
        (-5_000, -3_743),
    ]
    assert [row.period_start.isoformat() for row in euros] == [
        "2026-09-01",
        "2026-10-01",
        "2026-11-01",
    ]
    dollars = [row for row in stated if row.currency == "USD"]
    assert dollars[0].closing_minor == dollars[1].opening_minor
    assert {name for name in CHECKS if "statement" in name}.isdisjoint(
        fault.check for fault in faults()
    )


def test_every_form_of_a_statement_says_the_same_to_the_cent(stated: list[Statement]) -> None:
    assert [fault for statement in stated for fault in differences(statement)] == []
    assert list(breaks_in_series()) == []


def test_the_paper_is_archived_and_read_aloud(stated: list[Statement]) -> None:
    paper = PdfReader(keep_pdf(stated[0]))
    root: Any = paper.trailer["/Root"]

    assert (root["/MarkInfo"]["/Marked"], root["/Lang"]) == (True, "en")
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert paper.metadata is not None
    assert paper.metadata.title == stated[0].number
    # WeasyPrint names it twice.
    files = {(file["/AFRelationship"], file["/UF"]) for file in root["/AF"]}
    assert files == {("/Data", f"{stated[0].number}.csv")}
    told = root["/Metadata"].get_data().decode()
    assert "<pdfuaid:part>1</pdfuaid:part>" in told
    assert 'pdfaid:part="3"' in told
    assert told.count("<rdf:RDF") == 1
    kinds = _kinds(root["/StructTreeRoot"])
    assert {"/H1", "/H2", "/Table", "/TH", "/TR", "/TD"} <= kinds


def _kinds(node: Any) -> set[str]:
    """Return the kinds of elements in the tree of tags."""
    node = node.get_object() if hasattr(node, "get_object") else node
    if isinstance(node, list):
        return set().union(*(_kinds(child) for child in node))
    if not isinstance(node, dict):
        return set()
    own = {str(node["/S"])} if "/S" in node else set()
    return own | (_kinds(node["/K"]) if "/K" in node else set())
