"""Finance walks a run from preview to paid in the browser's own requests; a job makes files and statements."""

import io
import zipfile
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pypdf import PdfReader

from commissions.payouts.details import save_debtor_account
from commissions.payouts.models import Payout, PayoutRun, PayoutState, RunState
from commissions.payouts.services import cancel_run
from commissions.statements.gathering import due_for_statement
from commissions.statements.keeping import stored_name
from commissions.statements.models import Statement
from commissions.statements.services import issue_statement
from prm.accounts.capabilities import Role
from prm.accounts.models import User
from prm.events.models import Event
from prm.events.services import SYSTEM, Actor
from prm.jobs.files import open_private, private_path
from prm.jobs.models import Job
from prm.jobs.services import run as run_job
from prm.notices.models import Mail, Notice
from prm.tenancy.scope import tenant_scope
from tests.builders.partners import a_partner
from tests.builders.payouts import IBAN_GERMANY, a_payee, payable
from tests.builders.people import PASSWORD, a_member
from tests.conftest import World

NOW = timezone.now()


def _client(user: User) -> Client:
    client = Client()
    client.force_login(user)
    client.post("/acme/accounts/reauthenticate/", {"password": PASSWORD})
    return client


@pytest.fixture
def finance(world: World) -> Client:
    return _client(world.finance)


@pytest.fixture
def second(world: World) -> Client:
    return _client(world.second_finance)


@pytest.fixture
def payees(world: World) -> dict[str, Any]:
    with tenant_scope(world.acme.id):
        rich = a_payee("Brightwater", 421_000, at=NOW)
        poor = a_payee("Lindqvist", 38_700, at=NOW, number=IBAN_GERMANY)
        none = a_partner(name="Cobalt")
        payable(none.id, 124_000, at=NOW)
        save_debtor_account(
            iban="NL91ABNA0417164300", bic="", actor=Actor(world.finance.id), at=NOW
        )
        admin = a_member(
            world.acme,
            Role.PARTNER_ADMIN,
            "boss@brightwater.example",
            name="Aoife",
            partner_id=rich.id,
            partner_name="Brightwater",
        )
    return {"rich": rich.id, "poor": poor.id, "none": none.id, "admin": admin.id}


def _submit(client: Client, **data: Any) -> Any:
    page = client.get("/acme/manage/payouts/new/", data)
    digest = page.context["page"].digest
    pay_on = page.context["form"].initial["pay_on"].isoformat()
    return client.post(
        "/acme/manage/payouts/submit/", {"seen_digest": digest, "pay_on": pay_on, **data}
    )


def _only_run(world: World) -> PayoutRun:
    with tenant_scope(world.acme.id):
        return PayoutRun.objects.get()


def _run_last_job(world: World) -> Job:
    with tenant_scope(world.acme.id):
        job = Job.objects.latest("created_at")
    assert run_job(world.acme.id, job.id)
    with tenant_scope(world.acme.id):
        return Job.objects.get(id=job.id)


