"""The set-based half of a payout run: who is due, which transfers a payment claims, and the digest of the list.

Everything is staged in temp tables that are ANALYZEd: a single statement over guessed row counts was
100 times slower (BENCH.md, D6). Row by row is about 200 times slower.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from commissions.payouts.localaccounts import CURRENCIES
from commissions.payouts.models import ExclusionReason
from commissions.payouts.rules import FrozenPayout, digest_of
from commissions.tax.dues import Payment
from commissions.vat.gate import Gate, payment_gates
from prm.tenancy.scope import current_scope
from prm.tenancy.services import padded

_DUE = """
select b.id as ledger_account_id, a.partner_id, a.currency, b.credits_minor - b.debits_minor as amount_minor,
       p.name, p.country, d.id as account_id, d.method, d.masked, d.number_digest, d.cooling_until,
       coalesce(m.minimum_minor, 0) as minimum_minor, null::bigint as upto_id, w.detail,
       case when b.credits_minor < b.debits_minor then 'negative'
            when p.state = 'paused' then 'not_active'
            when d.id is null then 'no_details'
            when d.method = 'ach' and a.currency <> 'USD'
                 or d.method = 'wisebank' and a.currency is distinct from (%(local)s::jsonb ->> d.country::text)
                 then 'other_method'
            when w.detail is not null then 'returned'
            when exists (
                 select from commissions_tax_requirement q
                  where q.tenant_id = a.tenant_id and q.ended_at is null and q.from_at <= %(at)s
                    and q.country in ('', p.country) and q.partner_type in ('', p.type)
                    and not exists (
                        select from commissions_tax_form f
                         where f.tenant_id = a.tenant_id and f.partner_id = p.id and f.form = q.form
                           and f.state = 'approved' and f.replaced_at is null
                           and (f.valid_until is null or f.valid_until >= (
                                select (%(at)s at time zone n.time_zone)::date from prm_tenant n
                                 where n.id = a.tenant_id)))) then 'tax_form'
            when d.cooling_until > %(at)s then 'cooling'
            -- What an ended partner is owed is paid to the last cent.
            when p.state = 'active' and not a.partner_id || a.currency = any(%(judged)s::text[])
                 and b.credits_minor - b.debits_minor < coalesce(m.minimum_minor, 0) then 'below_minimum'
            when a.partner_id = any(%(left_out)s::uuid[]) then 'left_out'
            else '' end as reason
  from {balances} k
  join commissions_balance b on b.tenant_id = %(tenant)s and b.id = k.id
  join commissions_account a on a.tenant_id = b.tenant_id and a.id = b.id
  join partners_partner p on p.tenant_id = a.tenant_id and p.id = a.partner_id
  left join lateral (
       select x.id, x.method, x.country, x.masked, x.number_digest, x.cooling_until
         from commissions_payout_account x
        where x.tenant_id = a.tenant_id and x.partner_id = a.partner_id order by x.id desc limit 1) d on true
  left join lateral (
       select jsonb_build_object('payment', y.number, 'bank_says', y.return_reason) as detail
         from commissions_account_fault f
         join commissions_payout y on y.tenant_id = f.tenant_id and y.id = f.payout_id
        where f.tenant_id = a.tenant_id and f.account_id = d.id and f.cleared_at is null
        order by f.id desc limit 1) w on true
  left join (
       select e.partner_id, v.currency, min(v.minimum_payout_minor) as minimum_minor
         from partners_enrollment e
         join commissions_plan_version v on v.tenant_id = e.tenant_id and v.program_id = e.program_id
        where e.tenant_id = %(tenant)s and v.published_at is not null
          and v.starts_at <= %(at)s and (v.ends_at is null or v.ends_at > %(at)s)
        group by e.partner_id, v.currency) m on m.partner_id = a.partner_id and m.currency = a.currency
 where b.credits_minor <> b.debits_minor
"""
_CANDIDATES = "create temp table payout_candidate on commit drop as" + _DUE.format(
    balances="payout_balance"
)
# One partner's balances, for its own pages.
_DUE_OF_ONE = _DUE.format(
    balances="(select x.id from commissions_account x where x.tenant_id = %(tenant)s"
    " and x.kind = 'payable' and x.partner_id = %(partner)s)"
)
_FIELDS = (
    "partner_id, currency, amount_minor, name, country, account_id, method, masked, number_digest,"
    " cooling_until, minimum_minor, reason, upto_id, detail ->> 'payment', detail ->> 'bank_says'"
)
# With the lock that posting takes too nobody moves these balances between reading them and claiming their transfers;
# an account whose first money arrives meanwhile is not in the table and waits for the next run.
_BALANCES = """
create temp table payout_balance on commit drop as
select b.id from commissions_balance b
  join commissions_account a on a.tenant_id = b.tenant_id and a.id = b.id and a.kind = 'payable'
 where b.tenant_id = %(tenant)s and b.credits_minor <> b.debits_minor order by b.id
