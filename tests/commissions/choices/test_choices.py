"""Money or something else: what a partner takes leaves the books exactly, once, from the next statement on."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from commissions.accruals.models import Accrual
from commissions.accruals.reversing import claw_back
from commissions.accruals.services import accrue_for_referrals, release_due
from commissions.adjustments.services import set_cap
from commissions.choices.models import RewardChoice, TakenReward
from commissions.choices.rules import next_month, worth_minor
from commissions.choices.services import NotOffered, choose_reward, set_exchange
from commissions.choices.taking import deliver_taken
from commissions.gifts.models import GiftAward
from commissions.gifts.selectors import programme_costs
from commissions.ledger.models import Account, Balance
from commissions.ledger.selectors import balances_of
from commissions.payouts.selectors import preview_run
from commissions.payouts.services import approve_run
from commissions.plans.services import RuleTerms
from commissions.statements.papers import paper_of
from commissions.statements.services import issue_statement
from commissions.verification import faults
from prm.accounts.capabilities import Role
from prm.events.models import Event
from prm.events.services import SYSTEM, Actor
from prm.notices.models import Notice
from prm.tenancy.scope import tenant_scope
from tests.builders.choices import RATE, a_choice, an_exchange
from tests.builders.commissions import a_plan, a_won_deal
from tests.builders.disputes import disputed, line_of, stated
from tests.builders.payouts import bank_details, submitted_run
from tests.builders.people import a_member
from tests.builders.referrals import a_partner, a_program
from tests.conftest import World

MARCH = datetime(2026, 3, 10, 12, tzinfo=UTC)
APRIL = datetime(2026, 4, 20, 12, tzinfo=UTC)
MAY = datetime(2026, 5, 2, 12, tzinfo=UTC)
JUNE = datetime(2026, 6, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "first"),
    [
        (date(2026, 1, 31), date(2026, 2, 1)),
        (date(2026, 12, 1), date(2027, 1, 1)),
        (date(2026, 12, 31), date(2027, 1, 1)),
    ],
)
def test_the_next_statement_begins_with_the_next_month(day: date, first: date) -> None:
    assert next_month(day) == first


def test_the_exchange_rounds_once_to_the_even_cent() -> None:
    assert [worth_minor(minor, Decimal("1.1")) for minor in (10_000, 5, 15, 25)] == [
        11_000,
        6,
        16,
        28,
    ]


def earned(partner: Any, at: datetime, company: str) -> None:
    deal = a_won_deal(at, partner=partner, company=company)
    accrue_for_referrals(kind="won", referral_ids=[deal.referral_id], actor=SYSTEM, at=at)
    release_due(until=at + timedelta(days=2), at=at)


def in_kind() -> int:
    account = Account.objects.get(kind="in_kind")
    balance = Balance.objects.get(id=account.id)
    return balance.credits_minor - balance.debits_minor


def test_what_is_taken_leaves_the_books_and_comes_after_the_month(
    world: World, deliver: Callable[[], int]
) -> None:
    with tenant_scope(world.acme.id):
        program = a_program()
        partner, other = (a_partner(name, program=program) for name in ("Ferrante", "Brio"))
        a_plan(program, RuleTerms("won", "fixed", amount_minor=10_005), hold_days=0)
    boss = a_member(
        world.acme,
        Role.PARTNER_ADMIN,
        "boss@ferrante.example",
        partner_id=partner.id,
        partner_name="Ferrante",
    )
    with tenant_scope(world.acme.id):
        with pytest.raises(NotOffered):
            a_choice(partner, program, MARCH)
        an_exchange(program, at=MARCH)
        for _repeat in range(2):
            a_choice(partner, program, MARCH, by=boss.id)
        assert RewardChoice.objects.get().from_on == date(2026, 4, 1)
        with pytest.raises(NotOffered):
            choose_reward(
                partner_id=partner.id,
                program_id=program.id,
                kind="credit",
                shown_rate=Decimal("1.2"),
                actor=Actor(boss.id),
                at=MARCH,
            )
        # Until the next statement all is money; from then on the chooser's is not, nobody else's changes.
        for at, company in ((MARCH, "A"), (APRIL, "B"), (APRIL, "C")):
            earned(partner, at, company)
            earned(other, at, f"Other {company}")
        assert balances_of(other.id, "EUR").payable == 3 * 10_005
        assert (balances_of(partner.id, "EUR").payable, in_kind()) == (10_005, 2 * 10_005)
        assert deliver_taken(at=APRIL) == 0
        assert [deliver_taken(at=MAY) for _repeat in range(2)] == [1, 0]
        award = GiftAward.objects.get()
        assert (award.kind, award.title) == ("credit", "Credit of €220.11")
        assert award.reason == "Instead of €200.10 of commission, April 2026"
        assert set(TakenReward.objects.values_list("award_id", flat=True)) == {award.id}
        # What the money was is a cost already; only what it became beyond it is added.
        assert programme_costs(program.id, MAY.date(), MAY.date()) == 22_011 - 20_010
        assert not list(faults())
        statement = issue_statement(
            partner_id=partner.id,
            currency="EUR",
            until_on=date(2026, 4, 30),
            actor=SYSTEM,
            at=MAY,
        )
        assert (statement.earned_minor, statement.adjusted_minor) == (30_015, -20_010)
        adjusted = next(part for part in paper_of(statement).sections if part.key == "adjusted")
        assert [line.below for line in adjusted.lines] == ["Taken instead of money"] * 2
        # The vendor ends the offer: from the next month on it is money again, and the partner is told.
        for _repeat in range(2):
            set_exchange(program_id=program.id, kind="credit", rate=None, actor=SYSTEM, at=MAY)
        earned(partner, MAY, "D")
        earned(partner, JUNE, "E")
        assert (balances_of(partner.id, "EUR").payable, in_kind()) == (2 * 10_005, 3 * 10_005)
        assert Accrual.objects.filter(partner=partner).count() == 5
        assert Event.objects.filter(name="partner.reward_chosen").count() == 2
    deliver()
    with tenant_scope(world.acme.id):
        told = Notice.objects.filter(kind="reward.chosen").order_by("id")
        assert [(row.user_id, row.facts["by_vendor"]) for row in told] == [
            (boss.id, False),
            (boss.id, True),
        ]

    client = Client()
    client.force_login(boss, backend="allauth.account.auth_backends.AuthenticationBackend")
    earnings = client.get("/acme/earnings/").content.decode()
    # No sum counts them with money: they stand in a tab of their own.
    assert (earnings.count("Not in money"), "Money or something else" in earnings) == (1, True)
    assert "from 2 commissions" in earnings
    apart = client.get("/acme/earnings/?view=in_kind").content.decode()
    assert "€300.15" in apart


def test_a_partner_chooses_what_it_was_shown(world: World) -> None:
    with tenant_scope(world.acme.id):
        program = a_program()
        partner = a_partner("Ferrante", program=program)
        an_exchange(program)
        an_exchange(program, "card")
    people = {
        role: a_member(
            world.acme,
            role,
            f"{role}@ferrante.example",
            partner_id=partner.id,
            partner_name="Ferrante",
        )
        for role in (Role.PARTNER_ADMIN, Role.PARTNER_REP)
    }
    url = f"/acme/reward-choice/{program.id}/"
    boss, rep = Client(), Client()
    for client, role in ((boss, Role.PARTNER_ADMIN), (rep, Role.PARTNER_REP)):
        client.force_login(
            people[role], backend="allauth.account.auth_backends.AuthenticationBackend"
        )

    page = boss.get(url).content.decode()
    assert "€100.00 of commission become €110.00" in page
    assert (rep.get(url).status_code, rep.post(url, {"choice": "cash"}).status_code) == (403, 403)
    assert boss.post(url, {"choice": "card:1.2"}).status_code == 422
    value = next(
        v for v, _ in boss.get(url).context["form"].fields["choice"].choices if "card" in v
    )
    assert boss.post(url, {"choice": value}).status_code == 303
    with tenant_scope(world.acme.id):
        choice = RewardChoice.objects.latest("id")
        assert (choice.kind, choice.rate, choice.chosen_by_id) == (
            "card",
            RATE,
            people[Role.PARTNER_ADMIN].id,
        )
    assert "Coming" in boss.get(url).content.decode()


def test_a_debt_comes_first_and_nothing_of_what_was_taken_comes_back_as_money(
    world: World,
) -> None:
    with tenant_scope(world.acme.id):
        program = a_program()
        partner = a_partner("Ferrante", program=program)
        bank_details(partner.id, at=MARCH)
        a_plan(program, RuleTerms("won", "fixed", amount_minor=10_000), hold_days=0)
        an_exchange(program, at=MARCH)
        a_choice(partner, program, MARCH)
        set_cap(program_id=program.id, percent=50, actor=SYSTEM, at=MARCH)
        earned(partner, APRIL, "A")
        taken = TakenReward.objects.get()

        # No payout gives back half of what was taken, and a dispute of it has nothing to freeze.
        assert [row.amount_minor for row in preview_run(at=APRIL).paid] == []
        stated(partner.id, APRIL)
        dispute = disputed(line_of(taken.accrual), at=APRIL)
        assert (dispute.effect, dispute.frozen_minor) == ("nothing", 0)
        books = balances_of(partner.id, "EUR")
        assert (books.payable, books.disputed, books.deferred) == (0, 0, 0)

        # Taken back since: the next reward pays for it, the one after it is taken again.
        claw_back(
            accrual_id=taken.accrual_id,
            amount_minor=10_000,
            reason="Refunded",
            key="refunded",
            actor=SYSTEM,
            at=APRIL,
        )
        earned(partner, APRIL, "B")
        assert (balances_of(partner.id, "EUR").payable, in_kind()) == (0, 10_000)
        earned(partner, APRIL, "C")
        assert (balances_of(partner.id, "EUR").payable, in_kind()) == (0, 20_000)
        assert not list(faults())


def test_what_a_run_waits_to_pay_settles_no_debt(world: World) -> None:
    with tenant_scope(world.acme.id):
        program = a_program()
        partner = a_partner("Ferrante", program=program)
        bank_details(partner.id, at=MARCH)
        a_plan(program, RuleTerms("won", "fixed", amount_minor=10_000), hold_days=0)
        an_exchange(program, at=MARCH)
        earned(partner, MARCH, "A")
        a_choice(partner, program, MARCH)
        run = submitted_run(at=APRIL, user_id=world.finance.id)
        claw_back(
            accrual_id=Accrual.objects.get().id,
            amount_minor=6_000,
            reason="Refunded",
            key="refunded",
            actor=SYSTEM,
            at=APRIL,
        )

        earned(partner, APRIL, "B")
        approve_run(run_id=run.id, digest=run.digest, actor=Actor(world.admin.id), at=APRIL)

        assert balances_of(partner.id, "EUR").payable == 4_000
        assert not list(faults())
