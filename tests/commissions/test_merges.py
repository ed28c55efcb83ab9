"""Two partners become one: no table about partners is forgotten, nothing collides, histories are priced as one."""

import importlib
import pkgutil
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

import tests.builders
from commissions.accruals.models import PricedEvent, RepRewards
from commissions.accruals.reps import policy_of, set_policy
from commissions.adjustments.models import WriteOff
from commissions.adjustments.services import ask_write_off, refuse_write_off
from commissions.calendar.models import CalendarFeed
from commissions.calendar.services import open_feed
from commissions.ledger.selectors import balances_of
from commissions.overrides.models import PlanOverride
from commissions.overrides.selectors import version_for
from commissions.overrides.services import OverrideTerms
from commissions.payouts.models import Payout
from commissions.tiers.models import MoveReason, Tier, TierStanding
from commissions.verification import faults
from partners.directory.merging import MergeRefused, merge_partners
from partners.directory.models import Partner
from prm.accounts.capabilities import Role
from prm.events.models import Event
from prm.events.services import SYSTEM, Actor
from prm.money import Money
from prm.tenancy.scope import tenant_scope
from tests.builders.commissions import a_plan, a_won_deal, an_override
from tests.builders.objects import BUILDERS, Cast
from tests.builders.payouts import payable
from tests.builders.people import a_member
from tests.builders.referrals import a_partner, a_program
from tests.builders.refined import a_refined_plan, bands_at, live_amounts
from tests.builders.tiers import three_tiers
from tests.conftest import World

for module in pkgutil.iter_modules(tests.builders.__path__):
    importlib.import_module(f"tests.builders.{module.name}")

DAY = timedelta(days=1)

# Where the duplicate's id may stay, and why.
STAYS = {
    "commissions_account": "its balances, which are nothing",
    "commissions_transfer": "what was booked is never changed",
    "commissions_conversion": "names transfers of the duplicate",
    "commissions_write_off": "decided, and booked with the duplicate",
    "commissions_payout": "what the duplicate was paid, which the other may read",
    "commissions_payout_line": "the same",
    "commissions_account_fault": "about an account of the duplicate's, which is paid no more",
    "commissions_payout_account": "each says for itself where its money goes",
    "commissions_payout_exclusion": "why a run of then paid it nothing",
    "commissions_statement": "papers, which the other may read",
    "commissions_statement_line": "the same",
    "commissions_statement_file": "the same",
    "commissions_statement_reading": "who of the duplicate read its papers",
    "commissions_plan_acceptance": "each signs for itself",
    "commissions_plan_override": "of a time in which the other has one of its own",
    "commissions_tier_standing": "of a program in which the other stands in a tier itself",
    "commissions_tier_notice": "the same",
    "commissions_contest_place": "of a contest in which the other, or the same person there, had a place",
    "commissions_rep_policy": "the other said itself what its people may receive",
    "commissions_simulated_partner": "what a trial of then found",
    "commissions_withholding": "of what the duplicate was paid",
    "commissions_vat_charge": "the same",
    "commissions_self_bill": "papers, which the other may read",
    "commissions_year_certificate": "the same",
    "partners_acceptance": "each signs for itself",
    "partners_attempt_answer": "counted by question; the attempt itself moves",
    "partners_change": "how the entry ended",
    "partners_enrollment": "of a program that both were in",
    "partners_entitlement": "what both earned is given once",
    "partners_profile": "one profile; its gaps are filled",
    "partners_run": "of a track that both took",
    "partners_step_done": "the same",
    "prm_event": "what happened to the entry while it was one",
    "prm_invitation": "sent for the duplicate; its place is taken up by the merge of people",
    "prm_job": "work of people that ran then",
    "prm_mail": "sent already",
    "prm_partner_view": "who of the vendor looked as whom",
    "referrals_landing_page": "of a program in which the other has one; it is taken down",
}


