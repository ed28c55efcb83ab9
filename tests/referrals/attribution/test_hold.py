"""Signs of a partner's own business hold a referral for a person; nothing is cancelled by itself."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from commissions.accruals.models import Accrual, Release
from commissions.accruals.services import accrue_for_events, release_due
from commissions.earnings.lines import lines_for
from partners.directory.models import Partner
from prm.events.models import Event
from prm.events.services import SYSTEM, Actor
from prm.notices.models import Notice
from prm.tenancy.links import tenant_path
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from referrals.attribution.holding import (
    HoldReasonRequired,
    NotHeld,
    assess,
    decide_hold,
    hold,
)
from referrals.attribution.models import Hold, Signal
from referrals.attribution.rules import Known, Lead, Settings, self_signals
from referrals.attribution.services import set_attribution_rules
from referrals.pipeline.models import Referral, StageKind
from referrals.revenue.models import RevenueEvent
from tests.builders.commissions import a_plan, a_won_deal
from tests.builders.payouts import bank_details
from tests.builders.referrals import a_partner, a_program, a_referral, people_of
from tests.conftest import World

OWN = Known(
    domains=frozenset({"brightwater.example"}),
    emails=frozenset({"abe@gmail.com"}),
    tax_ids=frozenset({"IE1234567T"}),
    names=frozenset({"brightwater"}),
)
LINKED = Known(domains=frozenset({"sister.example"}), tax_ids=frozenset({"IE7"}))


@pytest.mark.parametrize(
    ("lead", "found"),
    [
        pytest.param(Lead(email="abe@gmail.com"), ["own_person"], id="the very person"),
        pytest.param(Lead(email="eve@gmail.com"), [], id="free mail is no company"),
        pytest.param(Lead(domain="brightwater.example"), ["own_domain"], id="own domain"),
        pytest.param(Lead(tax_id="IE1234567T"), ["own_tax_number"], id="own tax number"),
        pytest.param(Lead(name="brightwater"), ["own_name"], id="own name"),
        pytest.param(Lead(domain="sister.example"), ["linked_company"], id="one bank account"),
        pytest.param(Lead(tax_id="IE7"), ["linked_company"], id="linked by tax number"),
        pytest.param(Lead(domain="rival.example"), ["partner_domain"], id="another partner"),
        pytest.param(Lead(domain="kestrel.example", email="t@kestrel.example"), [], id="a lead"),
        pytest.param(Lead(), [], id="nothing known"),
    ],
)
def test_signs_are_found(lead: Lead, found: list[str]) -> None:
    rivals = frozenset({"rival.example"})

    assert self_signals(lead, OWN, LINKED, rivals, exempt=False) == found


def test_a_partner_that_may_refer_itself_gives_no_sign_but_anothers_domain() -> None:
    rivals = frozenset({"rival.example"})

    own = self_signals(Lead(domain="brightwater.example"), OWN, LINKED, rivals, exempt=True)
    other = self_signals(Lead(domain="rival.example"), OWN, LINKED, rivals, exempt=True)

    assert (own, other) == ([], ["partner_domain"])


def own_referral(at: datetime) -> Referral:
    """Return a referral of the partner's own company."""
    partner = a_partner(domain="brightwater.example", website="https://brightwater.example")
    return a_referral(
        at,
        partner=partner,
        company="Aurora",
        website="https://www.brightwater.example",
        contact_email="x@brightwater.example",
    )


def test_a_sign_holds_and_a_repeat_holds_once(acme: Tenant, at: datetime) -> None:
    referral = own_referral(at)

    first = assess(referral_id=referral.id, at=at)
    again = assess(referral_id=referral.id, at=at)

    referral.refresh_from_db()
    assert ([row.kind for row in first], again) == (["own_domain"], [])
    assert (referral.held_at, referral.stage_kind) == (at, StageKind.SUBMITTED)
    assert Hold.objects.count() == 1


def test_one_bank_account_links_two_partners(acme: Tenant, at: datetime) -> None:
    sister = a_partner("Sister", domain="sister.example")
    referral = a_referral(
        at, partner=a_partner(), company="Sister Trading", website="https://sister.example"
    )
    for partner in (sister, a_partner()):
        bank_details(partner.id, at=at)

    assess(referral_id=referral.id, at=at)

    assert set(Signal.objects.values_list("kind", flat=True)) == {
        "linked_company",
        "partner_domain",
    }


def test_more_than_the_programs_number_in_a_day_is_a_sign(acme: Tenant, at: datetime) -> None:
    program = a_program()
    set_attribution_rules(program_id=program.id, settings=Settings(velocity=2), actor=SYSTEM, at=at)
    rows = [
        a_referral(at, partner=a_partner(), company=f"Lead {n}", contact_email=f"a@lead{n}.example")
        for n in range(3)
    ]

    found = [assess(referral_id=row.id, at=at) for row in rows[2:]]

    assert [(sign.kind, sign.facts) for sign in found[0]] == [("velocity", {"count": 3})]


