"""Lines on their way into the books: a priced event as a row beside its transfer, and the facts that tell of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from json import dumps
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection

from commissions.accruals.releasing import release_due
from commissions.accruals.reversing import claw_back_payment
from commissions.accruals.sources import Source
from commissions.ledger.models import Transfer
from commissions.ledger.selectors import tenant_zone
from commissions.ledger.services import FEW, NewTransfer, Posted, post_staged
from commissions.plans.rules import AccrualDraft, Trace
from partners.directory.models import Partner
from prm.events.batches import emit_selected
from prm.events.services import Actor
from prm.tenancy.keys import KeyReused
from prm.tenancy.staging import staged

# Kind and id of an event, rule, set of shares.
RewardKey = tuple[str, UUID, int, int]


@dataclass(frozen=True, slots=True)
class Line:
    """A draft beside its source."""

    source: Source
    draft: AccrualDraft
    hold_days: int
    # The referral's set of shares and the place in it; 0 where the referral's partner has it all.
    split_no: int = 0
    place: int = 0
    # How often the reward was computed before, and the budget period that it is booked in, if its program has one.
    generation: int = 0
    budget_on: date | None = None

    @property
    def reward(self) -> RewardKey:
        """What the line is a part of: an event by a rule under a set of shares."""
        return self.source.kind, self.source.id, self.draft.rule_id, self.split_no

    @property
    def journal(self) -> str:
        """The event's name in the ledger."""
        return f"{self.source.kind}:{self.source.id}"

    @property
    def key(self) -> str:
        """The natural key of what the event earns by the rule."""
        key = f"accrual:{self.source.kind}:{self.source.id}:{self.draft.rule_id}"
        if self.split_no:
            key = f"{key}:{self.split_no}:{self.place}"
        return f"{key}:g{self.generation}" if self.generation else key


def book_lines(lines: Sequence[Line], *, actor: Actor, at: datetime, tell: bool) -> list[int]:
    """Write lines into the books, those that are there already left alone; return the ids of the new ones.

    What was refunded meanwhile is taken back at once; what has no hold is released at once when the partners are told.
    Emits commission.earned per line.
    """
    if not lines:
        return []
    try:
        posted = _post(lines, at)
    except KeyReused:
        # The same event again, whose partner is another entry since: that it was booked is looked up only now.
        lines = _not_booked_for_duplicates(lines)
        posted = _post(lines, at)
    new = [(line, place.id) for line, place in zip(lines, posted, strict=True) if place.is_new]
    if not new:
        return []
    ids = insert_accruals(new)
    emit_selected("commission.earned", EARNED, [ids], actor=actor, at=at, queue=tell)
    refunded = {
        line.source.revenue_event_id
        for line, _ in new
        if line.source.is_refunded and line.source.revenue_event_id
    }
    for payment_id in sorted(refunded):
        claw_back_payment(payment_id, refund_id=None, actor=actor, at=at, tell=tell)
    if tell:
        release_due(until=at, at=at, accrual_ids=ids)
    return ids


def _post(lines: Sequence[Line], at: datetime) -> list[Posted]:
    return post_staged(
        [
            NewTransfer(
                kind="accrual",
                key=line.key,
                journal=line.journal,
                debit=("commission_expense", None, line.draft.amount.currency),
                credit=("pending", line.source.partner_id, line.draft.amount.currency),
                amount_minor=line.draft.amount.minor,
                booked_at=at,
                partner_id=line.source.partner_id,
            )
            for line in lines
        ],
    )


def _not_booked_for_duplicates(lines: Sequence[Line]) -> list[Line]:
    """Return the lines without those that were booked for a duplicate before it was merged."""
    duplicates = Partner.objects.filter(merged_into_id__isnull=False).values("id")
    booked = set(
        Transfer.objects.filter(
            key__in=[line.key for line in lines], partner_id__in=duplicates
        ).values_list("key", flat=True)
    )
    return [line for line in lines if line.key not in booked]


def insert_accruals(new: Sequence[tuple[Line, int]]) -> list[int]:
    """Write the lines beside the ids of their transfers; return ids in the order given."""
    # Before the copying begins: nothing else may be asked of the connection meanwhile.
    zone = tenant_zone()
    if len(new) < FEW:
        with connection.cursor() as cursor:
            cursor.execute(
                insert_of(_ARRAYS) + _RETURNING,
                [list(column) for column in zip(*_rows(new, zone), strict=True)],
            )
            ids = dict(cursor.fetchall())
    else:
        with staged("accrual_staged", _COLUMNS, _rows(new, zone)), connection.cursor() as cursor:
            cursor.execute(insert_of("accrual_staged") + _RETURNING)
            ids = dict(cursor.fetchall())
    return [ids[transfer_id] for _, transfer_id in new]


