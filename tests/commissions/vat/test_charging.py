"""VAT is paid on top of a payment, to the cent, once, and never counted as commission."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection

from commissions.ledger.models import AccountKind, Balance
from commissions.ledger.selectors import balances_of
from commissions.ledger.services import account_of
from commissions.payouts.models import Payout, PayoutExclusion
from commissions.payouts.selectors import preview_run
from commissions.payouts.services import NothingToPay, cancel_run, return_payout, settle_all
from commissions.tax.models import Withholding
from commissions.tax.years import year_totals_of
from commissions.vat.gate import proposals_for
from commissions.vat.invoicing import (
    AmountsDiffer,
    InvoiceDecided,
    InvoiceExists,
    approve_invoice,
    refuse_invoice,
    withdraw_invoice,
)
from commissions.vat.models import PartnerInvoice, VatCharge
from commissions.vat.services import end_self_billing
from commissions.verification import faults
from partners.directory.merging import merge_partners
from prm.events.services import SYSTEM, Actor
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from tests.builders.payouts import a_payee, exported_run, payable, submitted_run
from tests.builders.tax import withheld_on_half
from tests.builders.vat import a_vat_partner, a_vat_vendor, an_invoice
from tests.conftest import World, make_world

DAY = timedelta(days=1)
# Rewards of these tests are posted without accruals, which one check of the books misses.
KNOWN = {"every movement has its reason"}


def _input_vat() -> int:
    account = account_of(AccountKind.INPUT_VAT, "EUR")
    row = Balance.objects.filter(id=account.id).first()
    return row.debits_minor - row.credits_minor if row else 0


def _wrong() -> list[str]:
    return [str(row) for row in faults() if row.check not in KNOWN]


def _run(world: World, at: datetime) -> Payout:
    run = exported_run(at=at, user_id=world.finance.id, approver_id=world.second_finance.id)
    return Payout.objects.get(run=run)


def test_net_and_vat_are_paid_and_tax_is_withheld_of_the_net(
    world: World, acme: Tenant, at: datetime
) -> None:
    partner = a_payee("Ferrante", 100_050, at=at)
    a_vat_vendor(at=at)
    a_vat_partner(partner, at=at, bills=True)
    withheld_on_half(at)
    # 22 % of 1,000.50 is 220.11; 23 % of the half of it 115.0575.
    assert [row.amount_minor for row in preview_run(at=at).paid] == [100_050 + 22_011 - 11_506]
    assert not VatCharge.objects.exists()

    payout = _run(world, at)

    assert (payout.amount_minor, _input_vat()) == (110_555, 22_011)
    charge = VatCharge.objects.get()
    assert (charge.payout_id, charge.base_minor, charge.rate) == (
        payout.id,
        100_050,
        Decimal("0.22"),
    )
    assert _wrong() == []
    return_payout(payout_id=payout.id, reason="Closed", actor=SYSTEM, at=at)
    assert balances_of(partner.id, "EUR").payable == 110_555
    payable(partner.id, 10_000, at=at)
    again = exported_run(at=at, user_id=world.finance.id, approver_id=world.second_finance.id)
    settle_all(run_id=again.id, actor=SYSTEM, at=at)

    # What came back is paid as it was; only what is new is taxed.
    assert Payout.objects.get(run=again).amount_minor == 110_555 + 10_000 + 2_200 - 1_150
    assert (_input_vat(), balances_of(partner.id, "EUR").owed) == (24_211, 0)
    assert _wrong() == []
    (year,) = year_totals_of(at.year)
    assert (year.gross_minor, year.vat_minor, year.withheld_minor) == (110_050, 24_211, 12_656)


def test_a_run_that_is_sent_back_takes_its_vat_back(
    world: World, acme: Tenant, at: datetime
) -> None:
    partner = a_payee("Ferrante", 100_000, at=at)
    a_vat_vendor(at=at)
    a_vat_partner(partner, at=at, bills=True)
    run = submitted_run(at=at, user_id=world.finance.id)
    assert balances_of(partner.id, "EUR").payable == 122_000

    for _again in range(2):
        cancel_run(run_id=run.id, reason="Wait", actor=Actor(world.finance.id), at=at)

    assert (balances_of(partner.id, "EUR").payable, _input_vat()) == (100_000, 0)
    assert year_totals_of(at.year) == []
    assert _run(world, at).amount_minor == 122_000
    assert _wrong() == []


def test_more_taken_back_than_is_new_is_a_credit_note(
    world: World, acme: Tenant, at: datetime
) -> None:
    partner = a_payee("Ferrante", 100_000, at=at)
    a_vat_vendor(at=at)
    a_vat_partner(partner, at=at, bills=True)
    return_payout(payout_id=_run(world, at).id, reason="Closed", actor=SYSTEM, at=at)
    payable(partner.id, -10_000, at=at)

    again = _run(world, at)

    # 1,220.00 came back; of 100.00 less, 22.00 is VAT.
    assert (again.amount_minor, _input_vat()) == (109_800, 19_800)
    assert _wrong() == []


def test_nothing_is_added_by_reverse_charge_and_nothing_where_nobody_writes_a_paper(
    world: World, acme: Tenant, at: datetime
) -> None:
    abroad = a_payee("Brightwater", 100_000, at=at)
    person = a_payee("Rossi", 20_000, at=at, number="DE89370400440532013000")
    a_vat_vendor(at=at)
    a_vat_partner(abroad, "IE", at=at, bills=True)
    a_vat_partner(person, at=at, kind="person")

    run = submitted_run(at=at, user_id=world.finance.id)

    amounts = Payout.objects.filter(run=run).values_list("amount_minor", flat=True)
    assert sorted(amounts) == [20_000, 100_000]
    charge = VatCharge.objects.get()
    assert (charge.partner_id, charge.treatment, charge.amount_minor) == (abroad.id, "reverse", 0)
    assert charge.transfer_id is None


def test_who_writes_its_own_invoice_is_paid_what_it_covers_once_it_is_approved(
    world: World, acme: Tenant, at: datetime
) -> None:
    partner = a_payee("Ferrante", 100_000, at=at)
    a_vat_vendor(at=at, wants_invoice=True)
    a_vat_partner(partner, at=at)
    withheld_on_half(at)
    with pytest.raises(NothingToPay):
        submitted_run(at=at, user_id=world.finance.id)
    invoice = an_invoice(partner.id, at=at)
    (waiting,) = preview_run(at=at).left_out
    assert (waiting.reason, waiting.amount_minor) == ("invoice", 100_000)
    approve_invoice(invoice_id=invoice.id, actor=SYSTEM, at=at)
    # Earned since: for the next invoice.
    payable(partner.id, 5_000, at=at)

    run = submitted_run(at=at, user_id=world.finance.id)
    payout = Payout.objects.get(run=run)

    assert payout.amount_minor == 100_000 + 22_000 - 11_500
    assert balances_of(partner.id, "EUR").payable == 115_500
    assert PartnerInvoice.objects.get().payout_id == payout.id
    with pytest.raises(InvoiceDecided):
        refuse_invoice(invoice_id=invoice.id, note="No", actor=SYSTEM, at=at)
    cancel_run(run_id=run.id, reason="Wait", actor=SYSTEM, at=at)
    assert PartnerInvoice.objects.get().payout_id is None
    again = exported_run(at=at, user_id=world.finance.id, approver_id=world.second_finance.id)
    settle_all(run_id=again.id, actor=SYSTEM, at=at)
    assert Payout.objects.get(run=again).amount_minor == 110_500
    assert (balances_of(partner.id, "EUR").owed, _input_vat()) == (5_000, 22_000)
    assert sum(Withholding.objects.values_list("amount_minor", flat=True)) == 11_500
    with pytest.raises(InvoiceExists):
        an_invoice(partner.id, at=at)
    assert (an_invoice(partner.id, at=at, number="2026/42").gross_minor, _wrong()) == (6_100, [])


def test_an_invoice_that_is_being_checked_is_waited_for_where_none_is_asked_for(
    world: World, acme: Tenant, at: datetime
) -> None:
    partner = a_payee("Ferrante", 100_000, at=at)
    a_vat_vendor(at=at)
    a_vat_partner(partner, at=at)
    assert [row.amount_minor for row in preview_run(at=at).paid] == [100_000]
    invoice = an_invoice(partner.id, at=at)
    assert [row.reason for row in preview_run(at=at).left_out] == ["invoice"]

    refuse_invoice(invoice_id=invoice.id, note="Whose number is it?", actor=SYSTEM, at=at)

    assert [row.amount_minor for row in preview_run(at=at).paid] == [100_000]


def test_an_invoice_that_differs_by_a_cent_is_not_taken_nor_one_that_no_longer_fits(
    world: World, acme: Tenant, at: datetime
) -> None:
    partner = a_payee("Ferrante", 100_000, at=at)
    a_vat_vendor(at=at, wants_invoice=True)
    a_vat_partner(partner, at=at)
    with pytest.raises(AmountsDiffer) as differs:
        an_invoice(partner.id, at=at, vat_minor=21_999)
    wanted = differs.value.proposal
    assert wanted is not None
    assert (wanted.net_minor, wanted.vat_minor, wanted.gross_minor) == (100_000, 22_000, 122_000)
    assert not PartnerInvoice.objects.exists()
    invoice = an_invoice(partner.id, at=at)
    approve_invoice(invoice_id=invoice.id, actor=SYSTEM, at=at)
    payable(partner.id, -1_000, at=at)

    with pytest.raises(NothingToPay):
        submitted_run(at=at, user_id=world.finance.id)

    (left_out,) = preview_run(at=at).left_out
    assert (left_out.reason, left_out.amount_minor) == ("invoice", 99_000)
    # A new one takes its place and is paid.
    approve_invoice(
        invoice_id=an_invoice(partner.id, at=at, number="2026/42").id, actor=SYSTEM, at=at
    )
    assert _run(world, at).amount_minor == 99_000 + 21_780
    assert set(PartnerInvoice.objects.values_list("state", flat=True)) == {"withdrawn", "approved"}


def test_what_is_not_known_stops_a_payment_where_the_vendor_asks(
    world: World, acme: Tenant, at: datetime
) -> None:
    a_payee("Silent", 10_000, at=at)
    a_vat_vendor(at=at)
    assert [row.amount_minor for row in preview_run(at=at).paid] == [10_000]
    a_vat_vendor(at=at, wants_status=True)
    partner = a_payee("Ferrante", 10_000, at=at, number="DE89370400440532013000")
    a_vat_partner(partner, at=at, bills=True)

    run = submitted_run(at=at, user_id=world.finance.id)

    excluded = PayoutExclusion.objects.get(run=run)
    assert (excluded.reason, excluded.detail) == ("vat", {"treatment": "no_status"})
    end_self_billing(partner_id=partner.id, actor=SYSTEM, at=at)
    assert Payout.objects.get(run=run).amount_minor == 12_200


def test_what_came_back_to_a_duplicate_is_taxed_once(
    world: World, acme: Tenant, at: datetime
) -> None:
    gone = a_payee("Twice", 100_000, at=at)
    stays = a_payee("Once", 10_000, at=at, number="DE89370400440532013000")
    a_vat_vendor(at=at)
    withheld_on_half(at)
    for partner in (gone, stays):
        a_vat_partner(partner, at=at, bills=True)
    run = exported_run(at=at, user_id=world.finance.id, approver_id=world.second_finance.id)
    payout = Payout.objects.get(run=run, partner=gone)
    settle_all(run_id=run.id, actor=SYSTEM, at=at)
    return_payout(payout_id=payout.id, reason="Closed", actor=SYSTEM, at=at)
    assert payout.amount_minor == 110_500
    merge_partners(
        from_id=gone.id, into_id=stays.id, reason="Entered twice", actor=SYSTEM, at=at + DAY
    )
    payable(stays.id, 1_000, at=at + DAY)

    again = _run(world, at + DAY)

    assert again.partner_id == stays.id
    # 1,105.00 as it came back, and 10.00 with its VAT and its tax.
    assert again.amount_minor == 110_500 + 1_000 + 220 - 115
    assert _wrong() == []
    (year,) = [row for row in year_totals_of(at.year) if row.partner_id == stays.id]
    assert (year.vat_minor, year.withheld_minor) == (22_000 + 2_200 + 220, 11_500 + 1_150 + 115)


def test_a_run_waits_for_who_takes_an_invoice_back_and_does_not_pay_it(
    real_database: str, at: datetime
) -> None:
    world = make_world()
    with tenant_scope(world.acme.id):
        partner = a_payee("Ferrante", 100_000, at=at)
        a_vat_vendor(at=at, wants_invoice=True)
        a_vat_partner(partner, at=at)
        invoice = an_invoice(partner.id, at=at)
        approve_invoice(invoice_id=invoice.id, actor=SYSTEM, at=at)

    def run() -> str:
        try:
            with tenant_scope(world.acme.id):
                submitted_run(at=at, user_id=world.finance.id)
                return "paid"
        except NothingToPay:
            return "nothing to pay"
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with tenant_scope(world.acme.id):
            withdraw_invoice(invoice_id=invoice.id, actor=SYSTEM, at=at)
            found = pool.submit(run)
            with connection.cursor() as cursor:
                waits = False
                while not waits and not found.done():
                    cursor.execute(
                        "select exists (select from pg_locks where not granted"
                        " and pg_backend_pid() = any(pg_blocking_pids(pid)))"
                    )
                    (waits,) = cursor.fetchone()
        assert found.result() == "nothing to pay"
    with tenant_scope(world.acme.id):
        assert not Payout.objects.exists()


@pytest.mark.parametrize("upto_id", [2**63, 2**63 - 1, 10**30])
def test_an_invoice_covers_no_more_than_was_shown(acme: Tenant, at: datetime, upto_id: int) -> None:
    partner = a_payee("Ferrante", 100_000, at=at)
    a_vat_vendor(at=at)
    a_vat_partner(partner, at=at)
    (wanted,) = proposals_for(partner.id, at=at)

    invoice = an_invoice(partner.id, at=at, upto_id=upto_id)

    assert invoice.upto_id == wanted.upto_id