def test_a_run_from_preview_to_paid_and_stated(  # noqa: PLR0915  one story
    world: World,
    finance: Client,
    second: Client,
    payees: dict[str, Any],
    deliver: Callable[[], int],
) -> None:
    preview = finance.get("/acme/manage/payouts/new/").content.decode()
    assert "€4,210.00" in preview
    assert "No bank details." in preview
    assert "Submit 2 payments for approval" in preview
    answer = _submit(finance)
    run = _only_run(world)
    assert answer.headers["Location"] == f"/acme/manage/payouts/{run.id}/"
    own = finance.get(answer.headers["Location"]).content.decode()
    assert "Waiting for another person" in own
    assert "Approve 2 payouts" not in own

    deliver()
    with tenant_scope(world.acme.id):
        told = set(Notice.objects.filter(kind="run.waiting").values_list("user_id", flat=True))
    assert told == {world.second_finance.id, world.admin.id}

    page = second.get(f"/acme/manage/payouts/{run.id}/approve/")
    wrong = second.post(
        f"/acme/manage/payouts/{run.id}/approve/", {"digest": run.digest, "total_eur": "4,597.01"}
    )
    assert (page.status_code, wrong.status_code) == (200, 422)
    right = second.post(
        f"/acme/manage/payouts/{run.id}/approve/", {"digest": run.digest, "total_eur": "4,597.00"}
    )
    assert (right.status_code, _only_run(world).state) == (303, RunState.APPROVED)

    detail, export = f"/acme/manage/payouts/{run.id}/", f"/acme/manage/payouts/{run.id}/export/"
    assert "Make bank files" in finance.get(detail).content.decode()
    making = finance.post(export).headers["Location"]
    # Files that wait for a worker are not asked for again, by nobody.
    waits = second.get(detail).content.decode()
    assert second.post(export).headers["Location"] == making
    assert ("Make bank files" in waits, making in waits) == (False, True)
    assert _run_last_job(world).result == {"payments": 2, "files": 3}
    assert _only_run(world).state == RunState.EXPORTED
    sepa = finance.get(f"/acme/manage/payouts/{run.id}/files/sepa/")
    assert b"pain.001.001.09" in b"".join(sepa.streaming_content)  # type: ignore[attr-defined]
    with tenant_scope(world.acme.id):
        assert Event.objects.get(name="payout_run.file_downloaded").payload == {"file": "sepa"}

    asked = finance.get(f"/acme/manage/payouts/{run.id}/settle/").content.decode()
    assert "2 payments are booked as paid by the bank." in asked
    assert "€4,597.00" in asked
    assert _only_run(world).state == RunState.EXPORTED
    finance.post(f"/acme/manage/payouts/{run.id}/settle/")
    assert _only_run(world).state == RunState.SETTLED
    finance.post(f"/acme/manage/payouts/{run.id}/statements/")
    job = _run_last_job(world)
    with tenant_scope(world.acme.id), open_private(job.file) as file:
        names = sorted(zipfile.ZipFile(io.BytesIO(file.read())).namelist())
        numbers = sorted(Statement.objects.values_list("number", flat=True))
        assert (
            list(Statement.objects.order_by("closing_minor").values_list("closing_minor", "run_id"))
            == [(0, run.id)] * 2
        )
    papers = [f"{number}.{kind}" for number in numbers for kind in ("csv", "pdf")]
    assert names == sorted([*papers, f"{run.number}-contents.csv"])
    assert job.result == {"statements": 2, "without_statement": 0}
    assert job.file_name == "PR-" + run.number.removeprefix("PR-") + "-statements.zip"

    deliver()
    with tenant_scope(world.acme.id):
        kinds = set(Mail.objects.filter(user_id=payees["admin"]).values_list("kind", flat=True))
        ready = Mail.objects.get(kind="statement.ready", user_id=payees["admin"])
    assert kinds == {"payout.details_changed", "payout.exported", "statement.ready"}
    assert "Earned: €4,210.00. Closing balance: €0.00." in ready.text

    partner = _client(User.objects.get(id=payees["admin"]))
    with tenant_scope(world.acme.id):
        mine = Statement.objects.get(partner_id=payees["rich"])
        theirs = Statement.objects.get(partner_id=payees["poor"])
    assert mine.number in partner.get("/acme/statements/").content.decode()
    stored = private_path(stored_name(mine))
    kept = stored.rename(stored.with_suffix(".kept"))
    waiting = partner.get(f"/acme/statements/{mine.id}/pdf/")
    assert (waiting.status_code, waiting.headers["Refresh"]) == (202, "2")
    assert "The PDF is being made" in partner.get(f"/acme/statements/{mine.id}/").content.decode()
    kept.rename(stored)
    sheet = partner.get(f"/acme/statements/{mine.id}/").content.decode()
    assert "€4,210.00" in sheet
    pdf = b"".join(partner.get(f"/acme/statements/{mine.id}/pdf/").streaming_content)  # type: ignore[attr-defined]
    assert "€4,210.00" in PdfReader(io.BytesIO(pdf)).pages[0].extract_text()
    for path in ("", "pdf/", "csv/", "xlsx/"):
        assert partner.get(f"/acme/statements/{theirs.id}/{path}").status_code == 404


