"""A referral's page names the rule of each reward; who sees amounts, states and links depends on the person."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from commissions.accruals.models import Accrual
from commissions.accruals.services import claw_back
from commissions.earnings.panels import milestone_lines
from commissions.plans.services import RuleTerms
from prm.events.models import QueuedEvent
from prm.events.services import SYSTEM
from prm.tenancy.scope import tenant_scope
from referrals.pipeline.models import Referral
from tests.builders.commissions import QUALIFIED_150, a_plan, an_accrual
from tests.builders.referrals import People, a_referral, people_of
from tests.builders.revenue import a_win
from tests.conftest import World

FIRST_FIFTH = RuleTerms("revenue", "percent", rate=Decimal("0.2"), scope="first")


@pytest.fixture
def people(world: World) -> People:
    with tenant_scope(world.acme.id):
        return people_of(world.acme)


@pytest.fixture
def opened(world: World, people: People, client: Client) -> Callable[..., str]:
    def page(user: object, path: str) -> str:
        client.force_login(user)  # type: ignore[arg-type]
        return client.get(path).content.decode().replace("\xa0", " ").replace("&#x27;", "'")

    return page


def test_an_estimate_names_its_rule_its_version_and_when_it_is_ready(
    world: World, people: People, opened: Callable[..., str], at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        a_plan(None, QUALIFIED_150, FIRST_FIFTH)
        referral = a_referral(at, partner=people.partner, by=people.admin)
        Referral.objects.filter(id=referral.id).update(deal_minor=105_400)

    page = opened(people.admin, f"/acme/referrals/{referral.id}/")

    hold = "Ready for payout 30 days after it is earned."
    assert f"20% of the customer's first payment, plan v1. {hold}" in page
    assert f"€150.00 when a referral qualifies, plan v1. {hold}" in page
    assert "€210.80" in page
    assert "Qualified-lead bonus" in page


def test_a_manager_sees_what_a_referral_would_earn_and_has_earned_but_no_books(
    world: World, people: People, opened: Callable[..., str], at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        accrual = an_accrual(at, deal_minor=105_400, partner=people.partner)
        waiting = a_referral(at, partner=people.partner, company="Harbour Foods")
        Referral.objects.filter(id=waiting.id).update(deal_minor=200_000)

    earned = opened(world.manager, f"/acme/manage/referrals/{accrual.referral_id}/")
    estimated = opened(world.manager, f"/acme/manage/referrals/{waiting.id}/")

    assert "20% of €1,054.00, plan v1, first payment. Earned on 18 November 2026." in earned
    assert "€210.80" in earned
    assert "20% of every payment of the customer, plan v1" in estimated
    assert "€400.00" in estimated
    for hidden in (f"/manage/commissions/{accrual.id}/", "On hold", "next payout"):
        assert hidden not in earned, hidden


def test_finance_sees_the_line_with_its_state_and_page(
    world: World, people: People, opened: Callable[..., str]
) -> None:
    with tenant_scope(world.acme.id):
        # The page asks the clock what is on hold.
        accrual = an_accrual(timezone.now(), partner=people.partner)

    page = opened(world.finance, f"/acme/manage/referrals/{accrual.referral_id}/")

    assert f"/acme/manage/commissions/{accrual.id}/" in page
    assert "On hold" in page


@pytest.mark.parametrize(("taken", "word"), [(20_000, "Reversed"), (5_000, "Earned")])
def test_what_was_taken_back_is_not_called_earned_to_a_rep_and_a_manager(
    world: World,
    people: People,
    opened: Callable[..., str],
    at: datetime,
    taken: int,
    word: str,
) -> None:
    with tenant_scope(world.acme.id):
        accrual = an_accrual(at, partner=people.partner)
        Referral.objects.filter(id=accrual.referral_id).update(submitted_by=people.rep)
        claw_back(
            accrual_id=accrual.id, amount_minor=taken, reason="x", key="k", actor=SYSTEM, at=at
        )
        left = Accrual.objects.get().amount_minor - taken

    rep = opened(people.rep, f"/acme/referrals/{accrual.referral_id}/")
    manager = opened(world.manager, f"/acme/manage/referrals/{accrual.referral_id}/")

    assert f">{word}</span>" in rep
    assert "Your partner admin sees the amount" in rep
    assert f">{word}</span>" in manager
    assert f"€{left // 100}.00" in manager
    assert "€200.00" not in rep


def test_the_milestone_mail_says_which_rule_pays_and_on_what(
    world: World, people: People, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        a_plan(None, QUALIFIED_150, FIRST_FIFTH)
        referral = a_referral(at, partner=people.partner)
        Referral.objects.filter(id=referral.id).update(deal_minor=105_400)
        referral.refresh_from_db()
        lines = [(line.label, line.amount_minor) for line in milestone_lines(referral)]

    assert lines == [
        ("If they qualify: €150.00 when a referral qualifies, plan v1", 15_000),
        ("If they sign: 20% of the customer's first payment, plan v1", 21_080),
    ]


def test_after_the_win_the_commission_is_being_worked_out_until_it_is_priced(
    world: World,
    people: People,
    opened: Callable[..., str],
    deliver: Callable[[], int],
    at: datetime,
) -> None:
    with tenant_scope(world.acme.id):
        a_plan(None, FIRST_FIFTH)
        referral = a_referral(at, partner=people.partner, stage="accepted")
    path = f"/acme/manage/referrals/{referral.id}/"
    deliver()
    assert "being worked out" not in opened(world.manager, path)

    with tenant_scope(world.acme.id):
        a_win(referral, at, minor=105_400)
    waiting = opened(world.manager, path)
    assert "The commission is being worked out" in waiting
    assert waiting.count('hx-select="#reward-rows"') == 3
    assert '<a href="">Look again</a>' in waiting
    assert "€210.80" not in waiting

    deliver()
    priced = opened(world.manager, path)
    assert "being worked out" not in priced
    assert "hx-select" not in priced
    assert "€210.80" in priced


def test_nobody_waits_for_what_the_worker_gave_up_on(
    world: World, people: People, opened: Callable[..., str], at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        a_plan(None, FIRST_FIFTH)
        referral = a_referral(at, partner=people.partner, stage="accepted")
        a_win(referral, at, minor=105_400)
        QueuedEvent.objects.update(stuck_at=at)

    assert "being worked out" not in opened(world.manager, f"/acme/manage/referrals/{referral.id}/")
