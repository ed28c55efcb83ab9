"""People of partners compete as far as their employers allow: money, a thing worth as much, or not at all."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from commissions.accruals.people import years_of_people
from commissions.accruals.reps import set_policy
from commissions.contests.kinds import won as title_of_prize
from commissions.contests.merging import carry_places
from commissions.contests.models import ContestPlace
from commissions.contests.participation import uplift_of
from commissions.contests.rules import PrizeTerms, way_given
from commissions.contests.selectors import standings_of
from commissions.contests.services import settle_contest
from commissions.gifts.models import GiftAward
from commissions.ledger.models import Transfer
from commissions.ledger.selectors import PartnerBalance, balances_of
from commissions.simulation.replaying import Span
from commissions.simulation.selectors import costs_beside
from commissions.statements.models import StatementLine
from commissions.statements.papers import title_of, what_for
from commissions.statements.services import issue_statement
from commissions.verification import faults
from partners.directory.merging import Merge
from partners.programs.models import Program
from prm.accounts.models import Membership, User
from prm.events.services import SYSTEM
from prm.notices.models import Notice
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from tests.builders.contests import TERMS, a_contest
from tests.builders.referrals import People, a_partner, a_program, people_of
from tests.commissions.contests.test_contests import SETTLED, START, a_win
from tests.conftest import World

DAY = timedelta(days=1)
PRIZES = (
    PrizeTerms(1, amount_minor=50_000),
    PrizeTerms(2, amount_minor=20_000),
    PrizeTerms(3, goods="A hamper", cost_minor=8_000),
)


@pytest.mark.parametrize(
    ("prize", "allows", "way"),
    [
        (PrizeTerms(1, amount_minor=1), None, "money"),
        (PrizeTerms(1, goods="Cup"), None, "goods"),
        (PrizeTerms(1, amount_minor=1), "cash", "money"),
        (PrizeTerms(1, goods="Cup"), "cash", "goods"),
        (PrizeTerms(1, amount_minor=1), "non_cash", "kind"),
        (PrizeTerms(1, goods="Cup"), "non_cash", "goods"),
        (PrizeTerms(1, amount_minor=1), "none", ""),
        (PrizeTerms(1, goods="Cup"), "none", ""),
    ],
)
def test_how_a_prize_is_given(prize: PrizeTerms, allows: str | None, way: str) -> None:
    assert way_given(prize, allows) == way


def the_companies(tenant: Tenant) -> tuple[People, People, People]:
    """Return three partners: one allows its people money, one only things, one nothing."""
    solea, brio, corvo = (people_of(tenant, name) for name in ("Solea", "Brio", "Corvo"))
    for people, allows, at in ((solea, "cash", START - DAY), (brio, "non_cash", START + 2 * DAY)):
        set_policy(partner_id=people.partner.id, allows=allows, actor=SYSTEM, at=at)
    return solea, brio, corvo


def won(facts: dict[str, Any]) -> str:
    """Return what a notice says, without the contest's name."""
    return title_of_prize(facts).partition(" in the contest ")[0]


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def wins(people: People, sender: User | None, program: Program, *days: int) -> None:
    """Win referrals that a person sent, on days of the contest."""
    for day in days:
        a_win(people.partner, program, START + day * DAY, sender=sender)


