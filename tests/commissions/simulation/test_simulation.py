"""A plan tried on the history: what is in force reproduces the books; a draft shows who gets more; no booking."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.test import Client

from commissions.accruals.histories import History
from commissions.accruals.models import Accrual, PricedEvent
from commissions.accruals.reps import set_policy
from commissions.accruals.services import (
    EVERYTHING,
    accrue_chunk,
    accrue_for_referrals,
    accrue_pending,
    claw_back_refund,
)
from commissions.gifts.models import GiftAward
from commissions.overrides.selectors import overrides_of
from commissions.plans.models import PlanVersion
from commissions.plans.selectors import published_terms, version_terms
from commissions.plans.services import PlanTerms, RuleTerms, create_version
from commissions.plans.terms import Terms
from commissions.simulation.models import SimulatedPartner, Simulation
from commissions.simulation.replaying import Replayed, Span, replay
from commissions.simulation.rules import Result, Targets, warnings_of
from commissions.simulation.selectors import broken_bounds
from commissions.simulation.services import set_targets, simulate
from partners.directory.models import Partner
from partners.programs.models import Program
from prm.accounts.capabilities import Role
from prm.events.relay import relay_tenant
from prm.events.services import SYSTEM
from prm.jobs.services import run
from prm.money import Money
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from referrals.attribution.crediting import set_credits
from referrals.pipeline.models import Referral
from referrals.revenue.models import RevenueEvent
from referrals.revenue.services import record_refund
from tests.builders.commissions import TWENTY_PERCENT, WON_500, a_payment, a_plan, a_won_deal
from tests.builders.people import a_member, a_tenant
from tests.builders.referrals import a_partner, a_program
from tests.builders.refined import a_refined_plan, a_year
from tests.conftest import World

EVER = Span(date(2020, 1, 1), date(2030, 1, 1))
DAY = timedelta(days=1)


def a_draft(program: Program, *rules: RuleTerms, at: datetime) -> PlanVersion:
    """Leave a draft beside what is in force."""
    return create_version(
        program_id=program.id,
        terms=PlanTerms(rules),
        starts_at=at + 400 * DAY,
        actor=SYSTEM,
        at=at,
    )


def replayed(partner: Partner, program: Program, version: PlanVersion) -> Replayed:
    return replay(
        History(partner.id, program.id, frozenset()),
        terms=published_terms([program.id])[program.id],
        overrides=overrides_of([program.id]).get((program.id, partner.id), []),
        draft=version_terms(version),
        span=EVER,
    )


def sums(amounts: Mapping[tuple[UUID, str], int]) -> int:
    return sum(amounts.values())


def test_replaying_bands_bonuses_and_caps_gives_what_is_booked(world: World, at: datetime) -> None:
    tenant = a_tenant("bands")
    with tenant_scope(tenant.id):
        version = a_refined_plan()
        year = a_year(at)
    accrue_pending(tenant.id, at=at + 200 * DAY, limit=3)
    with tenant_scope(tenant.id):
        for refund in year.refunds:
            claw_back_refund(refund_id=refund, actor=SYSTEM, at=at + 200 * DAY)
        kept = PricedEvent.objects.count()
        found = replayed(Partner.objects.get(id=year.partner_id), version.program, version)
        live = Accrual.objects.filter(replaced_at=None)

        assert found.differing == []
        assert found.booked_minor == sum(row.amount_minor for row in live) > 0
        assert sums(found.old) == sum(row.amount_minor - row.clawed_minor for row in live)
        # The version in force, tried as a draft, is the same to the cent; nothing was kept of the try.
        assert found.new == found.old
        assert PricedEvent.objects.count() == kept


def test_a_split_reward_and_refunds_are_everybodys_own(acme: Tenant, at: datetime) -> None:
    program = a_program()
    version = a_plan(program)
    solea, brio = a_partner("Solea", program=program), a_partner("Brio", program=program)
    customer = a_won_deal(at, partner=solea, program=program, deal_minor=99_999)
    set_credits(
        referral_id=customer.referral_id,
        credits=[(solea.id, "source", 6_000), (brio.id, "source", 4_000)],
        reason="Both",
        actor=SYSTEM,
        at=at,
    )
    sale = RevenueEvent.objects.get(customer_id=customer.id)
    book(at)
    record_refund(
        external_id="R-1",
        kind="refund",
        refunds_id=sale.id,
        amount=Money(33_333, "EUR"),
        booked_at=at + DAY,
        source="form",
        actor=SYSTEM,
        at=at + DAY,
    )

    found = replayed(solea, program, version)

    assert found.differing == []
    assert {partner for partner, _month in found.old} == {solea.id, brio.id}


def book(at: datetime) -> None:
    """Book what is pending inside the open scope."""
    for kind in ("qualified", "won", "revenue"):
        accrue_chunk(kind=kind, pending=EVERYTHING, after=None, actor=SYSTEM, at=at)


def test_a_draft_shows_winners_losers_and_bounds_as_a_task(world: World, at: datetime) -> None:
    tenant = world.acme
    with tenant_scope(tenant.id):
        program = a_program()
        a_plan(program)
        big, small = a_partner("Big", program=program), a_partner("Small", program=program)
        a_won_deal(at, partner=big, program=program, deal_minor=1_000_000)
        customer = a_won_deal(
            at + DAY, partner=small, program=program, deal_minor=10_000, company="Little Ltd"
        )
        a_payment(customer, 5_000, at + 2 * DAY)
        draft = a_draft(program, WON_500, at=at)
        set_targets(
            program_id=program.id,
            targets=Targets(lead_ceiling=49_999, customer_ceiling=60_000, customer_floor=50_001),
            actor=SYSTEM,
            at=at,
        )
    accrue_pending(tenant.id, at=at + 3 * DAY)
    with tenant_scope(tenant.id):
        simulation = simulate(version_id=draft.id, span=EVER, actor=SYSTEM, at=at)
    assert simulation.job_id
    run(tenant.id, simulation.job_id)

    with tenant_scope(tenant.id):
        simulation = Simulation.objects.get()
        result = Result.from_json(simulation.result or {})
        assert (result.old_minor, result.new_minor) == (203_000, 100_000)
        assert (result.partners, result.winners, result.losers) == (2, 1, 1)
        assert (result.leads, result.customers, result.reproduces) == (2, 2, True)
        assert sorted(broken_bounds(simulation)) == ["floor", "lead"]
        lines = SimulatedPartner.objects.order_by("difference_minor")
        assert [(row.partner_id, row.difference_minor) for row in lines] == [
            (big.id, -150_000),
            (small.id, 47_000),
        ]
        assert not Accrual.objects.filter(version_id=draft.id).exists()

    # What was tried is said where it is published, as long as it is what is published.
    admin = Client()
    admin.force_login(world.admin)
    tried_at = f"/acme/manage/simulations/{simulation.id}/"
    publish = f"/acme/manage/programs/{program.id}/plans/draft/publish/"
    page = admin.get(publish).text
    assert f'href="{tried_at}"' in page
    assert "−€1,030.00. Partners that get more: 1, less: 1." in page
    assert f'href="{publish}"' in admin.get(tried_at).text
    with tenant_scope(tenant.id):
        a_draft(program, TWENTY_PERCENT, at=at)
    assert f'href="{tried_at}"' not in admin.get(publish).text
    page = admin.get(tried_at).text
    assert ("The draft has changed since" in page, f'href="{publish}"' in page) == (True, False)


def test_a_changed_draft_is_not_shown_as_tried(world: World, at: datetime) -> None:
    tenant = world.acme
    with tenant_scope(tenant.id):
        program = a_program()
        a_plan(program)
        a_won_deal(at, program=program)
        draft = a_draft(program, WON_500, at=at)
        simulation = simulate(version_id=draft.id, span=EVER, actor=SYSTEM, at=at)
        a_draft(program, TWENTY_PERCENT, at=at)
    assert simulation.job_id
    run(tenant.id, simulation.job_id)

    with tenant_scope(tenant.id):
        assert Simulation.objects.get().result is None


def test_bounds() -> None:
    result = Result(new_minor=90_000, fees_minor=5_000, goods_minor=5_000, leads=10, customers=2)

    assert warnings_of(result, Targets()) == []
    assert warnings_of(result, Targets(10_000, 50_000, 49_999)) == []
    assert warnings_of(result, Targets(9_999, 49_999, None)) == ["lead", "customer"]
    assert warnings_of(result, Targets(None, None, 50_001)) == ["floor"]
    assert warnings_of(Result(), Targets(1, 1, 1)) == []
    assert Decimal(result.per_customer(result.new_cost_minor) or 0) == 50_000
    # What a plan gives people beside money costs as much as money.
    things = replace(result, new_things_minor=100)
    assert warnings_of(things, Targets(10_000, 50_000, None)) == ["lead", "customer"]


def test_a_reward_of_a_person_without_money_is_in_the_cost_of_both_plans_once(
    world: World, at: datetime
) -> None:
    tenant = world.acme
    spiff, more = (
        RuleTerms("won", "fixed", amount_minor=minor, terms=Terms(payee="rep"))
        for minor in (2_500, 4_000)
    )
    with tenant_scope(tenant.id):
        program = a_program()
        a_refined_plan(WON_500, spiff)
        partner = a_partner("Ferrante", program=program)
    rep = a_member(tenant, Role.PARTNER_REP, "luca@ferrante.example", partner_id=partner.id)
    with tenant_scope(tenant.id):
        set_policy(partner_id=partner.id, allows="non_cash", actor=SYSTEM, at=at - DAY)
        customer = a_won_deal(at, partner=partner, program=program)
        Referral.objects.filter(id=customer.referral_id).update(submitted_by_id=rep.id)
        accrue_for_referrals(
            kind="won", referral_ids=[customer.referral_id], actor=SYSTEM, at=at + DAY
        )
        draft = a_draft(program, WON_500, more, at=at)
        simulation = simulate(version_id=draft.id, span=EVER, actor=SYSTEM, at=at)
    relay_tenant(tenant.id)
    assert simulation.job_id
    run(tenant.id, simulation.job_id)

    with tenant_scope(tenant.id):
        result = Result.from_json(Simulation.objects.get().result or {})
        assert GiftAward.objects.get().cost_minor == 2_500
        assert (result.old_minor, result.new_minor, result.reproduces) == (50_000, 50_000, True)
        assert (result.old_things_minor, result.new_things_minor) == (2_500, 4_000)
        # The award that was given for it is not counted again.
        assert result.goods_minor == 0
        assert result.per_customer(result.old_cost_minor) == 52_500
        assert result.per_customer(result.new_cost_minor) == 54_000
