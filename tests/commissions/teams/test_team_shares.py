"""A partner shares out what it earns among its people: to the cent, from a day ahead; what is owed is the same."""

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from commissions.accruals.models import Accrual
from commissions.accruals.services import accrue_for_referrals, claw_back
from commissions.ledger.selectors import balances_of
from commissions.plans.services import RuleTerms
from commissions.statements.models import StatementLine
from commissions.statements.papers import paper_of
from commissions.statements.services import issue_statement
from commissions.teams.models import TeamSplit
from commissions.teams.rules import NotWhole, check_shares, parts
from commissions.teams.services import NotAhead, NotOneOfTheTeam, set_team_split
from partners.directory.models import Enrollment
from prm.accounts.capabilities import Role
from prm.accounts.models import User
from prm.events.models import Event
from prm.events.services import SYSTEM, Actor
from prm.tenancy.scope import tenant_scope
from tests.builders.commissions import a_plan, a_won_deal
from tests.builders.people import a_member
from tests.builders.referrals import a_partner, a_program
from tests.conftest import World

DAY = timedelta(days=1)


@given(
    minor=st.integers(-(10**9), 10**9),
    cuts=st.lists(st.integers(1, 9_999), max_size=6, unique=True),
)
def test_parts_make_the_whole_to_the_cent(minor: int, cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), 10_000]
    shares = [end - start for start, end in pairwise(edges)]

    found = parts(minor, shares)

    check_shares(list(enumerate(shares)))
    assert sum(found) == minor
    for part, share in zip(found, shares, strict=True):
        assert abs(part * 10_000 - minor * share) < 10_000


@pytest.mark.parametrize("shares", [[(1, 6_000), (2, 3_999)], [(1, 6_000), (2, 4_001)], [(1, 1)]])
def test_shares_make_the_whole_or_are_refused(shares: list[tuple[int, int]]) -> None:
    with pytest.raises(NotWhole):
        check_shares(shares)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def test_what_is_earned_from_the_day_on_is_shared_out_and_owed_as_before(world: World) -> None:
    # The page shows a year back from the clock; noon is on one day in UTC and in the tenant's zone.
    at = timezone.now().replace(hour=12, minute=0, second=0, microsecond=0) - 5 * DAY
    with tenant_scope(world.acme.id):
        program = a_program()
        partner = a_partner("Ferrante", program=program)
        Enrollment.objects.get_or_create(partner=partner, program=program)
        a_plan(program, RuleTerms("won", "fixed", amount_minor=10_001), hold_days=0)
    inside: dict[str, Any] = {"partner_id": partner.id, "partner_name": "Ferrante"}
    boss = a_member(world.acme, Role.PARTNER_ADMIN, "boss@ferrante.example", **inside)
    sara = a_member(world.acme, Role.PARTNER_REP, "sara@ferrante.example", **inside)
    stranger = world.manager
    said: dict[str, Any] = {
        "partner_id": partner.id,
        "program_id": program.id,
        "is_shown": True,
        "actor": Actor(boss.id),
        "at": at,
    }
    half = [(boss.id, 5_000), (sara.id, 5_000)]
    tomorrow = at.date() + DAY
    with tenant_scope(world.acme.id):
        for shares, from_on, refused in (
            (half, at.date(), NotAhead),
            ([(boss.id, 5_000), (stranger.id, 5_000)], tomorrow, NotOneOfTheTeam),
        ):
            with pytest.raises(refused):
                set_team_split(shares=shares, from_on=from_on, **said)
        assert not TeamSplit.objects.exists()
        for _repeat in range(2):
            set_team_split(shares=half, from_on=tomorrow, **said)
        assert TeamSplit.objects.count() == 1
        assert Event.objects.filter(name="partner.team_split_set").count() == 1
        for place in (0, 1):
            deal = a_won_deal(at + place * DAY, partner=partner, company=f"Deal {place}")
            accrue_for_referrals(
                kind="won", referral_ids=[deal.referral_id], actor=SYSTEM, at=at + place * DAY
            )
        newest = Accrual.objects.latest("earned_at")
        claw_back(
            accrual_id=newest.id, amount_minor=3, reason="Slip", key="x", actor=SYSTEM, at=at + DAY
        )
        assert balances_of(partner.id, "EUR").owed == 2 * 10_001 - 3
        statement = issue_statement(
            partner_id=partner.id,
            currency="EUR",
            until_on=at.date() + 2 * DAY,
            actor=SYSTEM,
            at=at + 3 * DAY,
        )
        below = [line.below for part in paper_of(statement).sections for line in part.lines]
        lines = StatementLine.objects.filter(statement=statement)
        assert sum(line.amount_minor for line in lines) == 2 * 10_001 - 3

    assert [words.partition("shared out: ")[2] for words in below] == [
        "",
        "Boss €50.01, Sara €50.00",
        "Boss \N{MINUS SIGN}€0.02, Sara \N{MINUS SIGN}€0.01",
    ]
    page = signed_in(sara).get("/acme/your-rewards/").content.decode()
    assert "Your part of your company" in page
    assert "€49.99" in page


def test_the_form_names_what_does_not_add_up_and_keeps_what_was_typed(
    world: World, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        program = a_program()
        partner = a_partner("Ferrante", program=program)
        Enrollment.objects.get_or_create(partner=partner, program=program)
    inside: dict[str, Any] = {"partner_id": partner.id, "partner_name": "Ferrante"}
    boss = a_member(world.acme, Role.PARTNER_ADMIN, "boss@ferrante.example", **inside)
    sara = a_member(world.acme, Role.PARTNER_REP, "sara@ferrante.example", **inside)
    client = signed_in(boss)
    url = f"/acme/team-shares/{program.id}/"
    first_day = client.get(url).context["form"]["from_on"].initial.isoformat()

    posted = {f"share_{boss.id}": "60", f"share_{sara.id}": "30,5", "from_on": first_day}
    refused = client.post(url, posted)

    assert refused.status_code == 422
    page = refused.content.decode()
    assert "The shares add up to 90.5%" in page
    assert 'value="30,5"' in page
    assert client.post(url, {**posted, f"share_{sara.id}": "40"}).status_code == 303
    assert "Boss 60%, Sara 40%" in client.get(url).content.decode()
    with tenant_scope(world.acme.id):
        assert list(
            TeamSplit.objects.get().shares.order_by("place").values_list("user_id", "share")
        ) == [(boss.id, 6_000), (sara.id, 4_000)]
