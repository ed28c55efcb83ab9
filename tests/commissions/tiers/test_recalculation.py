"""Partners move through their tiers by what they won, are warned first, and see what is missing."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from commissions.tiers.models import Tier, TierNotice, TierStanding
from commissions.tiers.pages import moves_page, tier_lines
from commissions.tiers.selectors import enrolled, proposed_moves, tier_of
from commissions.tiers.services import Moved, TierInUse, recalculate, remove_tier
from partners.agreements.selectors import signing_partners
from partners.directory.models import Enrollment, Partner
from partners.directory.services import change_partner_state
from partners.programs.models import Program
from partners.programs.selectors import program_rows
from prm.events.models import Event
from prm.events.services import SYSTEM
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from referrals.pipeline.models import Referral
from tests.builders.referrals import a_partner, a_program, a_referral, stage_of
from tests.builders.tiers import three_tiers
from tests.conftest import World

START = datetime(2026, 1, 10, 9, tzinfo=UTC)


def wins(partner: Partner, program: Program, *days: datetime) -> None:
    """Let a partner win a deal of 3,000.00 on each day."""
    for day in days:
        referral = a_referral(day - timedelta(days=9), partner=partner, program=program)
        Referral.objects.filter(id=referral.id).update(
            stage=stage_of(program.id, "won"),
            stage_kind="won",
            closed_at=day,
            deal_minor=300_000,
        )


def run(program: Program, partner: Partner | list[UUID], on: date) -> Moved:
    return recalculate(
        program_id=program.id,
        partner_ids=[partner.id] if isinstance(partner, Partner) else partner,
        on=on,
        actor=SYSTEM,
        at=datetime.combine(on, datetime.min.time(), UTC) + timedelta(hours=6),
    )


def names(partner: Partner, program: Program, *days: date) -> list[str]:
    return [tier_of(partner.id, program.id, day) for day in days]


def test_a_year_of_one_partner(acme: Tenant) -> None:
    program = a_program()
    three_tiers(program)
    partner = a_partner(program=program)
    wins(partner, program, *(START + timedelta(days=n) for n in (0, 10, 20, 30)))

    # Four wins of 3,000.00 each reach Gold the day they are there, and not the day before.
    assert run(program, partner, date(2026, 1, 25)) == Moved(up=1)
    assert run(program, partner, date(2026, 2, 9)) == Moved(up=1)
    assert run(program, partner, date(2026, 2, 9)) == Moved()
    assert names(partner, program, date(2026, 1, 24), date(2026, 1, 25), date(2026, 2, 9)) == [
        "Registered",
        "Silver",
        "Gold",
    ]
    # A year on the first two have left the window: two wins are fewer than three.
    warned = date(2027, 1, 25)
    assert run(program, partner, warned) == Moved(warned=1)
    assert TierNotice.objects.get().effective_on == date(2027, 2, 24)
    assert tier_of(partner.id, program.id, date(2027, 2, 23)) == "Gold"
    assert run(program, partner, date(2027, 2, 23)) == Moved()
    assert run(program, partner, date(2027, 2, 24)) == Moved(down=1)
    assert names(partner, program, date(2027, 2, 23), date(2027, 2, 24)) == ["Gold", "Registered"]
    told = Event.objects.filter(name__startswith="tier.").order_by("id")
    assert [event.name for event in told] == [
        "tier.reached",
        "tier.reached",
        "tier.notice_given",
        "tier.lost",
    ]


def test_a_warning_is_withdrawn_when_the_partner_catches_up(acme: Tenant) -> None:
    program = a_program()
    three_tiers(program)
    partner = a_partner(program=program)
    wins(partner, program, START, START + timedelta(days=1))
    run(program, partner, date(2026, 2, 1))
    assert run(program, partner, date(2027, 3, 1)) == Moved(warned=1)
    wins(partner, program, datetime(2027, 3, 10, 9, tzinfo=UTC))

    assert run(program, partner, date(2027, 3, 11)) == Moved(recovered=1)
    assert tier_of(partner.id, program.id, date(2027, 5, 1)) == "Silver"
    assert TierNotice.objects.get().state == "withdrawn"


def test_a_dry_run_writes_nothing_and_asks_no_more_for_many(acme: Tenant) -> None:
    program = a_program()
    three_tiers(program)
    first = [a_partner(f"Partner {n}", program=program) for n in range(2)]
    wins(first[0], program, START, START + timedelta(days=1))

    with CaptureQueriesContext(connection) as few:
        moves = proposed_moves(program.id, [one.id for one in first], date(2026, 2, 1))
    more = [a_partner(f"More {n}", program=program) for n in range(6)]
    with CaptureQueriesContext(connection) as many:
        proposed_moves(program.id, [one.id for one in first + more], date(2026, 2, 1))

    assert [move.move.kind for move in moves] == ["up", "stays"]
    assert len(many) == len(few)
    assert not TierStanding.objects.exists()


def test_a_tier_that_somebody_stood_in_stays(acme: Tenant) -> None:
    program = a_program()
    silver = three_tiers(program)[1]
    partner = a_partner(program=program)
    wins(partner, program, START, START + timedelta(days=1))
    run(program, partner, date(2026, 2, 1))

    with pytest.raises(TierInUse):
        remove_tier(tier_id=silver.id, actor=SYSTEM, at=START)
    gold = Tier.objects.get(program=program, name="Gold")
    remove_tier(tier_id=gold.id, actor=SYSTEM, at=START)
    assert Tier.objects.filter(program=program).count() == 2


def test_every_page_counts_the_same_partners_of_a_program(acme: Tenant) -> None:
    program = a_program()
    three_tiers(program)
    best = a_partner("Best", program=program)
    wins(best, program, START, START + timedelta(days=1))
    assert run(program, best, date(2026, 1, 25)) == Moved(up=1)
    for state in ("approved", "paused", "ended", "active"):
        Enrollment.objects.filter(partner=a_partner(state, program=program)).update(state=state)
    Partner.objects.filter(name="active").update(state="paused")
    on = date(2026, 1, 25)

    # The best one and the approved one; pauses and ends are at no work.
    assert sum(line.partners for line in tier_lines(program, on)) == 2
    assert signing_partners(program.id).count() == 2
    assert [row.partner_count for row in program_rows() if row.program.id == program.id] == [2]
    assert (moves_page(program, on).partners, moves_page(program, on).paused) == (2, 2)
    Enrollment.objects.filter(partner=best).update(state="paused")
    assert [line.partners for line in tier_lines(program, on)] == [0, 0, 1]


def test_a_paused_partner_keeps_its_tier_until_it_is_back(acme: Tenant) -> None:
    program = a_program()
    three_tiers(program)
    partner = a_partner(program=program)
    wins(partner, program, START, START + timedelta(days=1))
    run(program, enrolled(program.id), date(2026, 2, 1))
    Enrollment.objects.filter(partner=partner).update(state="paused")

    run(program, enrolled(program.id), date(2028, 1, 1))

    assert tier_of(partner.id, program.id, date(2028, 1, 1)) == "Silver"
    assert not TierNotice.objects.exists()
    Enrollment.objects.filter(partner=partner).update(state="active")
    assert run(program, enrolled(program.id), date(2028, 1, 1)) == Moved(warned=1)


def test_a_warning_ends_with_a_pause_and_its_notice_begins_anew(
    world: World, deliver: Callable[[], int]
) -> None:
    with tenant_scope(world.acme.id):
        program = a_program()
        three_tiers(program)
        partner = a_partner(program=program)
        wins(partner, program, START, START + timedelta(days=1))
        run(program, partner, date(2026, 2, 1))
        assert run(program, partner, date(2027, 3, 1)) == Moved(warned=1)
        changed_to(partner, "paused", date(2027, 3, 10))
    deliver()
    with tenant_scope(world.acme.id):
        changed_to(partner, "active", date(2027, 6, 1))
    deliver()

    with tenant_scope(world.acme.id):
        assert run(program, enrolled(program.id), date(2027, 6, 2)) == Moved(warned=1)
        notices = TierNotice.objects.order_by("id").values_list("state", "effective_on")
        assert list(notices) == [
            ("withdrawn", date(2027, 3, 31)),
            ("open", date(2027, 7, 2)),
        ]
        assert run(program, enrolled(program.id), date(2027, 7, 2)) == Moved(down=1)


def changed_to(partner: Partner, state: str, on: date) -> None:
    change_partner_state(
        partner_id=partner.id,
        state=state,
        reason="On leave",
        actor=SYSTEM,
        at=datetime.combine(on, datetime.min.time(), UTC),
    )
