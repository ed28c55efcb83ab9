"""A partner says how it is taxed and invoices what is ready; finance compares to the cent, and sets VAT up."""

from datetime import UTC, datetime
from decimal import Decimal

from django.test import Client

from commissions.payouts.selectors import preview_run
from commissions.vat.models import PartnerInvoice, SelfBilling, VatRate, VatSettings, VatStatus
from commissions.vat.selectors import vat_settings
from prm.accounts.capabilities import Role
from prm.tenancy.scope import tenant_scope
from tests.builders.payouts import a_payee, payable
from tests.builders.people import PASSWORD, a_member
from tests.builders.uploads import PDF, brought
from tests.builders.vat import VAT_IT, a_vat_partner, a_vat_vendor
from tests.conftest import World

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)


def _page(client: Client, path: str) -> str:
    return client.get(path).content.decode()


def test_a_vat_number_counts_once_finance_confirmed_it(world: World) -> None:
    with tenant_scope(world.acme.id):
        partner = a_payee("Ferrante", 100_000, at=NOW)
        a_vat_vendor(at=NOW)
        type(partner).objects.filter(id=partner.id).update(country="IT")
        person = {"partner_id": partner.id, "partner_name": "Ferrante"}
        boss = a_member(world.acme, Role.PARTNER_ADMIN, "boss@ferrante.example", **person)
    giulia, finance = Client(), Client()
    giulia.force_login(boss)
    finance.force_login(world.finance)
    assert "Say how you are taxed" in _page(giulia, "/acme/tax/")
    said = {"kind": "registered", "number": "IT123"}
    for page in ("vat/", "self-billing/"):
        assert "reauthenticate" in giulia.post(f"/acme/tax/{page}", said).headers["Location"]
    giulia.post("/acme/accounts/reauthenticate/", {"password": PASSWORD})
    assert giulia.post("/acme/tax/vat/", said).status_code == 422
    giulia.post("/acme/tax/vat/", {**said, "number": "0074 3110 157"})
    # Nobody is asked for an invoice, nor paid, before finance looked the number up.
    assert "Payouts wait until it is confirmed" in _page(giulia, "/acme/tax/")
    with tenant_scope(world.acme.id):
        (held,) = preview_run(at=NOW).left_out
        assert (held.reason, held.amount_minor) == ("vat", 100_000)
        said_id = VatStatus.objects.get().id
    check = f"/acme/manage/tax/numbers/{said_id}/"
    assert "Ferrante" in _page(finance, "/acme/manage/tax/numbers/")
    assert "reauthenticate" in finance.post(check, {"do": "confirm"}).headers["Location"]
    finance.post("/acme/accounts/reauthenticate/", {"password": PASSWORD})
    assert VAT_IT in _page(finance, check)
    assert finance.post(check, {"do": "refuse"}).status_code == 422
    finance.post(check, {"do": "refuse", "note": "Not in the register"})
    assert "Not in the register" in _page(giulia, "/acme/tax/")
    giulia.post("/acme/tax/vat/", {**said, "number": "0074 3110 157"})
    assert finance.post(check, {"do": "confirm"}).status_code == 404
    with tenant_scope(world.acme.id):
        said_id = VatStatus.objects.get(replaced_at=None).id
    finance.post(f"/acme/manage/tax/numbers/{said_id}/", {"do": "confirm"})
    assert "No VAT number waits" in _page(finance, "/acme/manage/tax/numbers/")
    assert "€1,220.00 to invoice" in _page(giulia, "/acme/tax/")


