"""Rewards that a merge brought along: where their money stands, for the partner that stays."""

from datetime import datetime, timedelta
from typing import Any

from django.test import Client

from commissions.accruals.models import Accrual, Release
from commissions.accruals.services import claw_back_refund, release_due
from commissions.contests.services import settle_contest
from commissions.earnings.lines import PAID, READY, RETURNED, lines_for
from commissions.earnings.selectors import figures, in_view
from commissions.ledger.selectors import partner_balances
from commissions.payouts.models import Payout
from commissions.payouts.services import export_run, return_payout, settle_all
from commissions.statements.disputing import accept_dispute
from commissions.verification import faults
from partners.directory.merging import merge_partners
from partners.directory.models import Partner
from prm.accounts.capabilities import Role
from prm.accounts.members import member_for
from prm.accounts.models import User
from prm.events.services import SYSTEM
from prm.money import Money
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from referrals.revenue.models import RevenueEvent
from referrals.revenue.services import record_refund
from tests.builders.commissions import an_accrual
from tests.builders.contests import TERMS, a_contest
from tests.builders.disputes import disputed, line_of, stated
from tests.builders.payouts import approved_run, bank_details
from tests.builders.people import a_member
from tests.builders.referrals import a_partner, a_program
from tests.commissions.contests.test_contests import a_win
from tests.conftest import World

LATER = timedelta(days=90)


def a_released(partner: Partner, at: datetime, company: str = "Early") -> Accrual:
    accrual = an_accrual(at, partner=partner, company=company)
    release_due(until=at + LATER, at=at + LATER, accrual_ids=[accrual.id])
    return accrual


def merge(gone: Partner, stays: Partner, at: datetime) -> None:
    merge_partners(
        from_id=gone.id, into_id=stays.id, reason="Entered twice", actor=SYSTEM, at=at + LATER
    )


def pay(world: World, at: datetime) -> None:
    run = approved_run(at=at + LATER, approver_id=world.finance.id, user_id=world.manager.id)
    export_run(run_id=run.id, actor=SYSTEM, at=at + LATER)
    settle_all(run_id=run.id, actor=SYSTEM, at=at + LATER)


def states(at: datetime) -> list[str]:
    rows = list(Accrual.objects.order_by("id"))
    return [line.state for line in lines_for(rows, now=at + LATER, staff=True)]


def test_a_reward_released_before_the_merge_and_paid_after_it_is_paid(
    world: World, acme: Tenant, at: datetime
) -> None:
    gone, stays = a_partner("Solea Studio Srl"), a_partner("Solea Studio")
    a_released(gone, at)
    a_released(stays, at, "Own")
    merge(gone, stays, at)
    assert states(at) == [READY, READY]

    bank_details(stays.id, at=at)
    pay(world, at)

    assert states(at) == [PAID, PAID]
    assert in_view(Accrual.objects.all(), "paid").count() == 2
    assert in_view(Accrual.objects.all(), "progress").count() == 0
    assert list(faults()) == []


def test_it_is_paid_over_two_merges(world: World, acme: Tenant, at: datetime) -> None:
    gone, middle, last = a_partner("Solea Srl"), a_partner("Solea Studio"), a_partner("Solea")
    a_released(gone, at)
    merge(gone, middle, at)
    merge(middle, last, at)
    bank_details(last.id, at=at)
    pay(world, at)

    assert states(at) == [PAID]
    assert list(faults()) == []