def test_prizes_follow_what_each_employer_allows_and_are_given_once(
    world: World, deliver: Callable[[], int]
) -> None:
    with tenant_scope(world.acme.id):
        program = a_program()
        solea, brio, corvo = the_companies(world.acme)
        contest = a_contest(program, competes="people", prizes=PRIZES)
        # The same score: the first to reach it is before the other. The first of Brio's came before Brio allowed any.
        wins(brio, brio.rep, program, 1, 3, 5)
        wins(solea, solea.rep, program, 0, 4)
        wins(solea, solea.colleague, program, 2)
        # Not allowed; sent by nobody's person; gone since.
        wins(corvo, corvo.rep, program, 1, 2, 3)
        wins(solea, None, program, 1, 2, 3)
        wins(brio, brio.colleague, program, 6, 7, 8)
        Membership.objects.filter(user=brio.colleague).update(ended_at=START + 20 * DAY)

        def who(at: Any) -> list[tuple[int, int | None, int]]:
            return [(row.rank, row.person_id, row.score) for row in standings_of(contest.id, at)]

        three = [(1, solea.rep.id, 2), (2, brio.rep.id, 2), (3, solea.colleague.id, 1)]
        assert who(START + 9 * DAY) == three
        # While an employer allows nothing, its people do not stand; what they brought before comes back with its word.
        for day, allows in ((10, "none"), (12, "non_cash")):
            at = START + day * DAY
            set_policy(partner_id=brio.partner.id, allows=allows, actor=SYSTEM, at=at)
        assert who(START + 11 * DAY) == [three[0], (2, solea.colleague.id, 1)]
        found = uplift_of(contest, SETTLED)
        assert (found.took_part, found.eligible, found.during) == (3, 5, 6)
        settle_contest(contest_id=contest.id, actor=SYSTEM, at=SETTLED)
    deliver()
    with tenant_scope(world.acme.id):
        set_policy(partner_id=brio.partner.id, allows="none", actor=SYSTEM, at=SETTLED + DAY)
        settle_contest(contest_id=contest.id, actor=SYSTEM, at=SETTLED + DAY)
    deliver()

    with tenant_scope(world.acme.id):
        places = ContestPlace.objects.select_related("prize").order_by("rank")
        assert [(row.rank, row.person_id, row.score) for row in places] == three
        assert [row.is_in_kind for row in places] == [False, True, False]
        assert who(SETTLED + 2 * DAY) == three
        # Money is the partner's, for the person; what is not money never stands in the books.
        assert balances_of(solea.partner.id, "EUR") == PartnerBalance("EUR", payable=50_000)
        assert Transfer.objects.filter(kind="award").count() == 1
        awards = GiftAward.objects.order_by("cost_minor")
        assert [(row.person_id, row.kind, row.title, row.cost_minor) for row in awards] == [
            (solea.colleague.id, "goods", "A hamper", 8_000),
            (brio.rep.id, "credit", "Credit of €200.00", 20_000),
        ]
        beside = costs_beside(program.id, "EUR", Span(SETTLED.date(), SETTLED.date()))
        assert (beside["prizes_minor"], beside["goods_minor"]) == (50_000, 28_000)
        told = Notice.objects.filter(kind="contest.won")
        page = f"contests/{contest.id}/"
        assert {(row.user_id, won(row.facts), row.path) for row in told} == {
            (solea.rep.id, "You won €500.00", "your-rewards/"),
            (solea.colleague.id, "You won A hamper", "your-rewards/"),
            (brio.rep.id, "You won a reward worth €200.00", "your-rewards/"),
            (solea.admin.id, "Rae Solea won €500.00", page),
            (solea.admin.id, "Col Solea won A hamper", page),
            (brio.admin.id, "Rae Brio won a reward worth €200.00", page),
        }
        years = years_of_people(solea.partner.id)
        assert {row.name: (row.money, row.worth) for row in years} == {
            "Rae Solea": ({"EUR": 50_000}, {}),
            "Col Solea": ({}, {"EUR": 8_000}),
        }
        statement = issue_statement(
            partner_id=solea.partner.id,
            currency="EUR",
            until_on=SETTLED.date(),
            actor=SYSTEM,
            at=SETTLED + DAY,
        )
        line = StatementLine.objects.get(statement=statement)
        assert (title_of(line), what_for(line.detail)) == (
            TERMS.title,
            "Prize of a contest, for Rae Solea",
        )
        assert list(faults()) == []
    check_pages(solea)


def check_pages(people: People) -> None:
    """See the prize in money on the partner's pages and on the winner's own; not on a colleague's."""
    boss = signed_in(people.admin)
    earnings = boss.get("/acme/earnings/")
    words = "Prize of a contest, for Rae Solea"
    assert [tab.count for tab in earnings.context["tabs"]][:2] == ["1", "0"]
    assert words in earnings.content.decode()
    # No plan pays people here: the way to decide what they may receive is there for the contest.
    assert "/acme/rewards-for-people/" in earnings.content.decode()
    assert words in boss.get("/acme/earnings/export/?format=csv").getvalue().decode("utf-8-sig")
    mine = signed_in(people.rep).get("/acme/your-rewards/").content.decode()
    assert (TERMS.title in mine, "€500.00" in mine) == (True, True)
    assert TERMS.title not in boss.get("/acme/your-rewards/").content.decode()


