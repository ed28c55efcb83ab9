"""Partners are reminded of tax forms: missing, ending in 60, 30 and 7 days, ended; each once, by the vendor's days."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from commissions.tax.lacking import lacking_forms
from commissions.tax.reminding import remind
from commissions.tax.rules import reminder_of
from commissions.tax.selectors import tax_block
from commissions.tax.services import add_requirement, approve_form
from prm.accounts.capabilities import Role
from prm.events.services import SYSTEM
from prm.notices.models import Mail, Notice
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from tests.builders.payouts import a_payee
from tests.builders.people import a_member
from tests.builders.tax import a_form
from tests.conftest import World


@pytest.mark.parametrize(
    ("state", "left", "waited", "reminder"),
    [
        ("expiring", 61, 0, ""),
        ("expiring", 60, 0, "ends-60"),
        ("expiring", 31, 0, "ends-60"),
        ("expiring", 30, 0, "ends-30"),
        ("expiring", 8, 0, "ends-30"),
        ("expiring", 7, 0, "ends-7"),
        ("expiring", 0, 0, "ends-7"),
        ("expired", -1, 0, "ended"),
        ("missing", None, 0, "missing-0"),
        ("missing", None, 13, ""),
        ("missing", None, 14, "missing-14"),
        ("missing", None, 30, "missing-30"),
        ("missing", None, 400, ""),
        ("received", None, 0, ""),
    ],
)
def test_a_reminder_has_its_day(state: str, left: int | None, waited: int, reminder: str) -> None:
    assert reminder_of(state, days_left=left, days_waited=waited) == reminder


def test_a_form_is_asked_for_told_of_before_it_ends_and_then_closes_the_gate(
    world: World, acme: Tenant, at: datetime
) -> None:
    partner = a_payee("Brightwater", 10_000, at=at)
    boss = a_member(
        acme,
        Role.PARTNER_ADMIN,
        "boss@brightwater.example",
        partner_id=partner.id,
        partner_name="B",
    )
    type(partner).objects.filter(id=partner.id).update(created_at=at)
    add_requirement(country="", partner_type="", form="w9", actor=SYSTEM, at=at)

    def told(days: int) -> list[str]:
        for _again in range(2):
            remind(at=at + timedelta(days=days))
        return list(Notice.objects.order_by("id").values_list("key", flat=True))

    assert len(told(0)) == 1
    assert len(told(3)) == 1
    form = a_form(partner.id, at=at)
    assert len(told(14)) == 1
    # In Amsterdam the last day is 17 January.
    last = at.date() + timedelta(days=60)
    approve_form(form_id=form.id, valid_until=last, actor=SYSTEM, at=at)
    counts = [len(told(day)) for day in (0, 1, 30, 31, 53, 60, 61, 62)]
    assert counts == [2, 2, 3, 3, 4, 4, 5, 5]
    assert Mail.objects.filter(to=boss.email).count() == 5
    midnight = datetime(last.year, last.month, last.day, 22, 59, tzinfo=UTC)
    assert tax_block(partner.id, midnight) is None
    assert tax_block(partner.id, midnight + timedelta(minutes=1)) == "expired"
    assert [row.state for row in lacking_forms(at=midnight + timedelta(minutes=1))] == ["expired"]


def test_finance_reminds_all_of_them_at_most_once_a_day(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        partner = a_payee("Brightwater", 10_000, at=at)
        a_member(
            world.acme,
            Role.PARTNER_ADMIN,
            "boss@brightwater.example",
            partner_id=partner.id,
            partner_name="B",
        )
        add_requirement(country="", partner_type="", form="w9", actor=SYSTEM, at=at)
    finance = Client()
    finance.force_login(world.finance)
    assert "Brightwater" in finance.get("/acme/manage/tax/missing/").content.decode()

    for _again in range(2):
        answer = finance.post("/acme/manage/tax/missing/remind/", follow=True)

    assert "Reminded of 1 form" in answer.content.decode()
    with tenant_scope(world.acme.id):
        assert Notice.objects.filter(kind="tax.form_wanted").count() == 1
