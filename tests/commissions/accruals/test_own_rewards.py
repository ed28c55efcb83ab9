"""A person sees what they earn themselves, and nothing else of the money; the company sees for whom each line is."""

from datetime import datetime, timedelta
from typing import Any

from django.test import Client

from commissions.accruals.reps import set_policy
from commissions.accruals.services import accrue_for_referrals
from commissions.plans.services import RuleTerms
from commissions.plans.terms import Terms
from commissions.statements.models import StatementLine
from commissions.statements.papers import what_for
from commissions.statements.services import issue_statement
from prm.accounts.capabilities import Role
from prm.events.services import SYSTEM, Actor
from prm.tenancy.scope import tenant_scope
from referrals.pipeline.models import Referral
from tests.builders.commissions import a_won_deal
from tests.builders.people import a_member
from tests.builders.referrals import a_partner
from tests.builders.refined import a_refined_plan
from tests.conftest import World


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def test_a_person_reads_their_own_rewards_and_nobody_elses(world: World, at: datetime) -> None:
    spiff = RuleTerms("won", "fixed", amount_minor=2_500, label="Spiff", terms=Terms(payee="rep"))
    with tenant_scope(world.acme.id):
        partner = a_partner("Ferrante")
        a_refined_plan(RuleTerms("won", "fixed", amount_minor=50_000, label="Won"), spiff)
    reps = [
        a_member(
            world.acme,
            Role.PARTNER_REP,
            f"{name}@ferrante.example",
            partner_id=partner.id,
        )
        for name in ("luca", "sara", "new")
    ]
    with tenant_scope(world.acme.id):
        set_policy(partner_id=partner.id, allows="cash", actor=Actor(reps[0].id), at=at)
        deals = []
        for place, rep in enumerate(reps[:2]):
            deals.append(
                a_won_deal(at + timedelta(days=place), partner=partner, company=f"Deal {place}")
            )
            Referral.objects.filter(id=deals[-1].referral_id).update(submitted_by_id=rep.id)
            accrue_for_referrals(
                kind="won", referral_ids=[deals[-1].referral_id], actor=SYSTEM, at=at
            )

    page = "/acme/your-rewards/"
    luca, sara, new = ([signed_in(rep).get(url) for url in (page, "/acme/")] for rep in reps)
    own = luca[0].content.decode()
    assert "Deal 0" in own
    assert "€25.00" in own
    assert "Deal 1" not in own
    assert "€500.00" not in own
    assert "Deal 0" not in sara[0].content.decode()
    assert "No reward yet" in new[0].content.decode()
    assert [f'href="{page}"' in home.content.decode() for _, home in (luca, sara, new)] == [
        True,
        True,
        False,
    ]
    # Of the company's line the person learns that it was earned; a colleague's reward stays out of the page.
    theirs, colleagues = (
        signed_in(reps[0]).get(f"/acme/referrals/{deal.referral_id}/").content.decode()
        for deal in deals
    )
    assert ("€25.00" in theirs, "€500.00" in theirs) == (True, False)
    assert "€25.00" not in colleagues

    with tenant_scope(world.acme.id):
        statement = issue_statement(
            partner_id=partner.id,
            currency="EUR",
            until_on=at.date() + timedelta(days=2),
            actor=SYSTEM,
            at=at + timedelta(days=3),
        )
        words = sorted(
            what_for(line.detail) for line in StatementLine.objects.filter(statement=statement)
        )
    assert words == ["Spiff, for Luca", "Spiff, for Sara", "Won", "Won"]