def test_a_merge_carries_the_places_of_people(acme: Tenant) -> None:
    program = a_program()
    solea, brio, _corvo = the_companies(acme)
    contest = a_contest(program, competes="people", prizes=PRIZES)
    wins(solea, solea.rep, program, 1, 2)
    wins(brio, brio.rep, program, 3)
    # The same person at both: two places, which a merge leaves as they were.
    Membership.objects.create(
        tenant=acme, user=solea.rep, roles=["partner_rep"], partner_id=brio.partner.id
    )
    wins(brio, solea.rep, program, 4)
    settle_contest(contest_id=contest.id, actor=SYSTEM, at=SETTLED)

    carry_places(Merge(brio.partner.id, solea.partner.id, SYSTEM, SETTLED))

    places = ContestPlace.objects.order_by("rank")
    assert [(row.person_id, row.partner_id == solea.partner.id) for row in places] == [
        (solea.rep.id, True),
        (brio.rep.id, True),
        (solea.rep.id, False),
    ]


def test_who_reads_whose_name(world: World) -> None:
    now = timezone.now()
    with tenant_scope(world.acme.id):
        program = a_program()
        solea, brio, corvo = (people_of(world.acme, name) for name in ("Solea", "Brio", "Corvo"))
        for people, allows in ((solea, "cash"), (brio, "non_cash")):
            set_policy(partner_id=people.partner.id, allows=allows, actor=SYSTEM, at=now - 9 * DAY)
        contest = a_contest(
            program,
            competes="people",
            prizes=PRIZES,
            starts_at=now - 5 * DAY,
            ends_at=now + 5 * DAY,
        )
        for people, sender in ((solea, solea.rep), (solea, solea.colleague), (brio, brio.rep)):
            a_win(people.partner, program, now - 2 * DAY, sender=sender)
    with tenant_scope(world.acme.id, brio.partner.id):
        rows = standings_of(contest.id, now)
        assert [(row.partner_id, row.person_id) for row in rows] == [
            (None, None),
            (None, None),
            (brio.partner.id, brio.rep.id),
        ]

    def seen(user: User, path: str = "contests") -> set[str]:
        page = signed_in(user).get(f"/acme/{path}/{contest.id}/").content.decode()
        words = (
            "<strong>You</strong>",
            "Rae Solea",
            "Col Solea",
            "Rae Brio",
            "Reward worth",
            "do not take part",
            "rewards-for-people",
        )
        main = page.partition("<main")[2]
        return {word for word in words if word in main}

    out = "do not take part"
    assert seen(solea.rep) == {"<strong>You</strong>"}
    assert seen(solea.admin) == {"Rae Solea", "Col Solea"}
    assert seen(brio.rep) == {"<strong>You</strong>"}
    assert seen(corvo.rep) == {out}
    assert seen(corvo.admin) == {out, "rewards-for-people"}
    assert seen(world.manager, "manage/contests") == {"Rae Solea", "Col Solea", "Rae Brio", out}
    with tenant_scope(world.acme.id):
        set_policy(partner_id=solea.partner.id, allows="none", actor=SYSTEM, at=timezone.now())
    # Now the first place is Brio's, whose people get no money.
    assert seen(world.manager, "manage/contests") == {"Rae Brio", out, "Reward worth"}


def test_an_announcement_reaches_those_who_may_compete_or_allow_it(
    world: World, deliver: Callable[[], int]
) -> None:
    with tenant_scope(world.acme.id):
        solea, _brio, corvo = the_companies(world.acme)
        a_partner("Dune")
        a_contest(a_program(), competes="people", starts_at=START + 20 * DAY)
    deliver()

    with tenant_scope(world.acme.id):
        told = set(
            Notice.objects.filter(kind="contest.published").values_list("user_id", flat=True)
        )
        assert {solea.rep.id, solea.colleague.id, solea.admin.id, corvo.admin.id} <= told
        assert not {corvo.rep.id, corvo.colleague.id} & told
