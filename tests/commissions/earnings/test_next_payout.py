"""A partner reads what its next payment is made of: commissions and prizes, each counted as what it is."""

from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from commissions.accruals.services import release_due
from commissions.contests.services import settle_contest
from commissions.earnings.pages import made_of_words
from prm.accounts.capabilities import Role
from prm.events.services import SYSTEM
from prm.tenancy.scope import tenant_scope
from tests.builders.commissions import an_accrual
from tests.builders.contests import TERMS, a_contest
from tests.builders.payouts import approved_run, bank_details
from tests.builders.people import a_member
from tests.builders.referrals import a_partner
from tests.commissions.contests.test_contests import a_win
from tests.conftest import World


@pytest.mark.parametrize(
    ("commissions", "prizes", "words"),
    [
        pytest.param(2, 0, "from 2 commissions", id="commissions"),
        pytest.param(0, 1, "from 1 prize", id="a prize alone"),
        pytest.param(1, 2, "from 1 commission and 2 prizes", id="both"),
        pytest.param(1_001, 0, "from 1,000+ commissions", id="more than are counted"),
        pytest.param(0, 0, "", id="nothing that has a name"),
    ],
)
def test_kinds_are_counted_apart(commissions: int, prizes: int, words: str) -> None:
    assert made_of_words(commissions, prizes) == words


def test_before_and_after_the_approval_the_same_is_named(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        partner = a_partner("Brightwater")
        accrual = an_accrual(at, partner=partner)
        contest = a_contest(accrual.version.program)
        a_win(partner, contest.program, TERMS.starts_at)
        settle_contest(contest_id=contest.id, actor=SYSTEM, at=at)
        release_due(until=accrual.payable_at, at=at, accrual_ids=[accrual.id])
        bank_details(partner.id, at=at)
        inside: dict[str, Any] = {"partner_id": partner.id, "partner_name": partner.name}
        boss = a_member(world.acme, Role.PARTNER_ADMIN, "boss@brightwater.example", **inside)
    client = Client()
    client.force_login(boss)
    words = "from 1 commission and 1 prize"

    before = client.get("/acme/earnings/").content.decode()
    with tenant_scope(world.acme.id):
        approved_run(at=at, user_id=world.finance.id, approver_id=world.second_finance.id)
    after = client.get("/acme/earnings/").content.decode()

    assert (words in before, words in after) == (True, True)
