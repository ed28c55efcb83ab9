"""The invariants of the books, one function each, by their numbers in RULES.md; all are asked after every step.

Each reads the raw tables for itself and yields what it finds wrong. They know nothing of the product's own proof, which
is asked as well: two ways to count have to agree.
"""

from collections.abc import Callable, Collection, Iterator
from typing import Any

import psycopg
from django.db import connection

from commissions.ledger.selectors import partner_balances
from commissions.payouts.freezing import frozen_digest
from commissions.payouts.models import PayoutRun, RunApproval
from commissions.verification import faults
from prm.tenancy.scope import tenant_scope
from tests.commissions.machine.books import Books
from tests.commissions.machine.budgets import kept_waiting

Invariant = Callable[[Books], Iterator[str]]
INVARIANTS: dict[str, Invariant] = {}
# Rows that nobody may ever change or take away, by the type of their ids, which only grow.
EVIDENCE = {
    "commissions_transfer": "bigint",
    "commissions_statement": "uuid",
    "commissions_statement_line": "bigint",
    "commissions_conversion": "bigint",
    "prm_event": "bigint",
}


def invariant(function: Invariant) -> Invariant:
    """Register one; its name says what holds."""
    INVARIANTS[function.__name__] = function
    return function


def broken(books: Books, *, leaving_out: Collection[str] = ()) -> list[str]:
    """Return what is wrong in the books, by the name of the invariant; nothing when all is right."""
    with tenant_scope(books.tenant.id):
        return [
            f"{name}: {fault}"
            for name, holds in INVARIANTS.items()
            if name not in leaving_out
            for fault in holds(books)
        ]


def _rows(sql: str, *values: Any) -> list[tuple[Any, ...]]:
    # Asked after every step, so planned once.
    with psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(sql, values, prepare=True)
        return list(cursor.fetchall())


def _found(sql: str, *values: Any) -> Iterator[str]:
    yield from (str(row) for row in _rows(sql + " limit 3", *values))


@invariant
def l1_every_movement_has_two_sides_and_a_currency_sums_to_nothing(_: Books) -> Iterator[str]:
    yield from _found(
        "select t.id, d.currency, c.currency from commissions_transfer t"
        " join commissions_account d on d.id = t.debit_account_id"
        " join commissions_account c on c.id = t.credit_account_id"
        " where d.id = c.id or t.amount_minor <= 0 or (d.currency, c.currency) <> (t.currency, t.currency)"
    )
    yield from _found(
        "select a.currency, sum(b.credits_minor - b.debits_minor) from commissions_balance b"
        " join commissions_account a on a.id = b.id group by 1 having sum(b.credits_minor - b.debits_minor) <> 0"
    )


@invariant
def l2_what_was_written_stays_as_it_was(books: Books) -> Iterator[str]:
    for table, kind in EVIDENCE.items():
        last, count, seen = books.seen.get(table, (None, 0, None))
        newest, all_count, digest, known_count, known = _rows(
            "select (array_agg(id order by id desc))[1]::text, count(*), md5(string_agg(m, '' order by id)),"
            f" count(*) filter (where known), md5(string_agg(m, '' order by id) filter (where known))"
            f" from (select id, md5(t::text) as m, id <= %s::{kind} as known from {table} t) t",
            last,
        )[0]
        if (known_count, known) != (count, seen):
            yield f"{table}: of {count} rows {known_count} are left or others"
        books.seen[table] = newest, all_count, digest


@invariant
def l3_a_balance_is_the_sum_of_its_transfers(_: Books) -> Iterator[str]:
    yield from _found(
        "select b.id, b.debits_minor, b.credits_minor from commissions_balance b"
        " where b.debits_minor <> (select coalesce(sum(amount_minor), 0) from commissions_transfer"
        " where debit_account_id = b.id) or b.credits_minor <>"
        " (select coalesce(sum(amount_minor), 0) from commissions_transfer where credit_account_id = b.id)"
    )


@invariant
def l4_a_movement_is_of_its_accounts_partner(_: Books) -> Iterator[str]:
    yield from _found(
        "select t.id, t.partner_id, d.partner_id, c.partner_id from commissions_transfer t"
        " join commissions_account d on d.id = t.debit_account_id"
        " join commissions_account c on c.id = t.credit_account_id"
        " where coalesce(d.partner_id, t.partner_id) is distinct from t.partner_id"
        " or coalesce(c.partner_id, t.partner_id) is distinct from t.partner_id"
    )


@invariant
def l5_one_fact_is_booked_once(_: Books) -> Iterator[str]:
    yield from _found("select key from commissions_transfer group by key having count(*) > 1")


@invariant
def l6_an_event_earns_once_by_a_rule_and_place(_: Books) -> Iterator[str]:
    yield from _found(
        "select source_kind, source_id, rule_id from commissions_accrual where replaced_at is null"
        " group by source_kind, source_id, rule_id, split_no, place having count(*) > 1"
    )


