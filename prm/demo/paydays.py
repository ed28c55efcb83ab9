"""The demo's money by the month: holds that end, runs, and statements."""

from contextlib import suppress
from datetime import date, datetime, timedelta
from functools import partial
from uuid import UUID

from django.db import connection

from commissions.accruals.services import release_due
from commissions.payouts.faults import DetailsChanged, confirm_account
from commissions.payouts.models import Payout, PayoutRun
from commissions.payouts.services import (
    NothingToPay,
    RunDraft,
    approve_run,
    export_run,
    return_payout,
    settle_payout,
    submit_run,
)
from commissions.statements.services import NothingToState, issue_statement
from prm.demo.stage import Stage
from prm.events.services import Actor


def plan_paydays(stage: Stage, first_day: date) -> None:
    """A run on the 25th of each month, approved the day after, settled two days later; statements on the 1st."""
    month = first_day.replace(day=1)
    while month <= stage.today:
        stage.plan(stage.at(month.replace(day=25), 6), release_all)
        stage.plan(stage.at(month.replace(day=25), 9), lambda when: _run(stage, when))
        following = (month.replace(day=28) + timedelta(days=5)).replace(day=1)
        stage.plan(
            stage.at(following, 5),
            partial(_statements, stage, following - timedelta(days=1)),
        )
        month = following


def release_all(when: datetime) -> None:
    """End every hold that is over by then."""
    release_due(until=when, at=when)


def _run(stage: Stage, at: datetime) -> None:
    preparer, approver = stage.actor(stage.story.staff[1]), stage.actor(stage.story.staff[2])
    try:
        run = submit_run(
            draft=RunDraft(pay_on=(at + timedelta(days=3)).date()), actor=preparer, at=at
        )
    except NothingToPay:
        return
    next_day = at + timedelta(days=1)
    stage.plan(next_day, lambda when: _approve(run, approver, when))
    stage.plan(next_day + timedelta(hours=1), lambda when: _export(run, preparer, when))
    stage.plan(next_day + timedelta(days=2), lambda when: _settle(stage, run, preparer, when))


def _approve(run: PayoutRun, approver: Actor, at: datetime) -> None:
    approve_run(run_id=run.id, digest=run.digest, actor=approver, at=at)


def _export(run: PayoutRun, preparer: Actor, at: datetime) -> None:
    export_run(run_id=run.id, actor=preparer, at=at)


def _settle(stage: Stage, run: PayoutRun, preparer: Actor, at: datetime) -> None:
    payouts = list(Payout.objects.filter(run_id=run.id).order_by("id"))
    unlucky = stage.dice.randrange(40)
    for number, payout in enumerate(payouts):
        if number == unlucky and len(payouts) > 2:
            return_payout(payout_id=payout.id, reason="AC06 Account blocked", actor=preparer, at=at)
            stage.plan(at + timedelta(days=9), partial(_confirm, payout, preparer))
        else:
            settle_payout(payout_id=payout.id, actor=preparer, at=at)


def _confirm(payout: Payout, clerk: Actor, at: datetime) -> None:
    with suppress(DetailsChanged):
        confirm_account(
            partner_id=payout.partner_id,
            account_id=payout.account_id,
            reason="Called the number on file: the bank has opened the account again",
            actor=clerk,
            at=at,
        )


def _statements(stage: Stage, last: date, at: datetime) -> None:
    clerk = stage.actor(stage.story.staff[1])
    for partner_id, currency in _with_balances():
        with suppress(NothingToState):
            issue_statement(
                partner_id=partner_id, currency=currency, until_on=last, actor=clerk, at=at
            )


def _with_balances() -> list[tuple[UUID, str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "select distinct partner_id, currency from commissions_account where partner_id is not null order by 1, 2",
        )
        return [(row[0], row[1]) for row in cursor.fetchall()]
