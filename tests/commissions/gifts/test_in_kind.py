"""Where the employer allows no money, a person's reward is a thing or a credit: never booked, theirs alone to read."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.test import Client

from commissions.accruals.models import Accrual, RewardInKind
from commissions.accruals.people import years_of_people
from commissions.accruals.reps import set_policy
from commissions.accruals.services import accrue_for_referrals, restate_referrals
from commissions.gifts.models import GiftAward
from commissions.gifts.selectors import programme_costs
from commissions.plans.rules import Trace, reproduced_minor
from commissions.plans.services import RuleTerms
from commissions.plans.terms import Policy, Terms
from commissions.verification import faults
from prm.accounts.capabilities import Role
from prm.accounts.models import User
from prm.events.services import SYSTEM, Actor
from prm.notices.models import Notice
from prm.tenancy.scope import tenant_scope
from referrals.pipeline.models import Referral
from referrals.pipeline.services import change_stage
from tests.builders.commissions import a_won_deal
from tests.builders.gifts import a_gift
from tests.builders.people import a_member
from tests.builders.referrals import a_partner, a_program, a_referral, stage_of
from tests.builders.refined import a_refined_plan
from tests.conftest import World

DAY = timedelta(days=1)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def test_a_spiff_without_money_becomes_a_thing_of_its_worth(
    world: World, deliver: Callable[[], int], at: datetime
) -> None:
    spiffs = (
        RuleTerms("won", "fixed", amount_minor=2_500, label="Spiff", terms=Terms(payee="rep")),
        RuleTerms("qualified", "fixed", amount_minor=1_000, label="Call", terms=Terms(payee="rep")),
    )
    with tenant_scope(world.acme.id):
        partner, program = a_partner("Ferrante"), a_program()
        won = RuleTerms("won", "fixed", amount_minor=50_000, label="Won")
        a_refined_plan(won, *spiffs, policy=Policy(after_loss="take_back"))
        a_gift(program, "goods", cost_minor=2_400)
        card = a_gift(program, "card", cost_minor=2_500, codes=("AAA-111",))
    inside: dict[str, Any] = {"partner_id": partner.id, "partner_name": "Ferrante"}
    luca, sara = (
        a_member(world.acme, Role.PARTNER_REP, f"{name}@ferrante.example", **inside)
        for name in ("luca", "sara")
    )
    boss = a_member(world.acme, Role.PARTNER_ADMIN, "boss@ferrante.example", **inside)
    with tenant_scope(world.acme.id):
        set_policy(partner_id=partner.id, allows="non_cash", actor=Actor(boss.id), at=at)
        deals = [
            a_won_deal(at + place * DAY, partner=partner, company=f"Deal {place}").referral_id
            for place in (1, 3)
        ]
        Referral.objects.filter(id__in=deals).update(submitted_by_id=luca.id)
        set_policy(partner_id=partner.id, allows="none", actor=Actor(boss.id), at=at + 2 * DAY)
        for _repeat in range(2):
            accrue_for_referrals(kind="won", referral_ids=deals, actor=SYSTEM, at=at + 4 * DAY)
    deliver()
    deliver()

    # The books know the company's rewards only; what came after the policy's change is nobody's.
    with tenant_scope(world.acme.id):
        assert {row.payee_id for row in Accrual.objects.all()} == {None}
        kept = RewardInKind.objects.get()
        assert kept.worth_minor == reproduced_minor(Trace.from_json(kept.trace)) == 2_500
        award = GiftAward.objects.get()
        assert (award.gift_id, award.person_id, award.state) == (card.id, luca.id, "sent")
        assert (award.cost_minor, award.reason) == (2_500, "Spiff")
        today = award.awarded_on
        assert programme_costs(program.id, today, today) == 2_500
        told = Notice.objects.filter(kind="gift.awarded").values_list("user_id", "path")
        assert list(told) == [(luca.id, "your-rewards/")]
        assert not list(faults())

    code = f"/acme/rewards/{award.id}/code/"
    assert "A card" in signed_in(luca).get("/acme/your-rewards/").content.decode()
    assert "A card" not in signed_in(sara).get("/acme/your-rewards/").content.decode()
    assert "A card" not in signed_in(boss).get("/acme/rewards/").content.decode()
    assert [signed_in(user).post(code).status_code for user in (sara, boss)] == [404, 404]
    assert "AAA-111" in signed_in(luca).post(code).content.decode()

    people = "/acme/rewards-for-people/"
    page = signed_in(boss).get(people).content.decode()
    assert ("Not money, worth:" in page, "€25.00" in page, "Not reported yet" in page) == (
        True,
        True,
        True,
    )
    year = at.year
    taxes = f"{people}taxes/"
    assert signed_in(boss).post(taxes, {"of": f"{sara.id}-{year}"}).status_code == 422
    signed_in(boss).post(taxes, {"of": f"{luca.id}-{year}"})
    assert "Reported on" in signed_in(boss).get(people).content.decode()


def test_what_is_no_longer_earned_is_not_delivered(
    world: World, deliver: Callable[[], int], at: datetime
) -> None:
    spiff = RuleTerms("qualified", "fixed", amount_minor=1_000, terms=Terms(payee="rep"))
    with tenant_scope(world.acme.id):
        partner = a_partner("Ferrante")
        a_refined_plan(spiff, policy=Policy(after_loss="take_back"))
    rep = a_member(world.acme, Role.PARTNER_REP, "rep@ferrante.example", partner_id=partner.id)
    with tenant_scope(world.acme.id):
        set_policy(partner_id=partner.id, allows="non_cash", actor=SYSTEM, at=at)
        sent = a_referral(at, partner=partner, stage="accepted")
        qualified = stage_of(sent.program_id, "qualified")
        change_stage(referral_id=sent.id, to_stage_id=qualified.id, actor=SYSTEM, at=at + DAY)
        referral = Referral.objects.filter(id=sent.id)
        referral.update(submitted_by_id=rep.id)
        accrue_for_referrals(kind="qualified", referral_ids=[sent.id], actor=SYSTEM, at=at + DAY)
    deliver()
    with tenant_scope(world.acme.id):
        award = GiftAward.objects.get()
        assert (award.kind, award.title, award.state) == ("credit", "Credit of €10.00", "waiting")
        assert [row.worth for row in years_of_people(partner.id)] == [{"EUR": 1_000}]
        referral.update(stage_kind="lost")
        restate_referrals(referral_ids=[sent.id], actor=SYSTEM, at=at + 2 * DAY)
    deliver()
    with tenant_scope(world.acme.id):
        award.refresh_from_db()
        assert (award.state, award.attempt) == ("failed", 2)
        assert [row.worth for row in years_of_people(partner.id)] == [{}]
