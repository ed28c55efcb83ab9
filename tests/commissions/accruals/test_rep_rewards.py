"""A partner's person earns beside the partner only what the partner allows, from then on."""

from datetime import datetime, timedelta

from commissions.accruals.models import Accrual
from commissions.accruals.reps import policy_of, set_policy
from commissions.accruals.services import accrue_for_referrals
from commissions.plans.services import RuleTerms
from commissions.plans.terms import Terms
from commissions.verification import faults
from prm.accounts.capabilities import Role
from prm.events.models import Event
from prm.events.services import SYSTEM, Actor
from prm.tenancy.scope import tenant_scope
from referrals.pipeline.models import Referral
from tests.builders.commissions import a_won_deal
from tests.builders.people import a_member
from tests.builders.referrals import a_partner
from tests.builders.refined import a_refined_plan
from tests.conftest import World


def test_the_employers_word_counts_from_the_moment_it_is_given(world: World, at: datetime) -> None:
    spiff = RuleTerms("won", "fixed", amount_minor=2_500, terms=Terms(payee="rep"))
    with tenant_scope(world.acme.id):
        partner = a_partner("Ferrante")
        a_refined_plan(RuleTerms("won", "fixed", amount_minor=50_000), spiff)
    rep = a_member(world.acme, Role.PARTNER_REP, "rep@ferrante.example", partner_id=partner.id)
    boss = Actor(user_id=rep.id)

    earned = []
    with tenant_scope(world.acme.id):
        for place, allows in enumerate(("", "cash", "none", "non_cash")):
            moment = at + timedelta(days=place)
            if allows:
                set_policy(partner_id=partner.id, allows=allows, actor=boss, at=moment)
                set_policy(partner_id=partner.id, allows=allows, actor=boss, at=moment)
            deal = a_won_deal(moment, partner=partner, company=f"C{place}")
            Referral.objects.filter(id=deal.referral_id).update(submitted_by_id=rep.id)
            accrue_for_referrals(
                kind="won", referral_ids=[deal.referral_id], actor=SYSTEM, at=moment
            )
            rows = Accrual.objects.filter(referral_id=deal.referral_id).order_by("amount_minor")
            earned.append([(row.amount_minor, row.payee_id) for row in rows])

        company = (50_000, None)
        assert earned == [[company], [(2_500, rep.id), company], [company], [company]]
        assert policy_of(partner.id, at) == "none"
        assert Event.objects.filter(name="partner.rep_rewards_set").count() == 3
        assert not list(faults())
