"""Beside the refund form stands what a full refund takes back, and it does."""

from datetime import datetime, timedelta

from django.test import Client

from commissions.accruals.services import claw_back_refund, release_due
from prm.accounts.models import User
from prm.events.services import SYSTEM
from prm.money import Money
from prm.tenancy.scope import tenant_scope
from referrals.revenue.services import record_refund
from tests.builders.commissions import an_accrual
from tests.conftest import World


def refund_page(user: User, payment_id: object) -> str:
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    response = client.get(f"/acme/manage/revenue/{payment_id}/refund/")
    assert response.status_code == 200
    html = response.content.decode()
    return " ".join(html[html.index('id="back-h"') :].partition("</section>")[0].split())


def test_it_shows_what_is_left_of_each_commission_on_the_payment(
    world: World, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        accrual = an_accrual(at)
        an_accrual(at, company="Sparrow", deal_minor=700_000)

    html = refund_page(world.finance, accrual.revenue_event_id)

    assert "Brightwater" in html
    assert "€200.00" in html
    assert "still on hold" in html
    assert "€1,400.00" not in html

    with tenant_scope(world.acme.id):
        release_due(until=at + timedelta(days=400), at=at + timedelta(days=400))
        assert accrual.revenue_event_id
        refund = record_refund(
            external_id="half",
            kind="refund",
            refunds_id=accrual.revenue_event_id,
            amount=Money(50_000, "EUR"),
            booked_at=at,
            source="form",
            actor=SYSTEM,
            at=at,
        )
        claw_back_refund(refund_id=refund.id, actor=SYSTEM, at=at)

    half = refund_page(world.finance, accrual.revenue_event_id)

    assert "€100.00" in half
    assert "off their next payouts" in half