"""
_LOCK = " for no key update of b"
_CLAIMS = """
create temp table payout_claim on commit drop as
select c.partner_id, c.currency, t.id as transfer_id,
       case when t.credit_account_id = c.ledger_account_id then t.amount_minor else -t.amount_minor end as amount_minor
  from payout_candidate c
  join lateral (
       select x.id, x.kind, x.credit_account_id, x.amount_minor from commissions_transfer x
        where x.tenant_id = %(tenant)s and x.credit_account_id = c.ledger_account_id
       union all
       select x.id, x.kind, x.credit_account_id, x.amount_minor from commissions_transfer x
        where x.tenant_id = %(tenant)s and x.debit_account_id = c.ledger_account_id and x.kind <> 'payout') t on true
 where c.reason = ''
   -- What an invoice covers, and the taxes of this run on it.
   and (c.upto_id is null or t.id <= c.upto_id or t.kind in ('vat', 'withholding'))
   and not exists (
       select from commissions_payout_line l
        where l.tenant_id = %(tenant)s and l.transfer_id = t.id and l.released_at is null)
"""
_DISAGREEMENTS = """
select count(*) from payout_candidate c
  left join (select partner_id, currency, sum(amount_minor) as total from payout_claim group by 1, 2) s
    using (partner_id, currency)
 where c.reason = '' and c.amount_minor <> coalesce(s.total, 0)
"""
_PAYOUTS = f"""
insert into commissions_payout
  (number, run_id, partner_id, account_id, amount_minor, currency, line_count, state, return_reason)
select %(number)s || '-' || {padded("place")}, %(run)s, partner_id, account_id, amount_minor, currency, line_count,
       'prepared', ''
  from (select c.*, row_number() over (order by c.name, c.partner_id, c.currency) as place
          from payout_candidate c where c.reason = '') c
  join (select partner_id, currency, count(*) as line_count from payout_claim group by 1, 2) s
    using (partner_id, currency)
"""  # noqa: S608  built of constants
_LINES = """
insert into commissions_payout_line (payout_id, partner_id, transfer_id, amount_minor)
select p.id, m.partner_id, m.transfer_id, m.amount_minor
  from payout_claim m
  join commissions_payout p on p.tenant_id = %(tenant)s and p.run_id = %(run)s
                           and p.partner_id = m.partner_id and p.currency = m.currency
 order by p.id, m.transfer_id
"""
_EXCLUSIONS = """
insert into commissions_payout_exclusion (run_id, partner_id, amount_minor, currency, reason, detail)
select %(run)s, c.partner_id, c.amount_minor, c.currency, c.reason,
       coalesce(c.detail, '{}') || jsonb_strip_nulls(jsonb_build_object(
         'minimum_minor', case when c.reason = 'below_minimum' then c.minimum_minor end,
         'cooling_until', case when c.reason = 'cooling' then c.cooling_until end))
  from payout_candidate c where c.reason <> '' order by c.name, c.partner_id
"""
# What VAT says of candidates that would be paid.
_GATED = """
update payout_candidate c set reason = g.reason, amount_minor = g.amount_minor, upto_id = g.upto_id, detail = g.detail
  from unnest(%s::uuid[], %s::text[], %s::text[], %s::bigint[], %s::bigint[], %s::jsonb[])
       g (partner_id, currency, reason, amount_minor, upto_id, detail)
 where c.partner_id = g.partner_id and c.currency = g.currency
"""
_FROZEN = """
select p.number, p.partner_id::text, p.account_id, p.amount_minor, p.currency,
       encode(sha256(convert_to(
         string_agg(l.transfer_id || ':' || l.amount_minor, ',' order by l.transfer_id), 'UTF8')), 'hex')
  from commissions_payout p
  join commissions_payout_line l on l.tenant_id = p.tenant_id and l.payout_id = p.id
 where p.tenant_id = %s and p.run_id = %s
 group by p.number, p.partner_id, p.account_id, p.amount_minor, p.currency