def test_prizes_that_a_merge_brought_along_are_listed_and_paid_where_they_are(
    world: World, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        program = a_program()
        gone, middle, stays = (a_partner(name, program=program) for name in ("Srl", "Old", "New"))
        paid, waits = (a_contest(program, title=title) for title in ("Paid before", "Waits"))
        a_win(gone, program, TERMS.starts_at)
        settle_contest(contest_id=paid.id, actor=SYSTEM, at=at)
        bank_details(gone.id, at=at)
        pay(world, at)
        settle_contest(contest_id=waits.id, actor=SYSTEM, at=at)
        merge(gone, middle, at)
        merge(middle, stays, at)
        bank_details(stays.id, at=at)
    inside: dict[str, Any] = {"partner_id": stays.id, "partner_name": stays.name}
    boss = a_member(world.acme, Role.PARTNER_ADMIN, "boss@new.example", **inside)

    assert listed_to(boss, "prizes") == {"Paid before": PAID, "Waits": READY}
    with tenant_scope(world.acme.id):
        pay(world, at)
        assert list(faults()) == []
    assert listed_to(boss, "prizes") == {"Paid before": PAID, "Waits": PAID}


def test_a_correction_that_a_merge_brought_along_is_paid_with_the_rest(
    world: World, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        gone, stays = a_partner("Old"), a_partner("New")
        reward = a_released(gone, at)
        statement = stated(gone.id, at)
        accept_dispute(
            dispute_id=disputed(line_of(reward), at=at).id,
            correction_minor=3_000,
            answer="The deal was larger",
            actor=SYSTEM,
            at=at + timedelta(days=1),
        )
        merge(gone, stays, at)
        bank_details(stays.id, at=at)
    inside: dict[str, Any] = {"partner_id": stays.id, "partner_name": stays.name}
    boss = a_member(world.acme, Role.PARTNER_ADMIN, "boss@new.example", **inside)
    title = f"Correction of statement {statement.number}"

    assert listed_to(boss, "corrections") == {title: READY}
    with tenant_scope(world.acme.id):
        pay(world, at)
        assert list(faults()) == []
    assert listed_to(boss, "corrections") == {title: PAID}


def listed_to(boss: User, what: str) -> dict[str, str]:
    """Return the state of each prize, or correction, that the tabs of the partner's own page list."""
    client = Client()
    client.force_login(boss)
    pages = [client.get("/acme/earnings/", {"view": view}).context for view in ("progress", "paid")]
    return {row.title: row.state for page in pages if page[what] for row in page[what].rows}


def test_what_the_duplicate_was_paid_stays_with_its_own_payment(
    world: World, acme: Tenant, at: datetime
) -> None:
    gone, stays = a_partner("Solea Studio Srl"), a_partner("Solea Studio")
    a_released(gone, at)
    bank_details(gone.id, at=at)
    pay(world, at)
    merge(gone, stays, at)

    assert states(at) == [PAID]
    assert Release.objects.get().carried_id is None


def test_the_staying_partners_people_see_what_the_duplicate_was_paid(
    world: World, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        gone, stays, rival = (a_partner(name) for name in ("Solea Srl", "Solea", "Rival"))
        accrual = a_released(gone, at)
        bank_details(gone.id, at=at)
        pay(world, at)
        merge(gone, stays, at)
        payout = Payout.objects.get()
    found = {}
    for partner in (stays, rival):
        boss = a_member(
            world.acme,
            Role.PARTNER_ADMIN,
            f"boss@{partner.name.lower()}.example",
            partner_id=partner.id,
            partner_name=partner.name,
        )
        client = Client()
        client.force_login(boss)
        found[partner.name] = (
            client.get(f"/acme/payouts/{payout.id}/").status_code,
            payout.number in client.get(f"/acme/earnings/{accrual.id}/").text,
        )

    assert found == {"Solea": (200, True), "Rival": (404, False)}


def test_money_that_comes_back_late_is_owed_to_the_partner_that_stays(
    world: World, acme: Tenant, at: datetime
) -> None:
    gone, stays = a_partner("Solea Studio Srl"), a_partner("Solea Studio")
    a_released(gone, at)
    bank_details(gone.id, at=at)
    pay(world, at)
    merge(gone, stays, at)

    payout = return_payout(
        payout_id=Payout.objects.get().id, reason="Account closed", actor=SYSTEM, at=at + LATER
    )

    assert [row.payable for row in partner_balances(stays.id)] == [payout.amount_minor]
    assert [row.payable for row in partner_balances(gone.id)] == [0]
    assert states(at) == [RETURNED]
    assert list(faults()) == []
    bank_details(stays.id, at=at)
    pay(world, at + timedelta(days=1))
    again = Payout.objects.get(partner=stays)
    assert again.amount_minor == payout.amount_minor
    # Its reward stands where the later payment stands, and comes back with it.
    assert (states(at), in_view(Accrual.objects.all(), PAID).count()) == ([PAID], 1)
    return_payout(payout_id=again.id, reason="Again", actor=SYSTEM, at=at + 2 * LATER)
    assert (states(at), in_view(Accrual.objects.all(), PAID).count()) == ([RETURNED], 0)
    assert list(faults()) == []


def test_a_late_refund_is_taken_from_the_partner_that_stays(
    world: World, acme: Tenant, at: datetime
) -> None:
    gone, stays = a_partner("Solea Studio Srl"), a_partner("Solea Studio")
    accrual = a_released(gone, at)
    bank_details(gone.id, at=at)
    pay(world, at)
    merge(gone, stays, at)

    sale = RevenueEvent.objects.get()
    refund = record_refund(
        external_id="refund",
        kind="chargeback",
        refunds_id=sale.id,
        amount=Money(sale.amount_minor, sale.currency),
        booked_at=at + LATER,
        source="form",
        actor=SYSTEM,
        at=at + LATER,
    )
    claw_back_refund(refund_id=refund.id, actor=SYSTEM, at=at + LATER)

    accrual.refresh_from_db()
    assert accrual.clawed_minor > 0
    assert [row.payable for row in partner_balances(stays.id)] == [-accrual.clawed_minor]
    assert [row.payable for row in partner_balances(gone.id)] == [0]
    assert list(faults()) == []


def test_what_waits_counts_once_it_is_claimed(world: World, acme: Tenant, at: datetime) -> None:
    gone, stays = a_partner("Solea Studio Srl"), a_partner("Solea Studio")
    a_released(gone, at)
    merge(gone, stays, at)
    member = member_for(world.finance, acme, None)
    assert member
    assert figures(member, stays.id, "EUR").ready_count == 1

    bank_details(stays.id, at=at)
    pay(world, at)

    assert figures(member, stays.id, "EUR").ready_count == 0
