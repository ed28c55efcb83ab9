"""What plans look at beside the amount is entered where a sale is booked: winning a referral, or by a file."""

from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from django.test import Client

from commissions.accruals.models import Accrual
from commissions.accruals.services import accrue_for_events
from commissions.plans.services import RuleTerms
from commissions.plans.terms import Condition, Group, Policy, Terms
from prm.events.services import SYSTEM
from prm.tenancy.scope import tenant_scope
from prm.web.spreadsheets import make_plain
from referrals.revenue.models import Customer, RevenueEvent
from referrals.revenue.uploads import outcomes, reading_of, write_results
from tests.builders.referrals import a_referral
from tests.builders.refined import a_refined_plan
from tests.conftest import World

ROWS = """reference,kind,customer,amount,booked_on,tax,Segment
P-1,renewal,{customer},100.00,2026-11-02,20.00,Retail
P-2,renewal,{customer},100.00,2026-11-03,,Health
"""


def test_a_plan_on_net_amounts_and_an_own_field_is_paid_by_what_was_entered(
    world: World, at: datetime, tmp_path: Path
) -> None:
    with tenant_scope(world.acme.id):
        retail = Condition("metadata", values=("retail",), key="Segment")
        a_refined_plan(
            RuleTerms(
                "revenue",
                "percent",
                rate=Decimal("0.1"),
                scope="lifetime",
                terms=Terms(groups=(Group((retail,)),)),
            ),
            policy=Policy(base="net"),
        )
        referral = a_referral(at - timedelta(days=20), stage="accepted")
    client = Client()
    client.force_login(world.manager, backend="allauth.account.auth_backends.AuthenticationBackend")
    page = f"/acme/manage/referrals/{referral.id}/win/"
    asked = client.get(page)
    assert "Segment" in asked.content.decode()
    given = {"deal": "1200.00", "tax": "1200.00", "named_0": "Retail", "product": "Payroll"}
    refused = client.post(page, given)
    assert refused.status_code == 422
    assert "Tax and discount together must be less" in refused.content.decode()
    assert 'value="Retail"' in refused.content.decode()

    assert client.post(page, {**given, "tax": "200.00"}).status_code == 303

    file = tmp_path / "revenue.csv"
    with tenant_scope(world.acme.id):
        sale = RevenueEvent.objects.get()
        assert (sale.tax_minor, sale.product, sale.metadata) == (
            20_000,
            "Payroll",
            {"Segment": "Retail"},
        )
        customer = Customer.objects.select_related("referral").get()
        (tmp_path / "sent.csv").write_text(ROWS.format(customer=customer.referral.number))
        make_plain(tmp_path / "sent.csv", file)
        reading = reading_of(file, ZoneInfo("UTC"), "EUR")
        found = list(outcomes(file, reading, actor=SYSTEM, at=at + timedelta(days=30)))
        assert [one.result for one in found] == ["recorded", "recorded"], found
        write_results(tmp_path / "result.csv", found)
        heading, first, _second = (tmp_path / "result.csv").read_text().splitlines()
        assert heading.endswith("invoice_reference,Segment,result,reason")
        assert first.endswith(",Retail,Recorded,")
        ids = list(RevenueEvent.objects.values_list("id", flat=True))
        accrue_for_events(revenue_event_ids=ids, actor=SYSTEM, at=at + timedelta(days=30))
        amounts = Accrual.objects.order_by("earned_at").values_list("amount_minor", flat=True)
        # A tenth of 1,000.00 and of 80.00; the payment of another segment earns nothing.
        assert sorted(amounts) == [800, 10_000]