def _rows(new: Sequence[tuple[Line, int]], zone: ZoneInfo) -> Iterable[tuple[Any, ...]]:
    holds = {(line.source.facts.earned_on, line.hold_days) for line, _ in new}
    ends = {
        hold: datetime.combine(hold[0] + timedelta(days=hold[1]), time(), zone) for hold in holds
    }
    heads: dict[tuple[str, int], str] = {}
    for line, transfer_id in new:
        source, trace = line.source, line.draft.trace
        if trace.math is None:
            head = heads.get((trace.version_id, trace.rule_id))
            if head is None:
                head = heads[trace.version_id, trace.rule_id] = shared_trace(trace)
            stored = head + _rest(trace)
        else:
            stored = dumps(trace.as_json(), separators=(",", ":"))
        yield (
            source.partner_id,
            source.kind,
            source.id,
            source.referral_id,
            source.revenue_event_id,
            trace.version_id,
            trace.rule_id,
            trace.amount_minor,
            trace.currency,
            source.earned_at,
            source.facts.earned_on,
            ends[source.facts.earned_on, line.hold_days],
            transfer_id,
            line.split_no,
            line.place,
            line.generation,
            line.budget_on,
            line.draft.payee or None,
            stored,
        )


def insert_of(source: str) -> str:
    """Return the INSERT of accruals from a source that has the staged columns; a constant of the code."""
    return _INSERT_ACCRUALS.replace("/*source*/", source)


def shared_trace(trace: Trace) -> str:
    """Return the part of a trace that all lines of a plain rule share, as JSON without its end."""
    shared = {name: value for name, value in trace.as_json().items() if name not in _OWN}
    return dumps(shared, separators=(",", ":"))[:-1]


def _rest(trace: Trace) -> str:
    """Return what is a line's own in its trace; whole numbers and days need no escaping."""
    number = "null" if trace.payment_no is None else trace.payment_no
    split = ""
    if trace.shares:
        shares = dumps(trace.shares, separators=(",", ":"))
        split = f',"whole_minor":{trace.whole_minor},"shares":{shares},"place":{trace.place}'
    return (
        f',"base_minor":{trace.base_minor},"amount_minor":{trace.amount_minor}'
        f',"payment_no":{number},"first_paid_on":"{trace.first_paid_on}"{split}}}'
    )


# What one rule's lines differ in; everything else in a trace is the rule's or its version's.
_OWN = {
    "base_minor",
    "amount_minor",
    "payment_no",
    "first_paid_on",
    "whole_minor",
    "shares",
    "place",
}

_COLUMNS = {
    "partner_id": "uuid",
    "source_kind": "text",
    "source_id": "uuid",
    "referral_id": "uuid",
    "revenue_event_id": "uuid",
    "version_id": "uuid",
    "rule_id": "bigint",
    "amount_minor": "bigint",
    "currency": "text",
    "earned_at": "timestamptz",
    "earned_on": "date",
    "payable_at": "timestamptz",
    "transfer_id": "bigint",
    "split_no": "int",
    "place": "smallint",
    "generation": "int",
    "budget_on": "date",
    "payee_id": "bigint",
    "trace": "text",
}

_ARRAYS = "(select * from unnest({casts}) x ({names}))".format(  # noqa: S608  built of constants
    casts=", ".join(f"%s::{kind}[]" for kind in _COLUMNS.values()), names=", ".join(_COLUMNS)
)

_INSERT_ACCRUALS = """
insert into commissions_accrual (partner_id, source_kind, source_id, referral_id, revenue_event_id, version_id,
rule_id,
                                 amount_minor, currency, clawed_minor, earned_at, earned_on, payable_at,
                                 transfer_id, split_no, place, generation, budget_on, payee_id, trace)
select partner_id, source_kind, source_id, referral_id, revenue_event_id, version_id, rule_id, amount_minor,
currency, 0,
       earned_at, earned_on, payable_at, transfer_id, split_no, place, generation, budget_on, payee_id,
       trace::jsonb
  from /*source*/ w
"""
_RETURNING = "returning transfer_id, id"

# The facts of commission.earned, one per accrual, in the order in which they were booked.
_EARNED = """
select 'accrual:' || id as subject, partner_id,
       jsonb_build_object('accrual_id', id, 'referral_id', referral_id, 'partner_id', partner_id,
                          'amount_minor', amount_minor, 'currency', currency) as payload
  from /*accruals*/ a order by id
"""


def earned_of(accruals: str) -> str:
    """Return the SELECT of the facts of commission.earned over a table of accruals; a constant of the code."""
    return _EARNED.replace("/*accruals*/", accruals)


EARNED = earned_of("(select * from commissions_accrual where id = any(%s::bigint[]))")
