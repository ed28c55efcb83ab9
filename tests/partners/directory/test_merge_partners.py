"""Two entries of one organisation become one: everything follows, sums before equal sums after, links lead on."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from commissions.accruals.models import Accrual
from commissions.accruals.services import claw_back, release_due
from commissions.ledger.models import Transfer
from commissions.ledger.selectors import partner_balances, tenant_liability
from commissions.payouts.models import Payout, PayoutRun
from commissions.statements.services import issue_statement
from commissions.verification import faults
from partners.directory.merging import MergeRefused, SamePartner, likely_pairs, merge_partners
from partners.directory.models import (
    Enrollment,
    Partner,
    PartnerGoal,
    PartnerProfile,
    PartnerState,
)
from partners.directory.services import PartnerWasMerged, add_partner, change_partner_state
from partners.onboarding.models import Entitlement
from prm.accounts.capabilities import Role
from prm.accounts.models import Membership
from prm.events.models import Event
from prm.events.services import SYSTEM
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from referrals.pipeline.models import Referral, StageChange
from referrals.revenue.models import Customer, RevenueEvent
from tests.builders.merges import a_duplicate
from tests.builders.payouts import bank_details, submitted_run
from tests.builders.people import a_member
from tests.builders.referrals import a_partner, a_program
from tests.conftest import World

LATER = timedelta(days=90)


def merge(gone: Partner, stays: Partner, at: datetime) -> Partner:
    return merge_partners(
        from_id=gone.id, into_id=stays.id, reason="Entered twice", actor=SYSTEM, at=at
    )


def sums(*partners: Partner) -> tuple[int, ...]:
    found = [row for partner in partners for row in partner_balances(partner.id)]
    return tuple(
        sum(getattr(row, name) for row in found)
        for name in ("pending", "payable", "in_payout", "disputed")
    )


def test_sums_before_equal_sums_after(acme: Tenant, at: datetime) -> None:
    gone, stays = a_duplicate(at)
    before, owed = sums(gone, stays), tenant_liability()
    assert before[0] > 0
    assert before[1] > 0
    transfers = list(Transfer.objects.order_by("id").values())

    merge(gone, stays, at + LATER)

    assert sums(stays) == before
    assert sums(gone) == (0, 0, 0, 0)
    assert tenant_liability() == owed
    # Nothing in the books was edited.
    assert list(Transfer.objects.order_by("id").values())[: len(transfers)] == transfers
    assert list(faults()) == []


def test_holds_end_and_rewards_are_taken_back_under_the_one_that_stays(
    acme: Tenant, at: datetime
) -> None:
    gone, stays = a_duplicate(at)
    held = Accrual.objects.get(partner=gone, clawed_minor__gt=0)
    merge(gone, stays, at + LATER)
    total = sum(sums(stays))

    release_due(until=at + LATER, at=at + LATER)
    claw_back(
        accrual_id=held.id, amount_minor=500, reason="More", key="more", actor=SYSTEM, at=at + LATER
    )

    assert sums(stays)[0] == 0
    assert sum(sums(stays)) == total - 500
    assert sums(gone) == (0, 0, 0, 0)
    assert list(faults()) == []


def test_a_balance_below_zero_moves_too(acme: Tenant, at: datetime) -> None:
    gone, stays = a_duplicate(at)
    early = Accrual.objects.filter(partner=gone, clawed_minor=0).get()
    # Pay it in books alone: a clawback after the payout leaves the payable account below zero.
    from commissions.ledger.services import account_of, post_transfer
    from prm.money import Money

    post_transfer(
        kind="adjustment", key="x", journal="x",
        debit=account_of("payable", "EUR", gone.id), credit=account_of("cash", "EUR"),
        amount=Money(50_000, "EUR"), at=at, partner_id=gone.id,
    )  # fmt: skip
    assert sums(gone)[1] < 0
    before = sums(gone, stays)

    merge(gone, stays, at + LATER)

    assert sums(stays) == before
    assert early.amount_minor > 0


def test_what_it_brought_follows(acme: Tenant, at: datetime) -> None:
    gone, stays = a_duplicate(at)
    counts = {
        model: model.objects.count()
        for model in (Referral, StageChange, Customer, RevenueEvent, Accrual)
    }

    merge(gone, stays, at + LATER)

    for model, count in counts.items():
        assert model.objects.filter(partner_id=stays.id).count() == count, model


def test_people_and_programs_follow_once(acme: Tenant, at: datetime) -> None:
    gone, stays = a_duplicate(at)
    other = a_program("only-gone")
    Enrollment.objects.create(partner=gone, program=other)
    both = a_member(acme, Role.PARTNER_REP, "both@solea.example", partner_id=gone.id)
    Membership.objects.create(
        tenant=acme, user=both, partner_id=stays.id, roles=[Role.PARTNER_ADMIN]
    )
    one = a_member(acme, Role.PARTNER_ADMIN, "one@solea.example", partner_id=gone.id)

    merge(gone, stays, at + LATER)

    live = Membership.objects.filter(tenant=acme, ended_at=None, partner_id=stays.id)
    assert set(live.values_list("user_id", flat=True)) == {both.id, one.id}
    assert live.get(user=one).partner_name == stays.name
    assert live.get(user=both).roles == [Role.PARTNER_ADMIN]
    assert not Membership.objects.filter(partner_id=gone.id, ended_at=None).exists()
    assert Enrollment.objects.filter(partner=stays, program=other).exists()


def test_the_kept_profile_wins_and_its_gaps_are_filled(acme: Tenant, at: datetime) -> None:
    gone, stays = a_partner("Solea Studio Srl"), a_partner("Solea Studio")
    PartnerProfile.objects.create(
        partner=gone, slug="old", about={"en": "Old", "it": "Vecchio"}, regions=["IT"], plan="Grow",
        contact_email="old@solea.example", listed_at=at, approved_at=at,
    )  # fmt: skip
    PartnerProfile.objects.create(
        partner=stays, slug="new", about={"en": "New"}, contact_email="new@solea.example",
        listed_at=at, approved_at=at,
    )  # fmt: skip
    day = at.date()
    PartnerGoal.objects.create(
        partner=gone, metric="referrals", target=3, from_on=day, until_on=day
    )

    merge(gone, stays, at + LATER)

    kept = PartnerProfile.objects.get(partner=stays)
    assert kept.about == {"en": "New", "it": "Vecchio"}
    assert (kept.slug, kept.contact_email) == ("new", "new@solea.example")
    assert (kept.regions, kept.plan) == (["IT"], "Grow")
    assert (kept.listed_at, kept.approved_at) == (at, None)
    assert PartnerProfile.objects.get(partner=gone).listed_at is None
    assert PartnerGoal.objects.get().partner_id == stays.id


def test_a_profile_and_its_entry_without_rival_move_whole(acme: Tenant, at: datetime) -> None:
    gone, stays = a_partner("Solea Studio Srl"), a_partner("Solea Studio")
    PartnerProfile.objects.create(partner=gone, slug="old", about={"en": "Old"})

    merge(gone, stays, at + LATER)

    assert PartnerProfile.objects.get().partner_id == stays.id
    assert PartnerProfile.objects.get().about == {"en": "Old"}


def test_a_once_ever_reward_keeps_the_first(acme: Tenant, at: datetime) -> None:
    gone, stays = a_duplicate(at)
    program = a_program()
    for partner, key in ((gone, "first_lead"), (stays, "first_lead"), (gone, "only")):
        Entitlement.objects.create(
            partner=partner, program=program, key=key, kind="first_lead", earned_at=at
        )

    merge(gone, stays, at + LATER)

    keys = list(Entitlement.objects.filter(partner=stays).values_list("key", flat=True))
    assert keys.count("first_lead") == 1
    assert "only" in keys


def test_its_name_is_free_and_it_stays_ended(acme: Tenant, at: datetime) -> None:
    gone, stays = a_duplicate(at)
    merge(gone, stays, at + LATER)

    gone.refresh_from_db()
    assert (gone.state, gone.merged_into_id) == (PartnerState.ENDED, stays.id)
    assert add_partner(name=gone.name, actor=SYSTEM, at=at).name == gone.name
    with pytest.raises(PartnerWasMerged):
        change_partner_state(partner_id=gone.id, state="active", actor=SYSTEM, at=at)


def test_a_repeat_does_nothing_and_nonsense_is_refused(acme: Tenant, at: datetime) -> None:
    gone, stays = a_duplicate(at)
    with pytest.raises(SamePartner):
        merge(stays, stays, at)
    merge(gone, stays, at + LATER)
    before = sums(stays)
    merge(gone, stays, at + LATER)

    assert sums(stays) == before
    assert Event.objects.filter(name="partner.merged").count() == 1
    with pytest.raises(SamePartner):
        merge(stays, gone, at + LATER)


def test_links_lead_on_over_two_merges(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        gone, middle = a_duplicate(at)
        last = a_partner("Solea Group")
        merge(gone, middle, at + LATER)
        merge(middle, last, at + LATER)
        assert list(faults()) == []
    client = Client()
    client.force_login(world.manager)

    for partner in (gone, middle):
        answer = client.get(f"/acme/manage/partners/{partner.id}/")
        assert answer.headers["Location"] == f"/acme/manage/partners/{last.id}/"
    assert gone.name not in client.get("/acme/manage/partners/").text


def test_a_payout_under_way_stops_it(acme: Tenant, at: datetime) -> None:
    gone, stays = a_duplicate(at)
    bank_details(gone.id, at=at)
    submitted_run(at=at + LATER)
    assert Payout.objects.filter(partner=gone).exists()
    before = sums(gone)

    with pytest.raises(MergeRefused) as refused:
        merge(gone, stays, at + LATER)

    assert PayoutRun.objects.get().number in refused.value.words
    assert sums(gone) == before
    gone.refresh_from_db()
    assert gone.merged_into_id is None


def test_statements_of_the_duplicate_stay_readable(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        gone, stays = a_duplicate(at)
        other = a_partner("Rival")
        paper = issue_statement(
            partner_id=gone.id, currency="EUR", until_on=at.date(), actor=SYSTEM, at=at + LATER
        )
        merge(gone, stays, at + LATER)
        last = issue_statement(
            partner_id=gone.id,
            currency="EUR",
            until_on=(at + LATER).date(),
            actor=SYSTEM,
            at=at + LATER,
        )
        assert last.closing_minor == 0
        issue_statement(
            partner_id=stays.id,
            currency="EUR",
            until_on=(at + LATER).date(),
            actor=SYSTEM,
            at=at + LATER,
        )
        assert list(faults()) == []
    found = []
    for partner, email in ((stays, "boss@solea.example"), (other, "boss@rival.example")):
        boss = a_member(
            world.acme, Role.PARTNER_ADMIN, email, partner_id=partner.id, partner_name=partner.name
        )
        client = Client()
        client.force_login(boss)
        found.append(client.get(f"/acme/statements/{paper.id}/").status_code)

    assert found == [200, 404]


def test_likely_pairs_are_found(acme: Tenant, at: datetime) -> None:
    def add(name: str, **facts: Any) -> None:
        add_partner(name=name, actor=SYSTEM, at=at, **facts)

    add("Solea Studio S.r.l.", website="solea.example")
    add("Solea Studio")
    add("One", website="www.twin.example")
    add("Two", website="https://twin.example/it")
    add("Three", tax_number="IT 123-456")
    add("Four", tax_number="it123456")
    add("Alone", website="alone.example")

    found = {frozenset((pair.first.name, pair.second.name)): pair.why for pair in likely_pairs()}

    assert found == {
        frozenset(("Solea Studio S.r.l.", "Solea Studio")): "name",
        frozenset(("One", "Two")): "domain",
        frozenset(("Three", "Four")): "tax_number",
    }


def test_a_manager_finds_compares_and_merges(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        gone, stays = a_duplicate(at)
    client = Client()
    client.force_login(world.manager)

    assert gone.name in client.get("/acme/manage/partners/duplicates/").text
    url = f"/acme/manage/partners/{gone.id}/merge/{stays.id}/"
    page = client.get(url).text
    assert "€200.00" in page
    assert client.post(url, {}).status_code == 422
    done = client.post(url, {"sure": "on", "reason": "Twice"})

    assert done.headers["Location"] == f"/acme/manage/partners/{stays.id}/"
    assert client.get(url).status_code == 303
    client.get("/acme/manage/partners/")
    assert gone.name not in client.get("/acme/manage/partners/duplicates/").text