"""


class LedgerDisagrees(RuntimeError):
    """A balance is not the sum of its unclaimed transfers: nothing may be paid until that is understood."""


@dataclass(frozen=True)
class Candidate:
    """A partner with a balance in one currency; reason "" means it would be paid, in minor units of `currency`."""

    partner_id: UUID
    currency: str
    amount_minor: int
    name: str
    country: str
    account_id: int | None
    method: str | None
    masked: str | None
    number_digest: str | None
    cooling_until: datetime | None
    minimum_minor: int
    reason: str
    # The last movement that is paid; None for all of them.
    upto_id: int | None = None
    # The payment to this account that came back, and what the bank said.
    returned_number: str | None = None
    bank_says: str | None = None

    @property
    def is_paid(self) -> bool:
        """Whether the run would pay it."""
        return not self.reason

    @property
    def may_be_left_out(self) -> bool:
        """Whether finance decides: paid, or left out by hand."""
        return self.reason in {"", ExclusionReason.LEFT_OUT}


def stage_candidates(
    *,
    left_out: Sequence[UUID],
    at: datetime,
    lock: bool,
    judged: Sequence[tuple[UUID, str]] = (),
) -> list[Candidate]:
    """Find who has a balance and why some are not paid; largest first. One reason each, the gravest.

    left_out: partners finance leaves out by hand, in every currency. lock: hold the balances and their invoices until
    the transaction ends. judged: balances that reached the minimum before tax was taken off, by partner and currency.
    Leaves the temp table payout_candidate.
    """
    values: dict[str, Any] = {
        "tenant": current_scope().tenant_id,
        "at": at,
        "local": json.dumps(CURRENCIES),
        "left_out": [str(partner) for partner in left_out],
        "judged": [f"{partner_id}{currency}" for partner_id, currency in judged],
    }
    with connection.cursor() as cursor:
        cursor.execute(
            "drop table if exists pg_temp.payout_balance, pg_temp.payout_candidate, pg_temp.payout_claim"
        )
        cursor.execute(_BALANCES + _LOCK if lock else _BALANCES, values)
        cursor.execute("analyze payout_balance")
        cursor.execute(_CANDIDATES, values)
        cursor.execute("analyze payout_candidate")
        cursor.execute(
            f"select {_FIELDS} from payout_candidate order by amount_minor desc, name, partner_id"  # noqa: S608
        )
        found, gates = _gated([Candidate(*row) for row in cursor.fetchall()], at, lock=lock)
        if gates:
            cursor.execute(_GATED, _columns(gates))
            found.sort(key=lambda row: -row.amount_minor)
    return found


def _gated(
    rows: Sequence[Candidate], at: datetime, *, lock: bool = False
) -> tuple[list[Candidate], dict[tuple[UUID, str], Gate]]:
    """Return the candidates with what VAT does to them."""
    gates = payment_gates(
        [Payment(row.partner_id, row.currency, row.amount_minor) for row in rows if row.is_paid],
        at=at,
        lock=lock,
    )
    if not gates:
        return list(rows), gates
    found = []
    for row in rows:
        gate = gates.get((row.partner_id, row.currency)) if row.is_paid else None
        changed = gate and replace(
            row, reason=gate.reason, amount_minor=gate.amount_minor, upto_id=gate.upto_id
        )
        found.append(changed or row)
    return found, gates


def _columns(gates: dict[tuple[UUID, str], Gate]) -> list[list[Any]]:
    return [
        [str(partner_id) for partner_id, _currency in gates],
        [currency for _partner_id, currency in gates],
        [gate.reason for gate in gates.values()],
        [gate.amount_minor for gate in gates.values()],
        [gate.upto_id for gate in gates.values()],
        [json.dumps(gate.detail) for gate in gates.values()],
    ]


def candidates_of(partner_id: UUID, *, at: datetime) -> list[Candidate]:
    """Return one partner's balances by currency and why each would not be paid now; by currency, written nowhere."""
    values: dict[str, Any] = {
        "tenant": current_scope().tenant_id,
        "at": at,
        "local": json.dumps(CURRENCIES),
        "left_out": [],
        "judged": [],
        "partner": partner_id,
    }
    with connection.cursor() as cursor:
        cursor.execute(
            f"select {_FIELDS} from ({_DUE_OF_ONE}) due order by currency",  # noqa: S608  built of constants
            values,
        )
        rows = [Candidate(*row) for row in cursor.fetchall()]
    return _gated(rows, at)[0]


def freeze_staged(*, run_id: UUID, number: str) -> str:
    """Write payments, the transfers they claim and who is left out from the staged candidates; return the digest.

    Raises LedgerDisagrees when a balance is not the sum of what would be claimed.
    """
    values: dict[str, Any] = {"tenant": current_scope().tenant_id, "run": run_id, "number": number}
    with connection.cursor() as cursor:
        cursor.execute(_CLAIMS, values)
        cursor.execute("analyze payout_claim")
        cursor.execute(_DISAGREEMENTS)
        if wrong := cursor.fetchone()[0]:
            raise LedgerDisagrees(f"{wrong} balances are not the sum of their unclaimed transfers")
        for statement in (_PAYOUTS, _LINES, _EXCLUSIONS):
            cursor.execute(statement, values)
    return frozen_digest(run_id)


def frozen_digest(run_id: UUID) -> str:
    """Compute the digest of a run's list from its rows."""
    with connection.cursor() as cursor:
        cursor.execute(_FROZEN, [current_scope().tenant_id, run_id])
        return digest_of(FrozenPayout(*row) for row in cursor.fetchall())
