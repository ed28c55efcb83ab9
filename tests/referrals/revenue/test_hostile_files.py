"""Whatever stands in a file's cells, an amount is read as its sender meant it or refused, and the books stay right."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from commissions.accruals.models import Accrual
from commissions.verification import faults
from prm.jobs.models import Job
from prm.jobs.services import run
from prm.tenancy.scope import tenant_scope
from referrals.revenue.models import RevenueEvent
from tests.builders.commissions import a_plan, a_won_deal
from tests.builders.referrals import a_partner, a_program
from tests.conftest import World

UPLOAD = "/acme/manage/revenue/upload/"
HEAD = "reference,kind,customer,amount,currency,booked_on,refunded_reference,note\n"


@pytest.fixture
def upload(world: World, client: Client) -> Callable[[str], dict[str, int]]:
    """Check a file, record it, and return what the recording counted (the check's word when nothing fits)."""

    def work() -> Job:
        with tenant_scope(world.acme.id):
            job = Job.objects.latest("created_at")
        run(world.acme.id, job.id)
        with tenant_scope(world.acme.id):
            return Job.objects.get(id=job.id)

    def do(text: str) -> dict[str, Any]:
        client.force_login(world.finance)
        file = SimpleUploadedFile("r.csv", (HEAD + text).encode())
        page = client.post(UPLOAD, {"file": file})["Location"]
        check = work()
        assert check.state == "done", check.error
        if not check.result["bookable"]:
            return dict(check.result)
        client.post(page)
        recording = work()
        assert recording.state == "done", recording.error
        told = {**check.result, "recorded": check.result["bookable"]}
        del told["bookable"]
        assert recording.result == told
        return dict(recording.result)

    return do


def a_customer_in(world: World, at: datetime, currency: str) -> None:
    with tenant_scope(world.acme.id):
        program = a_program(currency.lower(), currency=currency)
        a_plan(program)
        a_won_deal(
            at,
            deal_minor=0,
            program=program,
            partner=a_partner(program=program),
            company=f"Kestrel {currency}",
        )


def booked(world: World) -> list[tuple[str, int, str]]:
    with tenant_scope(world.acme.id):
        assert [str(fault) for fault in faults()] == []
        rows = RevenueEvent.objects.order_by("id")
        return [(row.external_id, row.amount_minor, row.currency) for row in rows]


@pytest.mark.parametrize(
    ("currency", "written", "minor"),
    [
        pytest.param("JPY", "1200", 1_200, id="yen have no decimals"),
        pytest.param("JPY", "1200.00", 1_200, id="noughts after yen are nothing"),
        pytest.param("JPY", "1.200", 1_200, id="grouped yen"),
        pytest.param("KWD", "1.234", 1_234, id="a dinar has three decimals"),
        pytest.param("KWD", "1200.5", 1_200_500, id="and fewer are fine"),
        pytest.param("EUR", "1.234,56", 123_456, id="continental"),
        pytest.param("EUR", "1,234.56", 123_456, id="English"),
        pytest.param("EUR", "1'234.56", 123_456, id="Swiss"),
    ],
)
def test_an_amount_is_read_in_its_own_currency(
    world: World,
    upload: Callable[[str], dict[str, int]],
    at: datetime,
    currency: str,
    written: str,
    minor: int,
) -> None:
    a_customer_in(world, at, currency)

    upload(f'INV-1,sale,Kestrel {currency},"{written}",{currency},2026-11-02,,\n')

    assert booked(world) == [("INV-1", minor, currency)]


def test_rows_of_several_currencies_share_one_decimal_mark(
    world: World, upload: Callable[[str], dict[str, int]], at: datetime
) -> None:
    for currency in ("EUR", "KWD", "JPY"):
        a_customer_in(world, at, currency)

    upload(
        'INV-1,sale,Kestrel EUR,"1.234,5",EUR,2026-11-02,,\n'
        'INV-2,sale,Kestrel KWD,"1,234",KWD,2026-11-02,,\n'
        "INV-3,sale,Kestrel JPY,5.000,JPY,2026-11-02,,\n"
    )

    assert booked(world) == [
        ("INV-1", 123_450, "EUR"),
        ("INV-2", 1_234, "KWD"),
        ("INV-3", 5_000, "JPY"),
    ]


@pytest.mark.parametrize(
    "written",
    [
        pytest.param("10000000000000000000", id="ten to the nineteenth"),
        pytest.param("9" * 5_000, id="more digits than Python reads"),
        pytest.param("0." + "0" * 5_000 + "1", id="more decimals than anybody needs"),
        pytest.param("1e5", id="an exponent"),
        pytest.param("NaN", id="no number"),
        pytest.param("Infinity", id="no end"),
        pytest.param("１２", id="full-width digits"),
        pytest.param("١٢", id="Arabic digits"),
        pytest.param("-5", id="below nothing"),
        pytest.param("(5.00)", id="below nothing, as accountants write it"),
        pytest.param("0", id="nothing"),
        pytest.param("0.001", id="less than a cent"),
        pytest.param("12.34.56", id="two points"),
        pytest.param("=1+1", id="a formula"),
        pytest.param("", id="empty"),
    ],
)
def test_what_is_no_amount_is_refused_and_the_rows_beside_it_are_booked(
    world: World, upload: Callable[[str], dict[str, int]], at: datetime, written: str
) -> None:
    a_customer_in(world, at, "EUR")

    found = upload(
        "INV-1,sale,Kestrel EUR,10.00,EUR,2026-11-02,,\n"
        f'INV-2,sale,Kestrel EUR,"{written}",EUR,2026-11-02,,\n'
        "INV-3,sale,Kestrel EUR,20.00,EUR,2026-11-02,,\n"
    )

    assert found == {"recorded": 2, "there_already": 0, "error": 1}
    assert booked(world) == [("INV-1", 1_000, "EUR"), ("INV-3", 2_000, "EUR")]


@pytest.mark.parametrize(
    "row",
    [
        pytest.param("INV-1,sale,Kestrel EUR,10,EUR,9999-12-31,,", id="the last day"),
        pytest.param("INV-1,sale,Kestrel EUR,10,EUR,0001-01-01,,", id="the first day"),
        pytest.param(f"INV-1,sale,{'9' * 6_000},10,EUR,2026-11-02,,", id="a long name"),
    ],
)
def test_a_hostile_cell_fails_its_row_and_not_the_file(
    world: World, upload: Callable[[str], dict[str, int]], at: datetime, row: str
) -> None:
    a_customer_in(world, at, "EUR")

    found = upload(row + "\n" + "INV-9,sale,Kestrel EUR,20.00,EUR,2026-11-02,,\n")

    assert found["recorded"] + found["error"] == 2
    assert ("INV-9", 2_000, "EUR") in booked(world)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param(
            HEAD + "x\x00y,sale,Kestrel EUR,10,EUR,2026-11-02,,\n", "UTF-8", id="zero bytes"
        ),
        pytest.param(
            "reference,kind,customer,currency,booked_on,amount\n"
            "INV-9,sale,Kestrel EUR,EUR,2026-11-02,1000,50\n",
            "more cells than there are headings",
            id="a decimal comma cuts an amount in two",
        ),
    ],
)
def test_a_file_that_is_not_what_it_says_is_refused_whole(
    world: World, client: Client, text: str, words: str
) -> None:
    client.force_login(world.finance)

    answer = client.post(UPLOAD, {"file": SimpleUploadedFile("r.csv", text.encode())})

    assert answer.status_code == 422
    assert words in answer.content.decode()
    with tenant_scope(world.acme.id):
        assert not Job.objects.exists()


