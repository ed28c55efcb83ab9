"""Two people decide at the same moment, each on a connection of their own: the books move once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from decimal import Decimal
from threading import Barrier
from typing import Any

from django.db import connection

from commissions.adjustments.models import Conversion, WriteOff
from commissions.adjustments.services import (
    AlreadyDecided,
    NewRate,
    add_rates,
    approve_write_off,
    ask_write_off,
    convert_payable,
)
from commissions.contests.models import ContestPlace
from commissions.contests.services import settle_contest
from commissions.ledger.models import Transfer
from commissions.results.services import apply_chunk
from commissions.verification import faults
from prm.events.services import SYSTEM, Actor
from prm.money import Money
from prm.tenancy.scope import tenant_scope
from referrals.pipeline.models import Referral, StageChange
from tests.builders.contests import TERMS, a_contest
from tests.builders.payouts import a_payee, exported_run, payable
from tests.builders.referrals import a_partner, a_program, a_referral, stage_of
from tests.builders.results import a_csv, read_file
from tests.conftest import make_world


def _at_once(tenant_id: int, *works: Callable[[], Any]) -> list[Any]:
    barrier = Barrier(len(works))

    def run(work: Callable[[], Any]) -> Any:
        try:
            with tenant_scope(tenant_id):
                barrier.wait(timeout=20)
                return work()
        except AlreadyDecided as refused:
            return refused
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


def _moves(kind: str) -> list[int]:
    return list(Transfer.objects.filter(kind=kind).values_list("amount_minor", flat=True))


def test_what_two_people_decide_at_once_is_booked_once(real_database: str, at: datetime) -> None:
    world = make_world()
    tenant_id, fay, sanna = world.acme.id, Actor(world.finance.id), Actor(world.second_finance.id)
    with tenant_scope(tenant_id):
        program = a_program()
        debtor, dollars = (
            a_partner("Debtor", program=program),
            a_partner("Dollars", program=program),
        )
        payable(debtor.id, -500, at=at)
        payable(dollars.id, 10_000, at=at)
        rate = NewRate("EUR", "USD", at.date(), Decimal("1.1"), "ECB")
        add_rates(rates=[rate], actor=fay, at=at)
        wish = ask_write_off(
            partner_id=debtor.id,
            amount=Money(500, "EUR"),
            reason="Closed",
            actor=Actor(world.admin.id),
            at=at,
        )
        contest = a_contest(program)
        referral = a_referral(TERMS.starts_at, partner=debtor, program=program)
        won = stage_of(program.id, "won")
        Referral.objects.filter(id=referral.id).update(stage=won, stage_kind="won")
        StageChange.objects.create(
            referral_id=referral.id,
            partner_id=debtor.id,
            from_stage_id=referral.stage_id,
            to_stage=won,
            from_kind=referral.stage_kind,
            to_kind="won",
            at=TERMS.starts_at,
            deal_minor=100,
        )
        a_payee("Alder", 20_000, at=at)
        assert sanna.user_id
        exported_run(at=at, user_id=fay.user_id, approver_id=sanna.user_id)
        file = read_file(a_csv("PR-2026-11-0001,paid,200.00,EUR,2.50,"), user_id=fay.user_id)

    def approve(actor: Actor) -> Callable[[], Any]:
        return lambda: approve_write_off(write_off_id=wish.id, actor=actor, at=at)

    def convert() -> Conversion:
        return convert_payable(
            partner_id=dollars.id,
            amount=Money(10_000, "EUR"),
            to_currency="USD",
            reason="Asked for",
            key="one form",
            actor=fay,
            at=at,
        )

    def settle() -> list[ContestPlace]:
        later = TERMS.ends_at + timedelta(days=8)
        return settle_contest(contest_id=contest.id, actor=SYSTEM, at=later)

    def book() -> int:
        return apply_chunk(file_id=file.id, actor=fay, at=at, limit=10)

    decided = _at_once(tenant_id, approve(fay), approve(sanna))
    assert {type(one) for one in decided} == {WriteOff, AlreadyDecided}
    assert len({one.id for one in _at_once(tenant_id, convert, convert)}) == 1
    first, second = _at_once(tenant_id, settle, settle)
    assert [row.id for row in first] == [row.id for row in second]
    assert sorted(_at_once(tenant_id, book, book)) == [0, 1]

    with tenant_scope(tenant_id):
        assert _moves("write_off") == [500]
        assert sorted(_moves("conversion")) == [10_000, 11_000]
        assert _moves("award") == [50_000]
        assert _moves("settlement") == [20_000]
        # The builder's debt was earned by nothing.
        assert {fault.check for fault in faults()} <= {"every movement has its reason"}