# What builders can make for both; together it stands in most tables.
KINDS = (
    "acceptance",
    "accrual",
    "answer_token",
    "bulk_submission",
    "calendar_secret",
    "case",
    "certificate",
    "coupon",
    "dispute",
    "draft",
    "entitlement",
    "job",
    "landing_page",
    "link",
    "listed_slug",
    "notice",
    "onboarding_file",
    "partner_api_key",
    "partner_goal",
    "partner_review",
    "payout",
    "person_token",
    "plan_override",
    "referral_file",
    "signed_referral",
    "tax_form",
    "team_invitation",
    "write_off",
    "partner_invoice",
    "year_certificate",
)


def the_cast(world: World, name: str) -> Cast:
    partner = a_partner(name)
    inside: dict[str, Any] = {"partner_id": partner.id, "partner_name": name}
    return Cast(
        tenant=world.acme,
        partner=partner,
        rep=a_member(world.acme, Role.PARTNER_REP, f"rep@{name.lower()}.example", **inside),
        partner_admin=a_member(
            world.acme, Role.PARTNER_ADMIN, f"boss@{name.lower()}.example", **inside
        ),
        manager=world.manager,
        finance=world.finance,
        second_finance=world.second_finance,
        admin=world.admin,
    )


def tables_with_a_partner() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "select table_name from information_schema.columns c join information_schema.tables t"
            " using (table_schema, table_name) where table_schema = 'public' and column_name = 'partner_id'"
            " and t.table_type = 'BASE TABLE' order by 1"
        )
        return [row[0] for row in cursor.fetchall()]


def rows_of(partner_id: Any) -> dict[str, int]:
    found = {}
    with connection.cursor() as cursor:
        for table in tables_with_a_partner():
            cursor.execute(f"select count(*) from {table} where partner_id = %s", [partner_id])
            found[table] = cursor.fetchone()[0]
    return {table: count for table, count in found.items() if count}


def merge(gone: Any, stays: Any, at: datetime) -> None:
    merge_partners(from_id=gone.id, into_id=stays.id, reason="Entered twice", actor=SYSTEM, at=at)


