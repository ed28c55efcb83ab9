"""copy_csv writes the cells that csv_lines writes, by COPY."""

import csv
import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db.models import BigIntegerField, Value
from django.utils import timezone

from prm.money import Money
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from prm.web.copying import MOMENT, MONEY, PLAIN, Copied, copy_csv
from prm.web.exports import csv_lines
from referrals.pipeline.models import Referral
from tests.builders.referrals import a_partner, a_referral
from tests.conftest import World

COLUMNS = [
    Copied("Company", "company"),
    Copied("Deal value", "deal_minor", MONEY, "currency"),
    Copied("Sent", "registered_at", MOMENT),
    Copied("Consent", "consent", PLAIN),
]
TEXTS = [
    "=SUM(A1)",
    "  +1",
    "-",
    "@x",
    "|y",
    "%z",
    'say "so", twice',
    "two\nlines",
    "\uff1d1+1",
    "\ufeff=1",
    "\u200b\u00a0-1",
    "a;=1+1; +2;b",
    "so\n\u3000=1",
    "a\t@x",
    "plain",
    "",
    "ümläut’",
    "\\.",
    "a%sb",
]


def _read(path: Path) -> list[list[str]]:
    text = path.read_text(encoding="utf-8")
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_is_written_as_csv_lines_writes_it(
    acme: Tenant, at: datetime, tmp_path: Path, text: str
) -> None:
    Referral.objects.filter(id=a_referral(at).id).update(company=text)

    count = copy_csv(tmp_path / "x.csv", Referral.objects.all(), [COLUMNS[0], COLUMNS[-1]])

    expected = "".join(csv_lines(["Company", "Consent"], [[text, "f"]]))
    assert count == 1
    assert _read(tmp_path / "x.csv") == list(csv.reader(io.StringIO(expected[1:], newline="")))


@pytest.mark.parametrize(
    ("minor", "currency"),
    [(123_456, "EUR"), (-50, "EUR"), (0, "USD"), (7, "JPY"), (1_234, "KWD"), (-5, "KWD")],
)
def test_an_amount_has_the_digits_of_its_currency(
    acme: Tenant, at: datetime, tmp_path: Path, minor: int, currency: str
) -> None:
    a_referral(at)
    rows = Referral.objects.annotate(minor=Value(minor, BigIntegerField()), code=Value(currency))

    copy_csv(tmp_path / "x.csv", rows, [Copied("Deal value", "minor", MONEY, "code")])

    expected = "".join(csv_lines(["Deal value"], [[Money(minor, currency)]]))
    assert _read(tmp_path / "x.csv") == list(csv.reader(io.StringIO(expected[1:])))


def test_moments_are_of_the_active_zone_and_the_connection_keeps_its_own(
    acme: Tenant, tmp_path: Path
) -> None:
    winter, summer = (
        datetime(2026, 11, 18, 23, 30, tzinfo=UTC),
        datetime(2026, 7, 1, 12, tzinfo=UTC),
    )
    for moment in (winter, summer):
        a_referral(moment, company=str(moment), contact_email=f"a@c{moment.month}.example")

    with timezone.override("Europe/Amsterdam"):
        copy_csv(tmp_path / "x.csv", Referral.objects.order_by("registered_at"), COLUMNS[1:])

    assert _read(tmp_path / "x.csv") == [
        ["Deal value", "Sent", "Consent"],
        ["", "2026-07-01T14:00:00+02:00", "f"],
        ["", "2026-11-19T00:30:00+01:00", "f"],
    ]
    assert Referral.objects.order_by("registered_at")[0].registered_at == summer


def test_a_partner_copies_its_own_rows_only(world: World, at: datetime, tmp_path: Path) -> None:
    with tenant_scope(world.acme.id):
        own = a_partner("Brightwater")
        a_referral(at, partner=own, company="Ours")
        a_referral(at, partner=a_partner("Else"), company="Theirs", contact_email="a@else.example")

    with tenant_scope(world.acme.id, own.id):
        copy_csv(tmp_path / "x.csv", Referral.objects.all(), COLUMNS[:1])

    assert _read(tmp_path / "x.csv") == [["Company"], ["Ours"]]
