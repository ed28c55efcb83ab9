"""Rewards that are not money: queued once, codes used once, costs counted, never money, never another partner's."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client

from commissions.contests.services import settle_contest
from commissions.gifts.merging import carry_gifts
from commissions.gifts.models import GiftAward, GiftCode
from commissions.gifts.prizes import award_prize
from commissions.gifts.rules import CodesUnreadable, codes_in, next_states
from commissions.gifts.selectors import Stock, code_of, cost_lines, programme_costs, stocks_of
from commissions.gifts.services import (
    AwardNotInState,
    GiftNotOffered,
    add_codes,
    award_gift,
    confirm_receipt,
    move_award,
)
from commissions.ledger.models import Transfer
from commissions.simulation.replaying import Span
from commissions.simulation.selectors import costs_beside
from partners.directory.merging import Merge
from partners.directory.models import Enrollment
from prm.events.models import Event
from prm.events.relay import relay_tenant
from prm.events.services import SYSTEM
from prm.jobs.files import open_private
from prm.jobs.models import Job
from prm.jobs.services import run as run_job
from prm.notices.models import Notice
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from tests.builders.contests import TERMS, a_contest
from tests.builders.gifts import AT, a_gift, an_award
from tests.builders.referrals import a_partner, a_program, people_of
from tests.commissions.contests.test_contests import a_win
from tests.conftest import World, make_world


@pytest.mark.parametrize(
    ("state", "kind", "attempt", "found"),
    [
        ("waiting", "goods", 1, ("ordered", "sent", "failed")),
        ("waiting", "card", 1, ("failed",)),
        ("sent", "card", 1, ("received", "failed")),
        ("failed", "goods", 1, ("waiting",)),
        ("failed", "goods", 2, ()),
        ("received", "goods", 1, ()),
    ],
)
def test_where_an_award_may_go(state: str, kind: str, attempt: int, found: tuple[str, ...]) -> None:
    assert next_states(state, attempt, is_coded=kind == "card") == found


def test_codes_are_read_once_each_and_a_bad_line_is_named() -> None:
    assert codes_in(" A1 \r\n\r\nB2\nA1\n") == ["A1", "B2"]
    with pytest.raises(CodesUnreadable) as bad:
        codes_in("A1\n" + "x" * 121)
    assert bad.value.line == 2


def test_a_prize_that_is_not_money_is_queued_once_and_counts_as_a_cost(world: World) -> None:
    settled = TERMS.ends_at + timedelta(days=7)
    with tenant_scope(world.acme.id):
        program = a_program()
        solea, brio = (people_of(world.acme, name) for name in ("Solea", "Brio"))
        contest = a_contest(program)
        for number, people in enumerate((solea, brio)):
            a_win(people.partner, program, TERMS.starts_at + timedelta(days=number))
        settle_contest(contest_id=contest.id, actor=SYSTEM, at=settled)
    relay_tenant(world.acme.id)

    with tenant_scope(world.acme.id):
        winner: dict[str, Any] = {"contest_id": contest.id, "at": settled}
        award = award_prize(rank=2, **winner)
        assert award == GiftAward.objects.get()
        assert (award.partner_id, award.title, award.cost_minor, award.reason) == (
            brio.partner.id,
            "A hamper",
            8_000,
            TERMS.title,
        )
        # Money is no gift, and a gift no money.
        assert award_prize(rank=1, **winner) is None
        assert not Transfer.objects.filter(partner_id=brio.partner.id).exists()
        day = settled.date()
        assert programme_costs(program.id, day, day) == 8_000
        assert programme_costs(program.id, day + timedelta(days=1), day + timedelta(days=9)) == 0
        beside = costs_beside(program.id, "EUR", Span(day, day))
        assert (beside["prizes_minor"], beside["goods_minor"]) == (50_000, 8_000)
        # The contest told the winner; the gift does when it is on its way.
        told = Notice.objects.filter(user=brio.admin, kind__startswith="gift.")
        assert not told.exists()
        move_award(
            award_id=award.id,
            to="sent",
            tracking="Parcel 17",
            actor=SYSTEM,
            at=settled + timedelta(days=2),
        )
    relay_tenant(world.acme.id)
    with tenant_scope(world.acme.id):
        assert [row.kind for row in told.all()] == ["gift.sent"]


def test_codes_go_out_in_order_and_a_failed_one_gets_another_once(acme: Tenant) -> None:
    program, at = a_program(), AT
    gift = a_gift(program, "card", cost_minor=2_500, codes=("A!1", "B!2"))
    partners = [a_partner(name, program=program) for name in ("Solea", "Brio", "Corvo", "Dune")]
    awards = [
        an_award(gift, partner, at + timedelta(hours=number))
        for number, partner in enumerate(partners)
    ]
    assert [row.state for row in awards] == ["sent", "sent", "waiting", "waiting"]
    assert [code_of(row.id) for row in awards] == ["A!1", "B!2", "", ""]
    assert stocks_of([gift.id]) == {gift.id: Stock(free=0, used=2, waiting=2)}

    # The second is known: one new code, which goes to who waits longest.
    assert add_codes(gift_id=gift.id, codes=["B!2", "C!3"], actor=SYSTEM, at=at) == (1, 1)
    assert [code_of(row.id) for row in awards[2:]] == ["C!3", ""]

    def move(award: GiftAward, to: str) -> GiftAward:
        return move_award(award_id=award.id, to=to, tracking="No shop", actor=SYSTEM, at=at)

    assert move(awards[0], "failed").state == "failed"
    assert programme_costs(program.id, at.date(), at.date()) == 3 * 2_500
    # Back in the queue it is the oldest, but codes come first to nobody until there are some.
    assert move(awards[0], "waiting").state == "waiting"
    add_codes(gift_id=gift.id, codes=["D!4"], actor=SYSTEM, at=at)
    assert code_of(awards[0].id) == "D!4"
    move(awards[0], "failed")
    with pytest.raises(AwardNotInState):
        move(awards[0], "waiting")
    (line,) = cost_lines(date(2026, 11, 1), date(2026, 11, 30))
    assert (line.kind, line.currency, line.count, line.cost_minor) == ("card", "EUR", 3, 7_500)
    # At rest no code can be read, and none was given twice.
    sealed = list(GiftCode.objects.order_by("id").values_list("sealed", "award_id"))
    assert not any(code in text for text, _ in sealed for code in ("A!1", "B!2", "C!3", "D!4"))
    assert [award_id for _, award_id in sealed] == [awards[n].id for n in (0, 1, 2, 0)]


def test_who_takes_no_part_gets_nothing_and_a_form_sent_twice_gives_once(acme: Tenant) -> None:
    program = a_program()
    gift, partner = a_gift(program), a_partner(program=program)
    given: dict[str, Any] = {
        "gift_id": gift.id,
        "partner_id": partner.id,
        "reason": "=cmd",
        "key": str(uuid4()),
        "actor": SYSTEM,
        "at": AT,
    }
    assert award_gift(**given).id == award_gift(**given).id
    assert Event.objects.filter(name="gift.awarded").count() == 1
    with pytest.raises(GiftNotOffered):
        award_gift(**{**given, "key": "late", "at": AT.replace(year=2025)})
    Enrollment.objects.filter(partner=partner).update(state="ended")
    with pytest.raises(GiftNotOffered):
        award_gift(**{**given, "key": "other"})


def test_a_partner_reads_its_own_code_and_nobody_else_does(world: World, client: Client) -> None:
    tenant = world.acme
    with tenant_scope(tenant.id):
        program = a_program()
        solea, brio = people_of(tenant, "Solea"), people_of(tenant, "Brio")
        gift = a_gift(program, "discount", codes=("SUN-7788",))
        award = an_award(gift, solea.partner)
        goods = an_award(a_gift(program), solea.partner)
        other = an_award(a_gift(program), brio.partner)
    with tenant_scope(tenant.id, solea.partner.id):
        assert set(GiftAward.objects.values_list("id", flat=True)) == {award.id, goods.id}
        with pytest.raises(DatabaseError), transaction.atomic():
            an_award(gift, solea.partner)
        with pytest.raises(AwardNotInState):
            confirm_receipt(award_id=goods.id, actor=SYSTEM, at=AT)
    with tenant_scope(tenant.id, brio.partner.id):
        assert not GiftCode.objects.exists()

    code = f"/acme/rewards/{award.id}/code/"
    client.force_login(brio.admin)
    assert client.post(code).status_code == 404
    client.force_login(solea.admin)
    assert b"SUN-7788" not in client.get("/acme/rewards/").content
    shown = client.post(code)
    assert b"SUN-7788" in shown.content
    assert "no-store" in shown["Cache-Control"]
    client.force_login(world.admin)
    for path in (f"manage/rewards/{award.id}/", f"manage/rewards/catalogue/{gift.id}/"):
        page = client.get(f"/acme/{path}")
        assert page.status_code == 200
        assert b"SUN-7788" not in page.content
    with tenant_scope(tenant.id):
        award.refresh_from_db()
        assert (award.state, award.shown_at is not None) == ("received", True)
        assert Event.objects.filter(name="gift.code_shown").count() == 1
        carry_gifts(Merge(from_id=solea.partner.id, into_id=brio.partner.id, actor=SYSTEM, at=AT))
    with tenant_scope(tenant.id, brio.partner.id):
        assert GiftAward.objects.count() == 3
        assert code_of(award.id) == "SUN-7788"
        assert other.id in set(GiftAward.objects.values_list("id", flat=True))


def test_the_register_as_a_file_runs_nothing_and_holds_no_code(
    world: World, client: Client
) -> None:
    with tenant_scope(world.acme.id):
        program = a_program()
        gift = a_gift(program, "card", codes=("SUN-7788",))
        for name in ("Solea", "=HYPERLINK(1)"):
            an_award(gift, a_partner(name, program=program))
    client.force_login(world.finance)
    client.post("/acme/manage/rewards/export/?state=no_code", {"format": "csv"})
    with tenant_scope(world.acme.id):
        job = Job.objects.get()
    assert run_job(world.acme.id, job.id)
    with tenant_scope(world.acme.id):
        job.refresh_from_db()
        with open_private(job.file) as file:
            text = file.read().decode("utf-8-sig")
    assert job.result == {"rows": 1}
    assert (
        "2026-11-10,Referral,'=HYPERLINK(1),,Gift card,A card,For a good year,Waits for codes,,80.00,EUR"
        in text
    )
    assert "SUN-7788" not in text


@pytest.mark.race
def test_ten_awards_at_once_share_three_codes(real_database: str) -> None:
    world = make_world()
    with tenant_scope(world.acme.id):
        program = a_program()
        gift = a_gift(program, "card", codes=("A", "B", "C"))
        partners = [a_partner(f"Partner {number}", program=program) for number in range(10)]
    barrier = Barrier(10)

    def give(partner: Any) -> UUID:
        try:
            with tenant_scope(world.acme.id):
                barrier.wait(timeout=20)
                return an_award(gift, partner).id
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as pool:
        assert len(set(pool.map(give, partners))) == 10
    with tenant_scope(world.acme.id):
        assert stocks_of([gift.id]) == {gift.id: Stock(free=0, used=3, waiting=7)}
        handed = GiftCode.objects.values_list("award_id", flat=True)
        assert len(set(handed)) == 3
        sent = GiftAward.objects.filter(state="sent").values_list("id", flat=True)
        assert set(sent) == set(handed)
