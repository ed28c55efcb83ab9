"""Papers on screen show the logo that they were issued with, as their PDFs do, whatever the vendor shows today."""

import base64

import pytest
from django.test import Client

from commissions.statements.services import issue_statement
from commissions.tax.certificates import issue_certificate
from commissions.vat.billing import issue_bills
from commissions.vat.models import SelfBill
from prm.events.services import SYSTEM
from prm.tenancy.scope import tenant_scope
from tests.builders.brands import PNG, brand_with
from tests.builders.payouts import NOON, bank_details, exported_run, payable
from tests.builders.referrals import a_partner
from tests.builders.vat import a_vat_partner, a_vat_vendor
from tests.conftest import World

LATER_LOGO = b"\x89PNG of another year"


@pytest.mark.parametrize("kept", [pytest.param(PNG, id="a logo"), pytest.param(b"", id="none")])
def test_a_paper_on_screen_keeps_its_logo(world: World, kept: bytes) -> None:
    brand_with(kept, "#0b6b75")
    with tenant_scope(world.acme.id):
        a_vat_vendor(at=NOON)
        partner = a_partner()
        bank_details(partner.id, at=NOON)
        payable(partner.id, 100_000, at=NOON)
        a_vat_partner(partner, at=NOON, bills=True)
        run = exported_run(at=NOON, approver_id=world.second_finance.id)
        issue_bills(run_id=run.id, at=NOON)
        bill = SelfBill.objects.get()
        certificate = issue_certificate(
            partner_id=partner.id, year=NOON.year, actor=SYSTEM, at=NOON
        )
        statement = issue_statement(
            partner_id=partner.id, currency="EUR", until_on=NOON.date(), actor=SYSTEM, at=NOON
        )
    brand_with(LATER_LOGO, "#0b6b75")
    finance = Client()
    finance.force_login(world.finance)

    for path in (
        f"tax/certificates/{certificate.id}/",
        f"tax/notes/{bill.id}/",
        f"statements/{statement.id}/",
    ):
        page = finance.get(f"/acme/{path}")
        assert page.status_code == 200, path
        logo = f"data:image/png;base64,{base64.b64encode(PNG).decode()}"
        assert (logo in page.text, "logo.png" in page.text) == (bool(kept), False), path
