"""A disputed line waits alone: the rest is paid, the answer ends it, and the books agree at every step."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client, override_settings
from django.utils import timezone

from commissions.accruals.models import Release
from commissions.accruals.services import release_due
from commissions.earnings.corrections import corrections_of
from commissions.earnings.lines import DISPUTED, PAID, lines_for
from commissions.earnings.selectors import IN_KIND, IN_PROGRESS, REVERSED, VIEWS
from commissions.earnings.selectors import PAID as PAID_VIEW
from commissions.ledger.selectors import balances_of
from commissions.payouts.models import Payout
from commissions.payouts.services import settle_all
from commissions.statements.dispute_pages import effect_words
from commissions.statements.disputing import (
    DisputeClosed,
    NotDisputable,
    accept_dispute,
    freeze,
    open_dispute,
    refuse_dispute,
    withdraw_dispute,
)
from commissions.statements.models import Dispute, StatementLine
from commissions.statements.rules import answer_days
from commissions.verification import faults
from prm.accounts.capabilities import Role
from prm.events.services import SYSTEM, Actor
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from tests.builders.commissions import an_accrual
from tests.builders.disputes import disputed, line_of, released, stated
from tests.builders.payouts import bank_details, exported_run, submitted_run
from tests.builders.people import a_member
from tests.builders.referrals import a_partner
from tests.conftest import World


def _pay(world: World, at: datetime) -> int:
    """Run a payout to its end; return what it paid, in minor units."""
    run = exported_run(at=at, user_id=world.finance.id, approver_id=world.second_finance.id)
    settle_all(run_id=run.id, actor=Actor(world.finance.id), at=at)
    return sum(row.amount_minor for row in Payout.objects.filter(run=run))


def _corrections(partner: Any) -> dict[str, list[tuple[int, str]]]:
    """Return what each tab of the earnings lists beside its rewards."""
    with override_settings(ROOT_URLCONF="prm.tenant_urls"):
        found = {view: corrections_of(partner.id, "EUR", view) for view in VIEWS if view != IN_KIND}
    assert all(
        sum(row.amount_minor for row in one.rows) == one.total_minor for one in found.values()
    )
    return {
        view: [(row.amount_minor, row.label) for row in one.rows] for view, one in found.items()
    }


def _state(accrual: Any) -> str:
    return lines_for([accrual], now=timezone.now(), staff=True)[0].state


def test_only_the_disputed_line_waits_and_a_correction_is_paid(
    world: World, acme: Tenant, at: datetime
) -> None:
    partner = a_partner(name="Brightwater")
    bank_details(partner.id, at=at)
    doubted = released(at, partner=partner, deal_minor=100_000, company="Kestrel")
    released(at, partner=partner, deal_minor=50_000, company="Osprey")
    stated(partner.id, at)

    dispute = disputed(line_of(doubted), at=at)

    assert (dispute.effect, dispute.frozen_minor) == ("frozen", 20_000)
    assert list(faults()) == []
    assert _pay(world, at) == 10_000
    assert _state(doubted) == DISPUTED
    second = stated(partner.id, at)
    assert (second.closing_minor, second.parties["disputed_minor"]) == (20_000, 20_000)
    for _again in range(2):
        accept_dispute(
            dispute_id=dispute.id,
            correction_minor=3_000,
            answer="The deal was 1,150.00",
            actor=Actor(world.finance.id),
            at=at + timedelta(days=1),
        )
    with pytest.raises(DisputeClosed):
        refuse_dispute(dispute_id=dispute.id, answer="No", actor=Actor(None), at=at)
    balance = balances_of(partner.id, "EUR")
    assert (balance.disputed, balance.payable) == (0, 23_000)
    third = stated(partner.id, at + timedelta(days=1))
    assert (third.opening_minor, third.adjusted_minor, third.closing_minor) == (
        20_000,
        3_000,
        23_000,
    )
    detail = StatementLine.objects.get(statement=third).detail
    assert (detail["reason"], detail["customer"]) == ("The deal was 1,150.00", "Kestrel")
    assert _corrections(partner) == {IN_PROGRESS: [(3_000, "Ready")], PAID_VIEW: [], REVERSED: []}
    assert _pay(world, at + timedelta(days=1)) == 23_000
    assert _state(doubted) == PAID
    assert _corrections(partner) == {IN_PROGRESS: [], PAID_VIEW: [(3_000, "Paid")], REVERSED: []}
    assert list(faults()) == []


def test_what_is_on_hold_stays_there_until_the_dispute_ends(
    world: World, acme: Tenant, at: datetime
) -> None:
    accrual = an_accrual(at)
    stated(accrual.partner_id, at)
    dispute = open_dispute(
        line=line_of(accrual),
        partner_id=accrual.partner_id,
        reason="The deal was larger",
        wanted_minor=None,
        evidence=None,
        actor=SYSTEM,
        at=at,
    )
    # The page is read before the worker has looked.
    before = effect_words(dispute)
    dispute = freeze(dispute_id=dispute.id, at=at)

    release_due(until=accrual.payable_at, at=accrual.payable_at)
    assert dispute.effect == "on_hold"
    assert (
        before
        == effect_words(dispute)
        == "It stays on hold until the answer; everything else is paid."
    )
    assert not Release.objects.exists()
    withdraw_dispute(dispute_id=dispute.id, actor=Actor(None), at=at)
    release_due(until=accrual.payable_at, at=accrual.payable_at)

    assert balances_of(accrual.partner_id, "EUR").payable == 20_000
    # Taken back, a line may be disputed again.
    assert disputed(line_of(accrual), at=at).id != dispute.id


def test_a_line_of_a_payment_under_way_cannot_be_disputed(
    world: World, acme: Tenant, at: datetime
) -> None:
    partner = a_partner(name="Brightwater")
    bank_details(partner.id, at=at)
    accrual = released(at, partner=partner, deal_minor=100_000, company="Kestrel")
    stated(partner.id, at)
    submitted_run(at=at, user_id=world.finance.id)

    with pytest.raises(NotDisputable, match="under_way"):
        disputed(line_of(accrual), at=at)
    with pytest.raises(NotDisputable, match="late"):
        disputed(line_of(an_accrual_stated(partner, at)), at=at + timedelta(days=30))


def an_accrual_stated(partner: Any, at: datetime) -> Any:
    """Book a reward on hold and put it on a statement."""
    accrual = an_accrual(at, partner=partner, company="Osprey")
    stated(partner.id, at)
    return accrual


def test_a_refused_dispute_lets_the_money_go(world: World, acme: Tenant, at: datetime) -> None:
    partner = a_partner(name="Brightwater")
    bank_details(partner.id, at=at)
    accrual = released(at, partner=partner, deal_minor=100_000, company="Kestrel")
    stated(partner.id, at)
    dispute = disputed(line_of(accrual), at=at)
    assert balances_of(partner.id, "EUR").payable == 0

    refuse_dispute(dispute_id=dispute.id, answer="As agreed", actor=Actor(None), at=at)

    assert _pay(world, at) == 20_000
    assert _state(accrual) == PAID
    assert list(faults()) == []


def test_both_sides_walk_the_pages(world: World, deliver: Callable[[], int]) -> None:
    at = timezone.now()
    with tenant_scope(world.acme.id):
        partner = a_partner(name="Brightwater")
        accrual = released(at, partner=partner, deal_minor=100_000, company="Kestrel")
        statement = stated(partner.id, at)
        line = line_of(accrual)
        aoife = a_member(
            world.acme,
            Role.PARTNER_ADMIN,
            "aoife@brightwater.example",
            name="Aoife Brennan",
            partner_id=partner.id,
            partner_name=partner.name,
        )
    deliver()
    boss, finance = Client(), Client()
    boss.force_login(aoife)
    finance.force_login(world.finance)
    own = f"/acme/statements/{statement.id}/lines/"
    form = f"/acme/statements/lines/{line.id}/dispute/"
    assert form in boss.get(own).content.decode()
    assert form not in finance.get(own).content.decode()
    assert boss.post(form, {"reason": ""}).status_code == 422

    sent = boss.post(form, {"reason": "Larger", "wanted": "250.00"})
    assert sent.status_code == 303
    assert (
        "being taken out of the next payout" in boss.get(sent.headers["Location"]).content.decode()
    )
    deliver()

    with tenant_scope(world.acme.id):
        dispute = Dispute.objects.get()
        assert (dispute.frozen_minor, dispute.wanted_minor) == (20_000, 25_000)
    assert "Brightwater" in finance.get("/acme/manage/disputes/").content.decode()
    page = f"/acme/disputes/{dispute.id}/"
    assert "€200.00 waits for the answer" in boss.get(page).content.decode()
    assert "€200.00 of disputed lines" in finance.get("/acme/manage/payouts/new/").content.decode()
    answer = f"/acme/manage/disputes/{dispute.id}/answer/"
    assert finance.post(answer, {"do": "accept", "answer": "Yes"}).status_code == 422
    finance.post(answer, {"do": "accept", "answer": "Yes", "correction": "50"})
    deliver()
    shown = boss.get(page).content.decode()
    assert "€50.00" in shown
    assert "€200.00 can be paid again" in shown
    earned = boss.get("/acme/earnings/").content.decode().replace("\xa0", " ")
    assert f"Correction of statement {statement.number}" in earned
    assert "€50.00" in earned
    assert "Correction of" not in boss.get("/acme/earnings/?view=paid").content.decode()
    with tenant_scope(world.acme.id):
        assert balances_of(partner.id, "EUR").payable == 25_000


def test_response_times_are_the_median_in_days() -> None:
    hours = [timedelta(hours=6), timedelta(hours=12), timedelta(days=9)]

    assert answer_days(hours) == 0.5
    assert answer_days([]) is None
