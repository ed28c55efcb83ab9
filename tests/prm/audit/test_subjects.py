"""The audit trail names what its events speak of, and links to it."""

from datetime import datetime

import pytest

from commissions.payouts.models import Payout
from commissions.statements.services import issue_statement
from prm.audit.subjects import named_subjects
from prm.events.services import SYSTEM
from prm.tenancy.models import Tenant
from referrals.revenue.models import RevenueEvent
from tests.builders.commissions import a_won_deal
from tests.builders.payouts import a_payee, submitted_run
from tests.builders.referrals import a_program
from tests.builders.revenue import an_import


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

    subjects = {
        f"revenue:{sale.id}": "Sparrow €1,000.00",
        f"payout_run:{run.id}": run.number,
        f"payout:{payout.id}": f"{run.number} Brightwater Money",
        f"statement:{statement.id}": f"{statement.number} Brightwater Money",
        f"import:{source.id}": source.file_name,
    }
    named = named_subjects([*subjects, "payout_run:0190a0a0-0000-7000-8000-000000000001"])

    assert {subject: name.label for subject, name in named.items()} == subjects
    assert all(name.url for name in named.values())
