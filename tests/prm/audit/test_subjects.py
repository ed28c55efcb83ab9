"""The audit trail names what its events speak of, and links to it."""

from datetime import datetime

import pytest

from commissions.payouts.models import Payout
from commissions.statements.services import issue_statement
from partners.directory.services import change_partner_state, edit_partner
from prm.accounts.capabilities import Role
from prm.accounts.models import Membership
from prm.accounts.services import change_membership
from prm.audit.selectors import audit_lines
from prm.audit.subjects import named_subjects
from prm.audit.values import value_words
from prm.events.models import Event
from prm.events.services import SYSTEM
from prm.jobs.models import Job
from prm.tenancy.models import Tenant
from referrals.revenue.models import RevenueEvent
from tests.builders.accounts import an_invitation
from tests.builders.commissions import a_won_deal, an_accrual
from tests.builders.partners import a_partner
from tests.builders.payouts import a_payee, submitted_run
from tests.builders.people import a_member
from tests.builders.referrals import a_program
from tests.builders.revenue import an_import
from tests.conftest import World


@pytest.mark.urls("prm.tenant_urls")
def test_money_and_imports_have_names(acme: Tenant, at: datetime) -> None:
    a_program()
    customer = a_won_deal(at, company="Sparrow")
    sale = RevenueEvent.objects.get(customer_id=customer.id)
    payee = a_payee("Brightwater Money", 10_000, at=at)
    run = submitted_run(at=at)
    payout = Payout.objects.get(run_id=run.id)
    statement = issue_statement(
        partner_id=payee.id, currency="EUR", until_on=at.date(), actor=SYSTEM, at=at
    )
    source = an_import("company\nKestrel\n", at)

    accrual = an_accrual(at)

    subjects = {
        f"revenue:{sale.id}": "Sparrow €1,000.00",
        f"payout_run:{run.id}": run.number,
        f"payout:{payout.id}": f"{run.number} Brightwater Money",
        f"statement:{statement.id}": f"{statement.number} Brightwater Money",
        f"import:{source.id}": source.file_name,
        f"accrual:{accrual.id}": f"€200.00 {accrual.partner.name}",
    }
    named = named_subjects([*subjects, "payout_run:0190a0a0-0000-7000-8000-000000000001"])

    assert {subject: name.label for subject, name in named.items()} == subjects
    assert all(name.url for name in named.values())


@pytest.mark.urls("prm.tenant_urls")
def test_people_invitations_and_jobs_have_names(world: World, acme: Tenant, at: datetime) -> None:
    partner = a_partner("Brightwater")
    rep = a_member(
        acme,
        Role.PARTNER_REP,
        "rep@x.example",
        name="Rita Rep",
        partner_id=partner.id,
        partner_name="Brightwater",
    )
    place = Membership.objects.get(user=rep)
    elsewhere = Membership.objects.get(user=world.stranger)
    invitation = an_invitation(email="new@x.example")
    job = Job.objects.create(kind="audit.export")

    named = named_subjects(
        [
            f"membership:{place.id}",
            f"membership:{elsewhere.id}",
            f"invitation:{invitation.id}",
            f"job:{job.id}",
            f"tenant:{acme.id}",
            f"tenant:{world.globex.id}",
            "membership:1 or 1",
        ]
    )

    assert {subject: name.label for subject, name in named.items()} == {
        f"membership:{place.id}": "Rita Rep, of Brightwater",
        f"invitation:{invitation.id}": "new@x.example",
        f"job:{job.id}": "Export the audit trail",
        f"tenant:{acme.id}": "Acme",
    }
    assert named[f"job:{job.id}"].url == f"/jobs/{job.id}/"


@pytest.mark.urls("prm.tenant_urls")
def test_changed_values_are_said_in_words(acme: Tenant, at: datetime) -> None:
    partner = a_partner("Brightwater", type="isv")
    boss = a_member(acme, Role.PARTNER_ADMIN, "boss@x.example", partner_id=partner.id)
    change_membership(
        membership_id=Membership.objects.get(user=boss).id,
        tenant_id=acme.id,
        partner_id=partner.id,
        sees_earnings=True,
        actor=SYSTEM,
        at=at,
    )
    change_partner_state(partner_id=partner.id, state="ended", reason="Over", actor=SYSTEM, at=at)
    edit_partner(partner_id=partner.id, type="agency", actor=SYSTEM, at=at)

    lines = audit_lines(list(Event.objects.order_by("id")))

    assert [(c.field, c.before, c.after) for line in lines for c in line.changes] == [
        ("sees earnings", "no", "yes"),
        ("state", "Active", "Ended"),
        ("reason", "", "Over"),
        ("roles", "Partner admin", ""),
        ("type", "Software vendor", "Agency"),
    ]


def test_lists_have_no_brackets() -> None:
    assert value_words("membership", "roles", ["finance", "program_admin"]) == (
        "Finance, Program admin"
    )
    assert (
        value_words("program", "custom_fields", [{"label": "Seats?", "key": "seats"}]) == "Seats?"
    )
    assert value_words("program", "added", [[1, 2], [2, 3]]) == "2 moves"