@invariant
def l7_never_more_is_taken_back_than_was_earned(_: Books) -> Iterator[str]:
    yield from _found(
        "select a.id, a.amount_minor, a.clawed_minor from commissions_accrual a"
        " where a.clawed_minor > a.amount_minor or a.clawed_minor <>"
        " (select coalesce(sum(c.amount_minor), 0) from commissions_clawback c where c.accrual_id = a.id)"
    )


@invariant
def l8_a_closed_month_never_changes(books: Books) -> Iterator[str]:
    for period in books.closed:
        digest = _rows(
            "select md5(coalesce(string_agg(t::text, '|' order by id), '')) from commissions_transfer t"
            " where period = %s",
            period,
        )[0][0]
        if books.sealed.setdefault(period, digest) != digest:
            yield f"month {period}"


@invariant
def l9_a_payment_is_the_sum_of_what_it_alone_claims(_: Books) -> Iterator[str]:
    yield from _found(
        "select p.number, p.amount_minor from commissions_payout p where p.amount_minor <> (select sum(amount_minor)"
        " from commissions_payout_line l where l.payout_id = p.id) or p.amount_minor <= 0"
    )
    yield from _found(
        "select transfer_id from commissions_payout_line where released_at is null group by 1 having count(*) > 1"
    )
    yield from _found(
        "select run_id, partner_id from commissions_payout group by run_id, partner_id, currency having count(*) > 1"
    )


@invariant
def l11_statements_continue_each_other_and_show_each_line_once(_: Books) -> Iterator[str]:
    yield from _found(
        "select number from (select number, opening_minor, coalesce(lag(closing_minor) over w, 0) as before"
        " from commissions_statement window w as (partition by partner_id, currency order by position)) s"
        " where opening_minor <> before"
    )
    yield from _found(
        "select s.number from commissions_statement s where s.closing_minor - s.opening_minor <>"
        " (select coalesce(sum(l.amount_minor), 0) from commissions_statement_line l where l.statement_id = s.id)"
    )
    yield from _found(
        "select transfer_id from commissions_statement_line group by 1 having count(*) > 1"
    )


@invariant
def l13_a_conversion_is_two_legs_at_the_kept_rate(_: Books) -> Iterator[str]:
    yield from _found(
        "select v.id from commissions_conversion v"
        " join commissions_transfer o on o.id = v.out_transfer_id"
        " join commissions_transfer i on i.id = v.in_transfer_id"
        " where (o.amount_minor, o.currency) <> (v.from_minor, v.from_currency)"
        " or (i.amount_minor, i.currency) <> (v.to_minor, v.to_currency)"
        " or abs(v.from_minor * v.rate - v.to_minor) > 0.5 or v.source = ''"
    )


@invariant
def l14_the_engine_finds_the_same_again(_: Books) -> Iterator[str]:
    # The product's own proof recomputes every trace, and counts everything above by its own statements.
    yield from (str(fault) for fault in faults())


@invariant
def l15_a_reversal_mirrors_one_movement_once(_: Books) -> Iterator[str]:
    yield from _found(
        "select t.id from commissions_transfer t join commissions_transfer o on o.id = t.reverses_id"
        " where (t.debit_account_id, t.credit_account_id, t.amount_minor)"
        " <> (o.credit_account_id, o.debit_account_id, o.amount_minor)"
    )
    yield from _found(
        "select reverses_id from commissions_transfer where reverses_id is not null group by 1 having count(*) > 1"
    )


@invariant
def l16_what_is_paid_is_the_list_that_was_approved(_: Books) -> Iterator[str]:
    for run in PayoutRun.objects.order_by("id"):
        digests = set(RunApproval.objects.filter(run_id=run.id).values_list("digest", flat=True))
        if not {frozen_digest(run.id)} | digests <= {run.digest}:
            yield f"run {run.number}"


@invariant
def l17_every_reward_and_payment_is_told_of(_: Books) -> Iterator[str]:
    yield from _found(
        "select a.id from commissions_accrual a where not exists (select from prm_event e"
        " where e.name = 'commission.earned' and e.subject = 'accrual:' || a.id)"
    )
    yield from _found(
        "select p.number from commissions_payout p where p.state in ('settled', 'returned') and not exists"
        " (select from prm_event e where e.name = 'payout.' || p.state and e.subject = 'payout:' || p.id)"
    )


@invariant
def only_what_was_taken_back_is_deducted_later(_: Books) -> Iterator[str]:
    yield from _found(
        "select f.partner_id, b.debits_minor - b.credits_minor from commissions_account f"
        " join commissions_balance b on b.id = f.id"
        " where f.kind = 'deferred' and b.debits_minor - b.credits_minor >"
        " (select coalesce(sum(t.amount_minor), 0) from commissions_transfer t"
        " join commissions_account p on p.id = t.debit_account_id"
        " where p.kind in ('payable', 'deferred') and p.partner_id = f.partner_id and t.currency = f.currency"
        " and t.kind in ('clawback', 'merge'))"
    )