def test_statements_of_a_run_go_on_after_a_kill(
    world: World,
    finance: Client,
    second: Client,
    payees: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _submit(finance)
    run = _only_run(world)
    second.post(
        f"/acme/manage/payouts/{run.id}/approve/", {"digest": run.digest, "total_eur": "4597"}
    )
    finance.post(f"/acme/manage/payouts/{run.id}/export/")
    _run_last_job(world)
    finance.post(f"/acme/manage/payouts/{run.id}/statements/")
    from commissions.payouts import jobs

    made: list[str] = []

    def dies_at_the_second(*args: Any) -> None:
        made.append("")
        if len(made) == 2:
            raise KeyboardInterrupt
        whole(*args)

    whole = jobs._pack
    monkeypatch.setattr(jobs, "_pack", dies_at_the_second)
    with tenant_scope(world.acme.id):
        job = Job.objects.latest("created_at")
    with pytest.raises(KeyboardInterrupt):
        run_job(world.acme.id, job.id)
    with tenant_scope(world.acme.id):
        Job.objects.filter(id=job.id).update(leased_until=None)

    done = _run_last_job(world)

    assert done.result == {"statements": 2, "without_statement": 0, "resumed": 1}
    with tenant_scope(world.acme.id):
        assert Statement.objects.count() == 2


def test_a_ticked_partner_is_left_out(
    world: World, finance: Client, payees: dict[str, Any]
) -> None:
    _submit(finance, leave_out=str(payees["poor"]))

    with tenant_scope(world.acme.id):
        assert [row.partner_id for row in Payout.objects.all()] == [payees["rich"]]
    page = finance.get(f"/acme/manage/payouts/{_only_run(world).id}/").content.decode()
    assert "Left out by you" in page


def test_a_stale_preview_answers_409_with_the_new_list(
    world: World, finance: Client, payees: dict[str, Any]
) -> None:
    page = finance.get("/acme/manage/payouts/new/")
    with tenant_scope(world.acme.id):
        payable(payees["poor"], 100, at=NOW)

    answer = finance.post(
        "/acme/manage/payouts/submit/",
        {
            "seen_digest": page.context["page"].digest,
            "pay_on": page.context["form"].initial["pay_on"].isoformat(),
        },
    )

    assert answer.status_code == 409
    assert "€388.00" in answer.content.decode()
    with tenant_scope(world.acme.id):
        assert not PayoutRun.objects.exists()


def test_the_second_person_to_submit_is_told_who_was_first(
    world: World,
    finance: Client,
    second: Client,
    payees: dict[str, Any],
) -> None:
    page = second.get("/acme/manage/payouts/new/")
    form = {
        "seen_digest": page.context["page"].digest,
        "pay_on": page.context["form"].initial["pay_on"].isoformat(),
    }
    _submit(finance)

    answer = second.post("/acme/manage/payouts/submit/", form, follow=True)

    assert "Fay Finance has already prepared" in answer.content.decode()
    assert "Approve 2 payouts" in answer.content.decode()


def test_a_returned_payment_is_told_and_payable_again(
    world: World,
    finance: Client,
    second: Client,
    payees: dict[str, Any],
    deliver: Callable[[], int],
) -> None:
    _submit(finance)
    run = _only_run(world)
    second.post(
        f"/acme/manage/payouts/{run.id}/approve/", {"digest": run.digest, "total_eur": "4597"}
    )
    finance.post(f"/acme/manage/payouts/{run.id}/export/")
    _run_last_job(world)
    with tenant_scope(world.acme.id):
        payout = Payout.objects.get(partner_id=payees["rich"])

    empty = finance.post(f"/acme/manage/payouts/payments/{payout.id}/return/", {"reason": ""})
    finance.post(
        f"/acme/manage/payouts/payments/{payout.id}/return/",
        {"reason": "Account closed", "cause": "closed"},
    )
    finance.post(f"/acme/manage/payouts/payments/{payout.id}/settle/")
    deliver()

    assert empty.status_code == 422
    with tenant_scope(world.acme.id):
        assert Payout.objects.get(id=payout.id).state == PayoutState.RETURNED
        mail = Mail.objects.get(kind="payout.returned", user_id=payees["admin"])
    assert "The reason: Account closed" in mail.text
    assert (
        "came back from this account: Account closed."
        in finance.get("/acme/manage/payouts/new/").content.decode()
    )
    partner = _client(User.objects.get(id=payees["admin"]))
    assert "Account closed" in partner.get(f"/acme/payouts/{payout.id}/").content.decode()


def test_sending_back_needs_a_reason_and_tells_the_preparer(
    world: World,
    finance: Client,
    second: Client,
    payees: dict[str, Any],
    deliver: Callable[[], int],
) -> None:
    _submit(finance)
    run = _only_run(world)

    assert (
        second.post(f"/acme/manage/payouts/{run.id}/send-back/", {"reason": " "}).status_code == 422
    )
    second.post(f"/acme/manage/payouts/{run.id}/send-back/", {"reason": "Wrong month"})
    deliver()

    assert _only_run(world).state == RunState.CANCELLED
    with tenant_scope(world.acme.id):
        assert Notice.objects.get(kind="run.cancelled").facts["reason"] == "Wrong month"


def test_issuing_for_everybody_is_a_job(
    world: World, finance: Client, payees: dict[str, Any], at: datetime
) -> None:
    page = finance.get("/acme/manage/statements/issue/")
    assert "3 statements are due" in page.content.decode()
    future = finance.post("/acme/manage/statements/issue/", {"until_on": "2999-01-01"})
    assert future.status_code == 422

    finance.post(
        "/acme/manage/statements/issue/",
        {"until_on": page.context["form"].initial["until_on"].isoformat()},
    )

    assert _run_last_job(world).result == {"issued": 3}
    body = finance.get("/acme/manage/statements/?q=brightwater").content.decode()
    assert "Brightwater" in body
    assert "Cobalt" not in body
    body = finance.get(f"/acme/manage/statements/?partner={payees['none']}").content.decode()
    assert "Remove filter: Partner: Cobalt" in body
    assert "Brightwater" not in body
    assert "Brightwater" in finance.get("/acme/manage/statements/?partner=1").content.decode()


def test_pages_cost_the_same_with_more_rows(
    world: World, finance: Client, payees: dict[str, Any]
) -> None:
    _submit(finance)
    run = _only_run(world)
    pages = [f"/acme/manage/payouts/{run.id}/", "/acme/manage/payouts/", "/acme/manage/statements/"]

    def counts() -> list[int]:
        found = []
        for page in pages:
            with CaptureQueriesContext(connection) as queries:
                assert finance.get(page).status_code == 200
            found.append(len(queries))
        return found

    few = counts()
    with tenant_scope(world.acme.id):
        cancel_run(run_id=run.id, reason="More", actor=Actor(world.finance.id), at=NOW)
        for name in "ABCDEFGH":
            a_payee(f"Partner {name}", 10_000, at=NOW, number=IBAN_GERMANY)
        today = NOW.date() + timedelta(days=1)
        for partner_id, currency in due_for_statement(until_on=today):
            issue_statement(
                partner_id=partner_id, currency=currency, until_on=today, actor=SYSTEM, at=NOW
            )
    _submit(finance)
    with tenant_scope(world.acme.id):
        newest = PayoutRun.objects.get(state=RunState.PREPARED)
    pages[0] = f"/acme/manage/payouts/{newest.id}/"

    assert counts() == few
