"""The second partner of a split is paid its part: run, payment, statement, PDF and CSV say what the ledger says."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from pypdf import PdfReader

from commissions.accruals.models import Accrual
from commissions.ledger.selectors import balances_of
from commissions.payouts.models import Payout
from commissions.payouts.services import settle_all
from commissions.statements.models import Statement
from commissions.statements.papers import export_header, export_rows, paper_of
from commissions.statements.pdf import statement_pdf
from commissions.statements.services import issue_statement
from commissions.verification import faults
from prm.accounts.models import User
from prm.events.services import SYSTEM, Actor
from prm.money import Money
from prm.tenancy.links import tenant_path
from prm.tenancy.scope import tenant_scope
from prm.web.exports import csv_lines
from referrals.attribution.crediting import set_credits
from referrals.pipeline.models import Referral
from referrals.revenue.services import win_referral
from tests.builders.commissions import a_plan
from tests.builders.payouts import bank_details, exported_run
from tests.builders.referrals import a_referral, people_of, stage_of
from tests.conftest import World

# 20 % of 1,234.57 is 246.91; 65 to 35 of that, the odd cent to the first.
WHOLE, SECOND = 24_691, 8_642


@dataclass(frozen=True)
class Scene:
    """Both partners' people, the first one's referral, and the second one's payment and statement."""

    first: Any
    second: Any
    referral: Referral
    payout: Payout
    statement: Statement


@pytest.fixture
def scene(world: World, deliver: Callable[[], int], at: datetime) -> Scene:
    later = at + timedelta(days=1)
    with tenant_scope(world.acme.id):
        first, second = people_of(world.acme), people_of(world.acme, "Solea")
        a_plan(hold_days=0)
        referral = a_referral(at, partner=first.partner, by=first.rep, stage="accepted")
        shares = ((first.partner.id, "source", 6_500), (second.partner.id, "source", 3_500))
        set_credits(
            referral_id=referral.id,
            credits=shares,
            reason="Both worked",
            actor=Actor(world.manager.id),
            at=at,
        )
        won = stage_of(referral.program_id, "won").id
        win_referral(
            referral_id=referral.id,
            to_stage_id=won,
            deal=Money(123_457, "EUR"),
            actor=SYSTEM,
            at=at,
        )
        for people in (first, second):
            bank_details(people.partner.id, at=at, holder=people.partner.name)
    deliver()
    with tenant_scope(world.acme.id):
        run = exported_run(at=later, user_id=world.finance.id, approver_id=world.second_finance.id)
        settle_all(run_id=run.id, actor=Actor(world.finance.id), at=later)
        payout = Payout.objects.get(partner_id=second.partner.id)
        statement = issue_statement(
            partner_id=second.partner.id,
            currency="EUR",
            until_on=later.date(),
            actor=SYSTEM,
            at=later,
        )
        return Scene(first, second, referral, payout, statement)


def page_of(world: World, user: User, name: str, **ids: UUID) -> str:
    client = Client()
    client.force_login(user)
    return client.get(tenant_path(world.acme, name, **ids)).text


def test_run_statement_and_ledger_agree(world: World, scene: Scene) -> None:
    with tenant_scope(world.acme.id):
        assert sum(row.amount_minor for row in Accrual.objects.all()) == WHOLE
        assert scene.payout.amount_minor == SECOND
        assert (scene.statement.earned_minor, scene.statement.paid_minor) == (SECOND, SECOND)
        left = balances_of(partner_id=scene.second.partner.id, currency="EUR")
        assert (left.payable, scene.statement.closing_minor) == (0, 0)
        assert list(faults()) == []


def test_the_papers_say_the_part_and_nothing_of_the_first_partner(
    world: World, scene: Scene
) -> None:
    with tenant_scope(world.acme.id):
        statement = Statement.objects.get(id=scene.statement.id)
        line = paper_of(statement).sections[0].lines[0]
        pdf = " ".join(
            " ".join(
                page.extract_text()
                for page in PdfReader(io.BytesIO(statement_pdf(statement))).pages
            ).split()
        )
        table = "".join(csv_lines(export_header(), export_rows(statement)))

    calculation = "20% of €1,234.57, of it 35% for bringing the deal"
    assert (line.title, line.calculation, line.amount) == (
        "Kestrel Logistics",
        calculation,
        "€86.42",
    )
    for paper in (pdf, table):
        assert "Kestrel Logistics" in paper
        assert calculation in paper
        assert "86.42" in paper
        hidden = ("Brightwater", scene.referral.number, "160.49", "Tom Ashdown")
        assert [word for word in hidden if word in paper] == []


def test_its_payment_says_what_for(world: World, scene: Scene) -> None:
    page = page_of(
        world, scene.second.admin, "commissions:payout-detail", payout_id=scene.payout.id
    )

    assert "Kestrel Logistics" in page
    assert "of it 35% for bringing the deal" in page
    assert [word for word in ("Brightwater", scene.referral.number, "160.49") if word in page] == []
