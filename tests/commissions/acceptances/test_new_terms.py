"""New terms are shown with their difference and effect, accepted by a person, and never asked for twice."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.test import Client

from commissions.acceptances import effects
from commissions.acceptances.effects import effect_between
from commissions.acceptances.models import PlanAcceptance
from commissions.acceptances.rules import ASK_DAYS, text_hash
from commissions.acceptances.selectors import answered_version, newest_change, offer_of, terms_due
from commissions.acceptances.services import (
    NothingToAccept,
    OfferChanged,
    accept_terms,
    remind_of_terms,
)
from commissions.acceptances.tasks import sweep_tenant, tell_asked
from commissions.plans.selectors import version_terms
from commissions.plans.services import RuleTerms
from commissions.plans.terms import Band, Bands, Condition, Group, Terms
from partners.directory.models import Enrollment
from prm.events.models import Event
from prm.events.services import SYSTEM, Actor
from prm.jobs.models import Job
from prm.jobs.services import run as run_job
from prm.money import Money
from prm.notices.models import Notice
from prm.tenancy.scope import tenant_scope
from referrals.pipeline.models import Referral
from referrals.revenue.models import RevenueEvent
from tests.builders.commissions import a_change_of_terms, a_payment, a_plan, a_won_deal
from tests.builders.referrals import a_partner, a_program, people_of
from tests.conftest import World


def test_a_partner_reads_and_accepts_and_staff_see_it(world: World, client: Client) -> None:
    now = datetime.now().astimezone()
    with tenant_scope(world.acme.id):
        program = a_program()
        people = people_of(world.acme, program=program)
        Enrollment.objects.update(since=now - timedelta(days=90))
        version = a_change_of_terms(program, now - timedelta(days=1))
    url, answers = f"/acme/terms/{program.id}/", f"/acme/manage/plans/{version.id}/acceptances/"
    client.force_login(people.rep)
    as_rep = client.get(url).text
    refused = client.post(url, {"agreed": "on"})
    client.force_login(people.admin)
    home = client.get("/acme/").text
    page = client.get(url)
    offer = page.context["offer"]
    form = {"version": str(version.id), "digest": offer.digest, "signer_name": "Abe Brightwater"}

    unticked = client.post(url, form)
    other_text = client.post(url, {**form, "agreed": "on", "digest": "0" * 64})
    accepted = client.post(url, {**form, "agreed": "on"})
    again = client.post(url, {**form, "agreed": "on"})

    assert "New terms for Referral from" in home
    assert "<del>20% of every payment of the customer</del>" in page.text
    assert "<ins>10% of every payment of the customer</ins>" in page.text
    assert "Accept the new terms" not in as_rep
    assert refused.status_code == 403
    assert (unticked.status_code, other_text.status_code) == (422, 422)
    assert "Nothing is accepted" in other_text.text
    assert accepted.status_code == again.status_code == 303
    with tenant_scope(world.acme.id):
        row = PlanAcceptance.objects.get()
        assert (row.user_id, row.signer_name) == (people.admin.id, "Abe Brightwater")
        assert row.text_hash == text_hash(row.text) == offer.digest
        assert "20% of every payment of the customer → 10%" in row.text
        assert Event.objects.filter(name="plan.accepted").count() == 1
    assert "New terms for Referral" not in client.get("/acme/").text
    # What was accepted stays in sight until it is in force.
    coming = "What you earn from "
    assert (coming in page.text, coming in client.get(url).text) == (False, True)
    assert "10% of every payment of the customer" in client.get(url).text
    client.force_login(world.manager)
    assert "Abe Brightwater" in client.get(answers).text
    assert "Everybody has answered" in client.get(f"{answers}?state=waiting").text
    shown = client.get(f"/acme/terms/accepted/{row.id}/").text
    assert "Text and digest belong together" in shown


def test_only_those_are_asked_whom_the_change_concerns(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        program = a_program()
        old, newcomer = a_partner(program=program), a_partner("Newcomer", program=program)
        Enrollment.objects.filter(partner=old).update(since=at - timedelta(days=9))
        a_plan(program)
        assert terms_due(old.id, program.id, at) is None  # a first plan asks nobody

        version = a_change_of_terms(program, at)
        Enrollment.objects.filter(partner=newcomer).update(since=at + timedelta(days=1))

        later = version.starts_at + timedelta(days=ASK_DAYS)
        due = terms_due(old.id, program.id, at)
        assert due is not None
        assert (due.version.id, due.former.number) == (version.id, 1)
        assert terms_due(newcomer.id, program.id, at) is None
        assert terms_due(old.id, program.id, later) is not None
        assert terms_due(old.id, program.id, later + timedelta(seconds=1)) is None
        with pytest.raises(NothingToAccept):
            accept_terms(
                version_id=version.id,
                partner_id=newcomer.id,
                shown_hash=offer_of(due).digest,
                signer_name="Nora",
                actor=Actor(user_id=world.admin.id, name="Nora"),
                at=at,
            )
        with pytest.raises(OfferChanged):
            accept_terms(
                version_id=version.id,
                partner_id=old.id,
                shown_hash="",
                signer_name="Abe",
                actor=Actor(user_id=world.admin.id, name="Abe"),
                at=at,
            )
        assert not PlanAcceptance.objects.exists()


def test_a_version_that_repeats_the_terms_asks_nobody(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        program = a_program()
        partner = people_of(world.acme, program=program).partner
        Enrollment.objects.update(since=at - timedelta(days=90))
        a_plan(program)
        same = a_plan(program, starts_at=at + timedelta(days=40), at=at)
        assert newest_change(program.id, at) is None
        assert terms_due(partner.id, program.id, at) is None
    assert tell_asked(world.acme.id, same.id, kind="plan.published", at=at) == 0

    with tenant_scope(world.acme.id):
        tenth = RuleTerms("revenue", "percent", rate=Decimal("0.1"), scope="lifetime")
        other = a_plan(program, tenth, starts_at=at + timedelta(days=80), at=at)
        again = a_plan(program, tenth, starts_at=at + timedelta(days=120), at=at)
        due = terms_due(partner.id, program.id, at)
        assert due is not None
        # Who has not answered is still asked, for the version that changed something.
        assert (due.version.id, answered_version(again).id) == (other.id, other.id)


def test_people_are_told_once_and_reminded_before_the_start(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        program = a_program()
        people = people_of(world.acme, program=program)
        Enrollment.objects.update(since=at - timedelta(days=90))
        version = a_change_of_terms(program, at)
        due = newest_change(program.id, at)
        assert due is not None

    first = tell_asked(world.acme.id, version.id, kind="plan.published", at=at)
    sweep_tenant(world.acme.id, at=at)
    sweep_tenant(world.acme.id, at=version.starts_at - timedelta(days=7, seconds=1))
    with tenant_scope(world.acme.id):
        before = list(Notice.objects.values_list("kind", "user_id"))
    sweep_tenant(world.acme.id, at=version.starts_at - timedelta(days=7))

    with tenant_scope(world.acme.id):
        assert first == 1
        assert before == [("plan.published", people.admin.id)]
        assert Notice.objects.filter(kind="plan.reminded").count() == 1
        assert remind_of_terms(
            partner_id=people.partner.id, program_id=program.id, actor=SYSTEM, at=at
        )
        accept_terms(
            version_id=version.id,
            partner_id=people.partner.id,
            shown_hash=offer_of(due).digest,
            signer_name="Abe",
            actor=Actor(user_id=people.admin.id, name="Abe"),
            at=at,
        )
        assert not remind_of_terms(
            partner_id=people.partner.id, program_id=program.id, actor=SYSTEM, at=at
        )


def test_the_effect_prices_the_partners_own_year_under_both(world: World, at: datetime) -> None:
    bands = Bands((Band(0, Decimal("0.1")), Band(100_000, Decimal("0.3"))), measure="revenue")
    with tenant_scope(world.acme.id):
        program = a_program()
        old = a_plan(program)
        new = a_change_of_terms(
            program,
            at,
            RuleTerms(
                "revenue",
                "percent",
                rate=Decimal("0.1"),
                scope="lifetime",
                terms=Terms(
                    groups=(Group((Condition("payment", ("sale", "renewal")),)),), bands=bands
                ),
            ),
        )
        partner = a_partner(program=program)
        customer = a_won_deal(at - timedelta(days=400), partner=partner, program=program)
        a_payment(customer, 50_000, at - timedelta(days=30))
        half = a_payment(customer, 80_000, at - timedelta(days=20))
        RevenueEvent.objects.filter(id=half.id).update(refunded_minor=40_000)

        effect = effect_between(partner.id, program.id, version_terms(old), version_terms(new), at)

    # The sale 400 days ago fills the first band; the year had 50,000 and, less its refund, 40,000.
    assert effect.event_count == 2
    assert effect.before == Money(18_000, "EUR")
    assert effect.after == Money(27_000, "EUR")


def test_the_effect_knows_what_was_sold(world: World, at: datetime) -> None:
    pro = Terms(groups=(Group((Condition("product", ("Pro",)),)),))
    with tenant_scope(world.acme.id):
        program = a_program()
        old = a_plan(program)
        rule = RuleTerms("revenue", "percent", rate=Decimal("0.3"), scope="lifetime", terms=pro)
        new = a_change_of_terms(program, at, rule)
        partner = a_partner(program=program)
        sold = a_won_deal(at - timedelta(days=400), partner=partner, program=program)
        other = a_won_deal(at - timedelta(days=400), partner=partner, program=program, company="B")
        Referral.objects.filter(id=sold.referral_id).update(product="Pro")
        Referral.objects.filter(id=other.referral_id).update(product="Basic")
        for customer in (sold, other):
            a_payment(customer, 10_000, at - timedelta(days=30))
        versions = version_terms(old), version_terms(new)
    with tenant_scope(world.acme.id, partner.id):
        effect = effect_between(partner.id, program.id, *versions, at)

    assert (effect.before, effect.after) == (Money(4_000, "EUR"), Money(3_000, "EUR"))


def test_of_a_long_history_the_worker_computes_the_effect(
    world: World, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(effects, "MANY", 0)
    now = datetime.now().astimezone()
    with tenant_scope(world.acme.id):
        program = a_program()
        people = people_of(world.acme, program=program)
        Enrollment.objects.update(since=now - timedelta(days=90))
        a_change_of_terms(program, now - timedelta(days=1))
        sold = now - timedelta(days=30)
        a_won_deal(sold, partner=people.partner, program=program, deal_minor=50_000)
    url = f"/acme/terms/{program.id}/"
    client.force_login(people.admin)
    asked = client.get(url).text
    assert ("Compute it" in asked, "€100.00" in asked) == (True, False)

    answer = client.post(f"{url}effect/")

    with tenant_scope(world.acme.id):
        job = Job.objects.get(kind="terms.effect")
    assert answer["Location"] == f"/acme/jobs/{job.id}/"
    assert run_job(world.acme.id, job.id)
    found = client.get(url).text
    # A fifth and a tenth of 500.00.
    assert [words in found for words in ("€100.00", "€50.00", "Compute it again")] == [True] * 3
    client.force_login(people.rep)
    assert client.post(f"{url}effect/").status_code == 403