def test_a_deals_own_sale_is_refunded_by_the_referrals_number(
    world: World, upload: Callable[[str], dict[str, int]], at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        a_plan()
        number = a_won_deal(at, deal_minor=50_000).referral.number

    found = upload(f"CN-1,refund,,200.00,EUR,2026-11-19,{number},\n")

    assert found == {"recorded": 1, "there_already": 0, "error": 0}
    with tenant_scope(world.acme.id):
        assert RevenueEvent.objects.get(kind="sale").refunded_minor == 20_000


def test_a_replay_in_another_order_with_another_amount_books_nothing_new(
    world: World,
    upload: Callable[[str], dict[str, int]],
    deliver: Callable[[], int],
    at: datetime,
) -> None:
    a_customer_in(world, at, "EUR")
    rows = [
        "INV-1,sale,Kestrel EUR,10.00,EUR,2026-11-02,,\n",
        "INV-2,renewal,Kestrel EUR,20.00,EUR,2026-11-03,,\n",
        "CN-1,refund,,5.00,EUR,2026-11-04,INV-1,\n",
    ]

    def state() -> Any:
        deliver()
        with tenant_scope(world.acme.id):
            accruals = Accrual.objects.order_by("amount_minor")
            earned = list(accruals.values_list("amount_minor", "clawed_minor"))
        return booked(world), earned

    upload("".join(rows))
    first = state()
    again = upload("".join(reversed(rows)))
    other = upload("INV-1,sale,Kestrel EUR,11.00,EUR,2026-11-02,,\n")

    assert first[1] == [(200, 100), (400, 0)]
    assert again == {"bookable": 0, "there_already": 3, "error": 0}
    assert other == {"bookable": 0, "there_already": 0, "error": 1}
    assert state() == first