def held_win(at: datetime) -> Referral:
    """Return a won referral on hold whose reward is due."""
    a_plan(hold_days=0)
    customer = a_won_deal(at)
    hold(referral_id=customer.referral_id, note="Odd", actor=SYSTEM, at=at)
    payment = RevenueEvent.objects.get(customer_id=customer.id)
    accrue_for_events(revenue_event_ids=[payment.id], actor=SYSTEM, at=at)
    return Referral.objects.get(id=customer.referral_id)


def test_held_money_stays_pending_and_reads_under_review(acme: Tenant, at: datetime) -> None:
    held_win(at)
    later = at + timedelta(days=400)

    release_due(until=later, at=later)

    line = lines_for(list(Accrual.objects.all()), now=later, staff=False)[0]
    assert not Release.objects.exists()
    assert (line.state, line.amount_minor) == ("review", 20_000)


def test_a_lifted_hold_releases_what_is_due(
    world: World, deliver: Callable[[], int], at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        referral = held_win(at)
        decide_hold(
            referral_id=referral.id,
            outcome="lifted",
            reason="All fine",
            actor=Actor(user_id=world.manager.id),
            at=at,
        )
    deliver()

    with tenant_scope(world.acme.id):
        referral.refresh_from_db()
        assert referral.held_at is None
        assert Release.objects.get().amount_minor == 20_000


def test_a_declined_hold_takes_back_and_says_why(
    world: World, deliver: Callable[[], int], at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        people = people_of(world.acme)
        referral = held_win(at)
        decide_hold(
            referral_id=referral.id,
            outcome="declined",
            reason="It is your own company",
            actor=Actor(user_id=world.manager.id),
            at=at,
        )
    deliver()
    deliver()

    with tenant_scope(world.acme.id):
        assert Accrual.objects.get().clawed_minor == 20_000
        notice = Notice.objects.get(kind="referral.hold_decided", user_id=people.admin.id)
        assert notice.facts["reason"] == "It is your own company"


def test_a_declined_submission_is_declined_with_the_same_words(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        referral = own_referral(at)
        assess(referral_id=referral.id, at=at)
        decide_hold(
            referral_id=referral.id,
            outcome="declined",
            reason="Your own company",
            actor=Actor(user_id=world.manager.id),
            at=at,
        )

        referral.refresh_from_db()
        assert referral.stage_kind == StageKind.REJECTED


def test_only_a_person_with_a_reason_ends_a_hold_and_only_once(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        referral = own_referral(at)
        assess(referral_id=referral.id, at=at)
        person = Actor(user_id=world.manager.id)
        common: dict[str, Any] = {"referral_id": referral.id, "outcome": "lifted", "at": at}

        with pytest.raises(HoldReasonRequired):
            decide_hold(**common, reason=" ", actor=person)
        with pytest.raises(ValueError, match="a person"):
            decide_hold(**common, reason="So", actor=SYSTEM)
        assert Hold.objects.get().decided_at is None
        decide_hold(**common, reason="So", actor=person)
        with pytest.raises(NotHeld):
            decide_hold(**common, reason="So", actor=person)
        assert Event.objects.filter(name="referral.hold_lifted").count() == 1


def test_partner_people_cannot_read_signs(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        referral = own_referral(at)
        assess(referral_id=referral.id, at=at)
        partner: Partner = referral.partner

    with tenant_scope(world.acme.id, partner.id):
        assert Referral.objects.get().held_at == at
        assert (Signal.objects.count(), Hold.objects.count()) == (0, 0)


def test_the_queue_and_the_page_of_a_held_referral_lead_to_the_decision(
    world: World, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        referral = own_referral(at)
        assess(referral_id=referral.id, at=at)
    client = Client()
    client.force_login(world.manager)
    decide = tenant_path(world.acme, "referrals:manage-hold", referral_id=referral.id)
    accept = tenant_path(world.acme, "referrals:manage-referral-accept", referral_id=referral.id)

    queue = client.get(tenant_path(world.acme, "referrals:queue")).text
    page = client.get(
        tenant_path(world.acme, "referrals:manage-referral-detail", referral_id=referral.id)
    )

    assert (decide in queue, accept in queue) == (True, False)
    assert (page.status_code, decide in page.text) == (200, True)


def test_the_list_of_held_referrals_has_a_caption_and_the_signs_in_words(
    world: World, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        assess(referral_id=own_referral(at).id, at=at)
    client = Client()
    client.force_login(world.manager)

    page = client.get(tenant_path(world.acme, "referrals:manage-hold-list")).text

    assert '<caption class="vh">Held referrals, longest first</caption>' in page
    assert "UUID(" not in page
