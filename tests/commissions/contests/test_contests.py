"""A contest from its draft to its prizes: frozen conditions, boundary seconds, ties, and money booked once."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from commissions.contests.models import ContestChange, ContestPlace
from commissions.contests.participation import uplift_of
from commissions.contests.selectors import standings_of
from commissions.contests.services import (
    AlreadyPublished,
    ContestIncomplete,
    ContestIsOver,
    NotOver,
    cancel_contest,
    change_published,
    discard_contest,
    draft_contest,
    publish_contest,
    settle_contest,
    terms_of,
)
from commissions.ledger.models import Transfer
from commissions.ledger.selectors import PartnerBalance, balances_of
from commissions.statements.models import StatementLine
from commissions.statements.papers import title_of
from commissions.statements.services import issue_statement
from commissions.verification import faults
from partners.directory.models import Partner
from partners.programs.models import Program
from prm.accounts.models import User
from prm.events.models import Event
from prm.events.services import SYSTEM
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from referrals.pipeline.models import Referral, StageChange
from tests.builders.contests import TERMS, a_contest
from tests.builders.referrals import a_partner, a_program, a_referral, stage_of
from tests.conftest import World

START, END = TERMS.starts_at, TERMS.ends_at
SETTLED = END + timedelta(days=7)


def a_win(
    partner: Partner,
    program: Program,
    at: datetime,
    minor: int = 100_000,
    product: str = "",
    sender: User | None = None,
) -> None:
    """Win a referral at a moment."""
    referral = a_referral(at - timedelta(days=3), partner=partner, program=program, product=product)
    won = stage_of(program.id, "won")
    Referral.objects.filter(id=referral.id).update(
        stage=won, stage_kind="won", closed_at=at, deal_minor=minor, submitted_by=sender
    )
    StageChange.objects.create(
        referral_id=referral.id,
        partner_id=partner.id,
        from_stage_id=referral.stage_id,
        to_stage=won,
        from_kind=referral.stage_kind,
        to_kind="won",
        at=at,
        deal_minor=minor,
    )


def names(contest_id: UUID, program: Program) -> list[tuple[int, str, int]]:
    partners = dict(Partner.objects.values_list("id", "name"))
    return [
        (row.rank, partners[row.partner_id], row.score)
        for row in standings_of(contest_id, SETTLED)
        if row.partner_id
    ]


def test_the_first_moment_and_the_last_second_count(acme: Tenant) -> None:
    program = a_program()
    solea, brio = a_partner("Solea", program=program), a_partner("Brio", program=program)
    contest = a_contest(program)
    a_win(solea, program, START - timedelta(microseconds=1))
    a_win(solea, program, START)
    a_win(brio, program, END - timedelta(seconds=1))
    a_win(brio, program, END)

    # One each; the tie rule says who reached it first.
    assert names(contest.id, program) == [(1, "Solea", 1), (2, "Brio", 1)]


def test_a_tie_by_value_and_products_that_count(acme: Tenant) -> None:
    program = a_program()
    solea, brio = a_partner("Solea", program=program), a_partner("Brio", program=program)
    contest = a_contest(program, tie_rule="value", products=("Payroll",))
    a_win(solea, program, START, 100_000, "Payroll")
    a_win(solea, program, START, 900_000, "Expenses")
    a_win(brio, program, END - timedelta(days=1), 100_001, "payroll")

    assert names(contest.id, program) == [(1, "Brio", 1), (2, "Solea", 1)]


def test_prizes_are_given_once_after_the_check_and_only_for_wins_that_stand(acme: Tenant) -> None:
    program = a_program()
    solea, brio = a_partner("Solea", program=program), a_partner("Brio", program=program)
    contest = a_contest(program)
    for _ in range(2):
        a_win(solea, program, START + timedelta(days=1))
    a_win(brio, program, START + timedelta(days=2))
    with pytest.raises(NotOver):
        settle_contest(contest_id=contest.id, actor=SYSTEM, at=SETTLED - timedelta(microseconds=1))
    # Both of Solea's wins are taken back while they are checked.
    Referral.objects.filter(partner=solea).update(stage_kind="lost")

    first = settle_contest(contest_id=contest.id, actor=SYSTEM, at=SETTLED)
    again = settle_contest(contest_id=contest.id, actor=SYSTEM, at=SETTLED + timedelta(days=1))

    assert [(row.rank, row.partner_id, row.score) for row in first] == [(1, brio.id, 1)]
    assert [row.id for row in again] == [row.id for row in first]
    assert balances_of(brio.id, "EUR") == PartnerBalance("EUR", payable=50_000)
    assert Transfer.objects.filter(kind="award").count() == 1
    assert Event.objects.filter(name="contest.won").count() == 1
    assert list(faults()) == []
    statement = issue_statement(
        partner_id=brio.id, currency="EUR", until_on=SETTLED.date(), actor=SYSTEM, at=SETTLED
    )
    line = StatementLine.objects.get(statement=statement)
    assert (line.section, line.amount_minor, title_of(line)) == ("earned", 50_000, TERMS.title)


def test_a_published_contest_changes_in_the_open_only(acme: Tenant) -> None:
    program = a_program()
    contest = a_contest(program)
    terms = terms_of(contest)

    with pytest.raises(AlreadyPublished):
        draft_contest(
            program_id=program.id, terms=terms, actor=SYSTEM, at=START, contest_id=contest.id
        )
    with pytest.raises(AlreadyPublished):
        discard_contest(contest_id=contest.id, actor=SYSTEM, at=START)
    longer = type(terms)(**{**terms.__dict__, "ends_at": END + timedelta(days=7)})
    for _ in range(2):
        change_published(
            contest_id=contest.id,
            terms=longer,
            reason="The trade fair moved.",
            actor=SYSTEM,
            at=START + timedelta(days=3),
        )

    # What was played is judged by the rules it was played by.
    with pytest.raises(ContestIsOver):
        change_published(
            contest_id=contest.id, terms=terms, reason="Too late", actor=SYSTEM, at=longer.ends_at
        )

    change = ContestChange.objects.get()
    assert (change.version, change.changes["ends_at"][0]) == (2, END.isoformat())
    assert Event.objects.filter(name="contest.changed").count() == 1


@pytest.mark.parametrize(
    ("terms", "late", "why"),
    [({"prizes": ()}, timedelta(0), "prizes"), ({}, timedelta(days=11), "past")],
)
def test_what_cannot_be_published(
    acme: Tenant, terms: dict[str, object], late: timedelta, why: str
) -> None:
    contest = a_contest(a_program(), published=False, **terms)

    with pytest.raises(ContestIncomplete) as lacking:
        publish_contest(contest_id=contest.id, actor=SYSTEM, at=START - timedelta(days=10) + late)
    assert lacking.value.why == why


def test_nobody_wins_a_contest_that_was_called_off(acme: Tenant) -> None:
    contest = a_contest(a_program())
    cancel_contest(contest_id=contest.id, reason="No budget.", actor=SYSTEM, at=START)

    with pytest.raises(ContestIsOver):
        settle_contest(contest_id=contest.id, actor=SYSTEM, at=SETTLED)
    assert not ContestPlace.objects.exists()


def test_a_partner_reads_scores_and_only_its_own_name(world: World) -> None:
    tenant = world.acme
    with tenant_scope(tenant.id):
        program = a_program()
        solea, brio = a_partner("Solea", program=program), a_partner("Brio", program=program)
        contest = a_contest(program)
        draft = a_contest(program, published=False)
        a_win(solea, program, START)
        a_win(brio, program, START + timedelta(days=1))
    with tenant_scope(tenant.id, brio.id):
        assert [row.partner_id for row in standings_of(contest.id, SETTLED)] == [None, brio.id]
        assert standings_of(draft.id, SETTLED) == []
    with tenant_scope(tenant.id):
        settle_contest(contest_id=contest.id, actor=SYSTEM, at=SETTLED)
    with tenant_scope(tenant.id, brio.id):
        assert [row.partner_id for row in standings_of(contest.id, SETTLED)] == [None, brio.id]


def test_uplift_compares_with_as_long_before(acme: Tenant) -> None:
    program = a_program()
    solea, brio = a_partner("Solea", program=program), a_partner("Brio", program=program)
    contest = a_contest(program)
    a_win(solea, program, START - timedelta(days=40))
    a_win(solea, program, START - timedelta(days=30))
    a_win(solea, program, START + timedelta(days=1))
    a_win(brio, program, START + timedelta(days=2))

    found = uplift_of(contest, datetime(2026, 12, 1, tzinfo=UTC))

    assert (found.took_part, found.before, found.during, found.returned) == (2, 1, 2, 1)
    assert found.rate == 1.0
    assert found.is_too_early