def test_an_invoice_is_compared_to_the_cent(world: World) -> None:
    with tenant_scope(world.acme.id):
        partner = a_payee("Ferrante", 100_000, at=NOW)
        a_vat_vendor(at=NOW, wants_invoice=True)
        a_vat_partner(partner, at=NOW)
        person = {"partner_id": partner.id, "partner_name": "Ferrante"}
        boss = a_member(world.acme, Role.PARTNER_ADMIN, "boss@ferrante.example", **person)
    giulia, finance = Client(), Client()
    giulia.force_login(boss)
    finance.force_login(world.finance)
    for page in ("vat/", "self-billing/"):
        assert "reauthenticate" in giulia.post(f"/acme/tax/{page}").headers["Location"]
    giulia.post("/acme/accounts/reauthenticate/", {"password": PASSWORD})
    assert "€1,220.00 to invoice" in _page(giulia, "/acme/tax/")

    form = giulia.get("/acme/tax/invoices/new/EUR/")
    upto = form.context["form"].initial["upto"]
    sent = {"number": "2026/7", "invoiced_on": "2026-01-05", "upto": upto, "net": "1,000.00"}

    def send(vat: str) -> int:
        file = brought(PDF, "invoice.pdf", "application/pdf")
        values = {**sent, "net_currency": "EUR", "vat": vat, "vat_currency": "EUR", "file": file}
        return giulia.post("/acme/tax/invoices/new/EUR/", values).status_code

    assert send("219.99") == 422
    assert send("220.00") == 303
    with tenant_scope(world.acme.id):
        invoice = PartnerInvoice.objects.get()
        number = VatStatus.objects.get(replaced_at=None).number
        payable(partner.id, -100, at=NOW)
    assert VAT_IT not in number
    check = f"/acme/manage/tax/invoices/{invoice.id}/"
    refused = finance.post(check, {"do": "approve"})
    assert refused.status_code == 422
    assert "It does not say what is ready to be paid" in refused.content.decode()
    # What was taken back is earned anew: the balance is what the invoice says again.
    with tenant_scope(world.acme.id):
        payable(partner.id, 100, at=NOW)
    assert finance.post(check, {"do": "refuse"}).status_code == 422
    finance.post(check, {"do": "approve"})
    assert "Approved" in _page(giulia, f"/acme/tax/invoices/{invoice.id}/")
    giulia.post("/acme/tax/self-billing/", {"do": "agree"})
    with tenant_scope(world.acme.id):
        agreed = SelfBilling.objects.get()
        assert (agreed.agreed_by_id, "in our name" in agreed.text) == (boss.id, True)


def test_who_looks_as_a_partner_sees_its_forms_without_its_number(world: World) -> None:
    with tenant_scope(world.acme.id):
        partner = a_payee("Ferrante", 100_000, at=NOW)
        a_vat_vendor(at=NOW)
        a_vat_partner(partner, at=NOW)
    client = Client()
    client.force_login(world.admin)
    client.post(f"/acme/manage/partners/{partner.id}/view/", {"reason": "They asked for help"})

    pages = {path: client.get(f"/acme/tax/{path}/") for path in ("vat", "self-billing", "vat_id")}

    assert {path: page.status_code for path, page in pages.items()} == dict.fromkeys(pages, 200)
    assert "How you are taxed" in pages["vat"].text
    assert VAT_IT not in pages["vat"].text
    assert client.post("/acme/tax/vat/", {"kind": "person"}).status_code == 403


def test_vat_begins_only_with_the_rate_of_the_own_country(world: World) -> None:
    with tenant_scope(world.acme.id):
        type(world.acme).objects.filter(id=world.acme.id).update(country="IT")
    finance = Client()
    finance.force_login(world.finance)
    page = "/acme/manage/tax/vat/"
    values = {"starts_on": "2026-02-01", "vat_id": VAT_IT, "begins": "ab", "wants_status": "on"}
    refused = finance.post(page, values)
    assert refused.status_code == 422
    assert "Add the rate of your own country" in refused.content.decode()
    rate = {"country": "IT", "rate": "22", "from_on": "2026-01-01", "source": "DPR 633/72"}
    finance.post(f"{page}rates/new/", rate)

    assert finance.post(page, values).status_code == 303
    finance.post(f"{page}words/", {"reverse_en": "Reverse charge", "reverse_it": "Inversione"})

    with tenant_scope(world.acme.id):
        row = vat_settings()
        assert VatSettings.objects.count() == VatRate.objects.count() == 1
        assert VatRate.objects.get().rate == Decimal("0.22")
        assert (row.prefix, row.wants_status, row.offers_self_billing) == ("AB", True, False)
        assert row.words["reverse"] == {"en": "Reverse charge", "it": "Inversione"}
