"""Who hears of a write-off."""

from datetime import datetime

from commissions.adjustments.services import approve_write_off, ask_write_off
from prm.accounts.capabilities import Role
from prm.events.relay import relay_tenant
from prm.events.services import Actor
from prm.money import Money
from prm.notices.models import Mail
from prm.tenancy.scope import tenant_scope
from tests.builders.partners import a_partner
from tests.builders.payouts import payable
from tests.builders.people import a_member, a_tenant


def test_the_approver_the_asker_and_the_partner_are_told(real_database: str, at: datetime) -> None:
    tenant = a_tenant("telling")
    asking, deciding = (
        Actor(a_member(tenant, Role.FINANCE, f"{name}@telling.example").id)
        for name in ("asking", "deciding")
    )
    with tenant_scope(tenant.id):
        partner = a_partner()
        a_member(tenant, Role.PARTNER_ADMIN, "partner@telling.example", partner_id=partner.id)
        payable(partner.id, -8_000, at=at)
        wish = ask_write_off(
            partner_id=partner.id, amount=Money(500, "EUR"), reason="Gone", actor=asking, at=at
        )
    relay_tenant(tenant.id)
    with tenant_scope(tenant.id):
        approve_write_off(write_off_id=wish.id, actor=deciding, at=at)
    relay_tenant(tenant.id)

    with tenant_scope(tenant.id):
        told = set(Mail.objects.values_list("to", "kind"))
        body = Mail.objects.get(kind="write_off.approved").text
    assert told == {
        ("deciding@telling.example", "write_off.asked"),
        ("partner@telling.example", "write_off.approved"),
    }
    assert "Gone" in body