@invariant
def an_ended_dispute_holds_no_money(_: Books) -> Iterator[str]:
    yield from _found(
        "select a.partner_id, b.credits_minor - b.debits_minor from commissions_account a"
        " join commissions_balance b on b.id = a.id where a.kind = 'disputed' and b.credits_minor - b.debits_minor <>"
        " (select coalesce(sum(d.frozen_minor), 0) from commissions_dispute d"
        " where d.partner_id = a.partner_id and d.currency = a.currency and d.state = 'open')"
    )


@invariant
def a_merged_duplicate_is_owed_nothing(books: Books) -> Iterator[str]:
    for name, _stays in books.story.merges:
        if owed := [row for row in partner_balances(books.partners[name].id) if _anything(row)]:
            yield f"{name}: {owed}"


def _anything(row: Any) -> bool:
    return any((row.pending, row.payable, row.disputed, row.in_payout, row.deferred))


@invariant
def everybody_is_owed_what_happened(books: Books) -> Iterator[str]:
    story = books.story
    waiting = kept_waiting(story)
    for currency in ("EUR", "USD"):
        total = 0
        for name in story.live:
            booked = sum(
                row.owed
                for row in partner_balances(books.partners[name].id)
                if row.currency == currency
            )
            queued = sum(minor for who, minor in waiting if who == name and currency == "EUR")
            owed = story.owed(name, currency)
            total += booked + queued
            if abs(booked + queued - owed) > story.slack(story.group(name)):
                yield f"{name}: {booked} {currency} in the books, {queued} wait, {owed} by what happened"
        if total != (expected := story.owed_to_all(currency)):
            yield f"all: {total} {currency} in the books, {expected} by what happened"


@invariant
def shares_of_a_reward_make_the_whole(_: Books) -> Iterator[str]:
    yield from _found(
        "select a.source_id, sum(a.amount_minor) from commissions_accrual a where a.split_no > 0"
        " group by a.source_kind, a.source_id, a.rule_id, a.split_no, a.generation"
        " having sum(a.amount_minor) <> max((a.trace->>'whole_minor')::bigint)"
    )


@invariant
def no_more_is_booked_than_the_budget_has(books: Books) -> Iterator[str]:
    # A reward that is larger than the whole has a month for itself.
    yield from _found(
        "select a.budget_on, sum(a.amount_minor - a.clawed_minor) from commissions_accrual a"
        " where a.budget_on is not null and a.clawed_minor < a.amount_minor group by a.budget_on"
        " having sum(a.amount_minor - a.clawed_minor) > %s"
        " and count(distinct (a.source_kind, a.source_id, a.rule_id)) > 1",
        max((minor for _, minor in books.story.budgets), default=0),
    )


@invariant
def tax_kept_back_is_what_the_runs_kept(books: Books) -> Iterator[str]:
    kept = dict(_rows(_OF_KIND, "withheld_tax"))
    for currency in ("EUR", "USD"):
        if kept.get(currency, 0) != books.story.taxes.kept[currency]:
            yield f"{kept.get(currency, 0)} {currency} kept back, not {books.story.taxes.kept[currency]}"


@invariant
def vat_is_the_sum_of_its_papers_whose_numbers_have_no_gap(books: Books) -> Iterator[str]:
    charged = dict(_rows(_OF_KIND, "input_vat"))
    noted = dict(
        _rows(
            "select currency, sum(vat_minor)::bigint from (select currency, vat_minor from commissions_self_bill"
            " union all select currency, vat_minor from commissions_partner_invoice where payout_id is not null) s"
            " group by 1"
        )
    )
    for currency in ("EUR", "USD"):
        expected = books.story.taxes.charged[currency]
        found = -charged.get(currency, 0), noted.get(currency, 0)
        if found != (expected, expected):
            yield f"{found[0]} {currency} of VAT, {found[1]} by the papers, not {expected}"
    yield from _found(
        "select number from (select number, row_number() over (partition by extract(year from issued_on)"
        " order by number) as place from commissions_self_bill) s"
        " where right(number, 4)::int <> place"
    )
    yield from _found(
        "select p.number from commissions_vat_charge c join commissions_payout p on p.id = c.payout_id"
        " where c.paper = 'self' and p.state <> 'cancelled'"
        " and (select count(*) from commissions_self_bill s where s.charge_id = c.id) <> 1"
    )


@invariant
def no_step_saw_anything_wrong(books: Books) -> Iterator[str]:
    yield from books.wrong


_OF_KIND = """
select a.currency, sum(b.credits_minor - b.debits_minor)::bigint
  from commissions_account a join commissions_balance b on b.id = a.id where a.kind = %s group by 1
"""
PROOF = l14_the_engine_finds_the_same_again.__name__
