"""Which statement shows a payment of a run, and the list of contents of the run's archive."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext

from commissions.payouts.models import Payout, PayoutState
from commissions.payouts.returns import paid_again
from commissions.payouts.wording import again_words
from commissions.statements.models import Statement
from commissions.statements.services import NothingToState, PeriodAlreadyStated, issue_statement
from prm.events.services import Actor
from prm.money import Money
from prm.tenancy.scope import current_scope

# What the bank moved for a payment: paid, and paid back. A return before the booking of the payment moved no cash.
_CASH = """
select count(*)::int, count(l.id)::int, max(s.position)
  from commissions_transfer t
  join commissions_account a on a.tenant_id = t.tenant_id and a.kind = 'cash'
                            and a.id in (t.debit_account_id, t.credit_account_id)
  left join commissions_statement_line l on l.tenant_id = t.tenant_id and l.transfer_id = t.id
  left join commissions_statement s on s.tenant_id = l.tenant_id and s.id = l.statement_id
 where t.tenant_id = %s and t.key = any(%s)
"""


def statement_for(
    payout: Payout, *, until_on: date, actor: Actor, at: datetime
) -> Statement | None:
    """Return the statement that shows a payment and, when it came back, its return; issue it when there is none yet.

    until_on: inclusive, in the tenant's zone. A payment that no bank booked has the statement issued for its run.
    None when there is nothing to state that is not on an earlier statement: an old statement is never
    passed off as the run's. Emits statement.issued.
    """
    mine = Statement.objects.filter(partner_id=payout.partner_id, currency=payout.currency)
    moved, stated, position = _cash_of(payout)
    if position is not None and stated == moved:
        return mine.get(position=position)
    of_run = mine.filter(run_id=payout.run_id).first()
    if of_run and not moved:
        return of_run
    known = set(mine.values_list("id", flat=True))
    try:
        statement = issue_statement(
            partner_id=payout.partner_id,
            currency=payout.currency,
            until_on=until_on,
            actor=actor,
            at=at,
            # The run's statement was issued before the bank paid; this one shows the payment.
            run_id=None if of_run else payout.run_id,
        )
    except (NothingToState, PeriodAlreadyStated):
        return of_run
    # Asked twice for one day it answers with the last one, which may be of before the run.
    return of_run if statement.id in known else statement


def _cash_of(payout: Payout) -> tuple[int, int, int | None]:
    """Return how many movements of cash a payment has, how many are stated, and the last such statement's position."""
    keys = [f"settlement:{payout.id}", f"return:{payout.id}"]
    with connection.cursor() as cursor:
        cursor.execute(_CASH, [current_scope().tenant_id, keys])
        moved, stated, position = cursor.fetchone()
    return moved, stated, position


def contents_header() -> list[str]:
    """Return the columns of the list of contents."""
    return [
        gettext("Payment"),
        gettext("Partner"),
        gettext("Currency"),
        gettext("Amount"),
        gettext("State"),
        gettext("Statement"),
        gettext("Note"),
    ]


def contents_rows(
    payouts: Sequence[Payout], statements: Mapping[UUID, Statement]
) -> list[list[Any]]:
    """Return one row for every payment of a run: its statement in the archive, or why there is none."""
    again = paid_again([row.id for row in payouts if row.state == PayoutState.RETURNED])
    rows = []
    for payout in payouts:
        statement = statements.get(payout.id)
        notes = []
        if payout.state == PayoutState.RETURNED:
            notes += [gettext("Returned by the bank"), again_words(again.get(payout.id))]
        if statement is None:
            notes.append(gettext("Nothing new to state; everything is on earlier statements"))
        rows.append(
            [
                payout.number,
                payout.partner.name,
                payout.currency,
                Money(payout.amount_minor, payout.currency),
                str(payout.get_state_display()),
                statement.number if statement else None,
                ". ".join(notes) or None,
            ]
        )
    return rows
