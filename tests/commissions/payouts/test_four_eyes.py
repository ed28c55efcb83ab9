"""Two people, one list: nobody approves what they prepared, nor another list, nor a total they did not read."""

import os
from datetime import datetime

import psycopg
import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.test import Client
from django.utils import translation

from commissions.ledger.models import Transfer
from commissions.payouts.forms import ApproveForm
from commissions.payouts.models import Payout, PayoutRun, RunState
from commissions.payouts.selectors import CurrencyTotal
from commissions.payouts.services import RunChanged, approve_run
from prm.accounts.capabilities import Role
from prm.accounts.models import Membership
from prm.events.services import Actor
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from tests.builders.partners import a_partner
from tests.builders.payouts import IBAN_GERMANY, a_payee, bank_details, payable, submitted_run
from tests.builders.people import PASSWORD, a_member
from tests.conftest import World, make_world


def test_a_second_place_of_the_same_person_is_no_second_person(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        partner = a_payee("Brightwater", 10_000, at=at)
        run = submitted_run(at=at, user_id=world.finance.id)
    a_member(
        world.acme,
        Role.PARTNER_ADMIN,
        world.finance.email,
        partner_id=partner.id,
        partner_name="Brightwater",
    )
    staff = Membership.objects.get(user=world.finance, partner_id=None)
    Membership.objects.filter(id=staff.id).update(roles=[Role.FINANCE, Role.PROGRAM_ADMIN])
    client = Client()
    client.force_login(world.finance)
    client.post("/acme/accounts/reauthenticate/", {"password": PASSWORD})
    answers = []
    for place in Membership.objects.filter(user=world.finance):
        client.post("/acme/memberships/choose/", {"membership": place.id})
        answer = client.post(
            f"/acme/manage/payouts/{run.id}/approve/", {"digest": run.digest, "total_eur": "100"}
        )
        answers.append(answer.status_code)

    assert answers
    assert set(answers) <= {302, 303, 403, 404, 409}
    assert 409 in answers or 403 in answers
    with tenant_scope(world.acme.id):
        assert PayoutRun.objects.get().state == RunState.PREPARED
        assert not Transfer.objects.filter(kind="payout").exists()
    with pytest.raises(IntegrityError), transaction.atomic():
        Membership.objects.create(
            tenant=world.acme, user=world.finance, partner_id=None, roles=[Role.PROGRAM_ADMIN]
        )


TAMPER = {
    "more money": "update commissions_payout set amount_minor = amount_minor + 1",
    "another account": "update commissions_payout set account_id = (select max(id) from commissions_payout_account)",
    "another partner": "update commissions_payout set partner_id = (select max(id::text)::uuid from partners_partner)",
    "a line less": "delete from commissions_payout_line where id = (select max(id) from commissions_payout_line)",
    "a line's amount": "update commissions_payout_line set amount_minor = amount_minor + 1",
    "a payment less": "delete from commissions_payout_line; delete from commissions_payout",
}


@pytest.mark.parametrize("tamper", TAMPER.values(), ids=TAMPER)
def test_the_application_may_not_alter_a_frozen_list(
    world: World, acme: Tenant, at: datetime, tamper: str
) -> None:
    a_payee("Brightwater", 10_000, at=at)
    submitted_run(at=at, user_id=world.finance.id)

    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(tamper)

    assert Payout.objects.get().amount_minor == 10_000


@pytest.mark.parametrize("tamper", TAMPER.values(), ids=TAMPER)
def test_a_list_altered_by_a_database_administrator_is_not_approved(
    real_database: str, at: datetime, tamper: str
) -> None:
    world = make_world()
    with tenant_scope(world.acme.id):
        partner = a_payee("Brightwater", 10_000, at=at)
        payable(partner.id, 500, at=at)
        other = a_partner(name="Alder")
        bank_details(other.id, at=at, number=IBAN_GERMANY)
        run = submitted_run(at=at, user_id=world.finance.id)
    with psycopg.connect(os.environ["DATABASE_ADMIN_URL"], dbname=real_database) as admin:
        admin.execute("set session_replication_role = replica")
        admin.execute(tamper.encode())

    with tenant_scope(world.acme.id), pytest.raises(RunChanged):
        approve_run(run_id=run.id, digest=run.digest, actor=Actor(world.second_finance.id), at=at)

    with tenant_scope(world.acme.id):
        assert not Transfer.objects.filter(kind="payout").exists()
        assert PayoutRun.objects.get().state == RunState.PREPARED


@pytest.mark.parametrize(
    ("language", "typed", "right"),
    [
        ("en", "4,597.00", True),
        ("en", "4597", True),
        ("en", "€4,597.00", True),
        ("en", "4.597,00", True),
        ("en", "4.597", True),
        ("en", "45.97", False),
        ("en", "4,597.01", False),
        ("en", "-4,597.00", False),
        ("it", "4.597,00", True),
        ("it", "4597,00", True),
        ("it", "4.597", True),
        ("it", "4 597,00 €", True),
        ("it", "4,597.00", True),
        ("it", "4,597", True),
        ("it", "45,97", False),
    ],
)
def test_the_total_is_typed_as_the_readers_language_writes_it(
    language: str, typed: str, *, right: bool
) -> None:
    totals = [CurrencyTotal("EUR", 459_700, 2)]
    with translation.override(language):
        form = ApproveForm({"digest": "0" * 64, "total_eur": typed}, totals=totals)

        assert form.is_valid() is right


def test_the_thief_of_a_session_does_not_approve(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        a_payee("Brightwater", 10_000, at=at)
        run = submitted_run(at=at, user_id=world.finance.id)
    client = Client()
    client.force_login(world.second_finance)
    page = f"/acme/manage/payouts/{run.id}/approve/"
    said = {"digest": run.digest, "total_eur": "100"}

    answers = [client.get(page), client.post(page, said)]

    assert all("reauthenticate" in row.headers["Location"] for row in answers)
    with tenant_scope(world.acme.id):
        assert PayoutRun.objects.get().state == RunState.PREPARED
    client.post("/acme/accounts/reauthenticate/", {"password": PASSWORD})
    client.post(page, said)
    with tenant_scope(world.acme.id):
        assert PayoutRun.objects.get().state == RunState.APPROVED