def test_every_table_about_partners_has_its_part_in_a_merge(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        gone, stays = the_cast(world, "Twice"), the_cast(world, "Once")
        for cast in (gone, stays):
            for kind in KINDS:
                BUILDERS[kind](cast)
        # What is under way refuses a merge.
        Payout.objects.update(state="settled")
        WriteOff.objects.update(state="refused")
        before = rows_of(gone.partner.id)
        with CaptureQueriesContext(connection) as seen:
            merge(gone.partner, stays.partner, at)
        left = rows_of(gone.partner.id)

    asked = " ".join(query["sql"] for query in seen.captured_queries)
    forgotten = [
        table
        for table in tables_with_a_partner()
        if table not in STAYS and (table in left or f'"{table}"' not in asked)
    ]
    assert not forgotten, " ".join(forgotten)
    assert len(before) > 35
    assert sorted(set(STAYS) - set(tables_with_a_partner())) == []


def test_of_what_both_have_at_once_the_staying_partners_counts(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        program = a_program()
        a_plan(program)
        gone, stays = a_partner("Twice", program=program), a_partner("Once", program=program)
        low = OverrideTerms(rate=Decimal("0.05"), event="lifetime")
        people: dict[str, Any] = {"asked_by": world.manager, "approved_by": world.admin}
        early = an_override(gone, program, at=at, days=10, **people)
        clash = an_override(gone, program, at=at + 20 * DAY, days=10, **people)
        asked = an_override(gone, program, at=at + 21 * DAY, asked_by=world.manager)
        own = an_override(stays, program, at=at + 25 * DAY, days=10, terms=low, **people)
        tiers = three_tiers(program)
        for partner, tier in ((gone, tiers[2]), (stays, tiers[1])):
            stand(partner, tier, at)
        feeds = [
            open_feed(partner_id=partner.id, actor=Actor(user.id), at=at)
            for partner, user in (
                (gone, world.finance),
                (stays, world.finance),
                (gone, world.manager),
            )
        ]
        set_policy(partner_id=gone.id, allows=RepRewards.CASH, actor=SYSTEM, at=at)

        merge(gone, stays, at + 40 * DAY)

        assert {row.id for row in PlanOverride.objects.filter(partner=stays)} == {
            early.id,
            asked.id,
            own.id,
        }
        assert PlanOverride.objects.get(partner=gone).id == clash.id
        assert rate_on(stays, at + DAY) == Decimal("0.25")
        assert rate_on(stays, at + 26 * DAY) == Decimal("0.05")
        standings = TierStanding.objects.values_list("partner_id", "tier_id")
        assert set(standings) == {(gone.id, tiers[2].id), (stays.id, tiers[1].id)}
        live = CalendarFeed.objects.filter(revoked_at=None).order_by("id")
        assert [(row.id, row.partner_id) for row in live] == [
            (feeds[1].id, stays.id),
            (feeds[2].id, stays.id),
        ]
        assert policy_of(stays.id, at) == RepRewards.CASH


def stand(partner: Partner, tier: Tier, at: datetime) -> None:
    TierStanding.objects.create(
        partner=partner,
        program_id=tier.program_id,
        tier=tier,
        starts_on=at.date(),
        reason=MoveReason.REACHED,
    )


def rate_on(partner: Partner, registered_at: datetime) -> Decimal | None:
    version = version_for(partner.id, a_program().id, registered_at)
    assert version is not None
    return version.rules[0].rate


def test_what_a_partner_said_about_its_own_people_is_not_overruled(
    world: World, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        gone, stays = a_partner("Twice"), a_partner("Once")
        set_policy(partner_id=gone.id, allows=RepRewards.CASH, actor=SYSTEM, at=at)
        set_policy(partner_id=stays.id, allows=RepRewards.NONE, actor=SYSTEM, at=at - DAY)

        merge(gone, stays, at)

        assert policy_of(stays.id, at + DAY) == RepRewards.NONE


def test_a_write_off_that_waits_is_decided_before_a_merge(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        gone, stays = a_partner("Twice"), a_partner("Once")
        payable(gone.id, -5_000, at=at)
        wish = ask_write_off(
            partner_id=gone.id,
            amount=Money(5_000, "EUR"),
            reason="Closed",
            actor=Actor(world.finance.id),
            at=at,
        )
        with pytest.raises(MergeRefused, match="waits for approval"):
            merge(gone, stays, at)
        refuse_write_off(write_off_id=wish.id, answer="No", actor=Actor(world.manager.id), at=at)

        merge(gone, stays, at)

        assert balances_of(stays.id, "EUR").payable == -5_000


def test_two_histories_are_priced_as_one_from_the_merge_on(
    world: World, deliver: Callable[[], int], at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        # A tenth, and 15 % of what lies above 2,700.00 of all payments together.
        a_refined_plan(bands_at(270_000))
        gone, stays = a_partner("Twice"), a_partner("Once")
        for place, partner in enumerate((gone, stays)):
            sold = at + place * DAY
            a_won_deal(sold, partner=partner, deal_minor=200_000, company=f"Company {place}")
    deliver()
    with tenant_scope(world.acme.id):
        apart = [row[2] for row in live_amounts()]
        merge(gone, stays, at + 2 * DAY)
    deliver()
    with tenant_scope(world.acme.id):
        together = [row[2] for row in live_amounts()]
        owed = [balances_of(partner.id, "EUR").owed for partner in (gone, stays)]
        books = [str(fault) for fault in faults()]
        events = Event.objects.filter(name="commission.earned").count()
    deliver()

    # 2,000.00 lie below; of the second 2,000.00, 700.00 below and 1,300.00 above.
    assert apart == [20_000, 20_000]
    assert together == [20_000, 7_000 + 19_500]
    assert owed == [0, 46_500]
    assert books == []
    with tenant_scope(world.acme.id):
        assert set(PricedEvent.objects.values_list("partner_id", flat=True)) == {stays.id}
        assert Event.objects.filter(name="commission.earned").count() == events == 3
