"""No payout gives back more than its cap; the rest is deducted from the payouts after it, to the cent."""

from datetime import datetime, timedelta

from commissions.adjustments.selectors import debts
from commissions.adjustments.services import set_cap
from commissions.ledger.models import Transfer
from commissions.ledger.selectors import balances_of
from commissions.payouts.models import Payout
from commissions.payouts.selectors import preview_run
from commissions.payouts.services import cancel_run
from commissions.verification import faults
from prm.accounts.capabilities import Role
from prm.events.services import SYSTEM, Actor
from prm.tenancy.models import Tenant
from tests.builders.payouts import approved_run, bank_details, payable, submitted_run
from tests.builders.people import a_member
from tests.builders.referrals import a_partner, a_program


def test_a_deduction_is_spread_over_payouts_and_ends_at_nothing(acme: Tenant, at: datetime) -> None:
    person = a_member(acme, Role.FINANCE, "approve@acme.example").id
    program = a_program()
    partner = a_partner("Capped", program=program)
    bank_details(partner.id, at=at)
    set_cap(program_id=program.id, percent=50, actor=SYSTEM, at=at)
    payable(partner.id, 10_000, at=at)
    payable(partner.id, -8_000, at=at)

    # The preview shows half, and leaves no trace.
    assert [row.amount_minor for row in preview_run(at=at).paid] == [5_000]
    assert balances_of(partner.id, "EUR").payable == 2_000
    sent_back = submitted_run(at=at)
    cancel_run(run_id=sent_back.id, reason="No", actor=Actor(person), at=at)
    approved_run(at=at, approver_id=person)

    def standing() -> tuple[int, int]:
        books = balances_of(partner.id, "EUR")
        return books.payable, books.deferred

    assert standing() == (0, -3_000)
    assert [row.debt_minor for row in debts()] == [3_000]
    for earned, paid, left in ((2_000, 1_000, -2_000), (10_000, 8_000, 0)):
        at += timedelta(days=1)
        payable(partner.id, earned, at=at)
        approved_run(at=at, approver_id=person)
        assert Payout.objects.latest("id").amount_minor == paid
        assert standing() == (0, left)
    assert debts() == []
    assert Transfer.objects.filter(kind="deferral").count() == 3
    assert [str(f) for f in faults() if f.check != "every movement has its reason"] == []


def test_without_a_cap_everything_is_deducted_at_once(acme: Tenant, at: datetime) -> None:
    partner = a_partner("Uncapped", program=a_program())
    bank_details(partner.id, at=at)
    payable(partner.id, 10_000, at=at)
    payable(partner.id, -8_000, at=at)

    assert [row.amount_minor for row in preview_run(at=at).paid] == [2_000]
