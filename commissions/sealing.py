"""The digest printed on a statement: what it binds, made when it is issued, made again to prove it.

Both are one SQL expression, over the staged lines before anything is written, over the stored rows ever after.
"""

from typing import Any

from django.db import connection

# Statements issued before bind their balances and lines only; from the second version on every word and figure.
VERSION = 2
_LINES = r"""string_agg(
  concat_ws('|', position, transfer_id, section, booked_on, amount_minor, detail::text), E'\n' order by position)"""
_FIRST = r"concat_ws(E'\n', s.number, s.partner_id, s.currency, s.opening_minor, s.closing_minor, l.lines)"
_SECOND = r"""concat_ws(E'\n', 'statement 2', s.number, s.partner_id, s.currency, s.position, s.period_start,
  s.period_end, s.opening_minor, s.earned_minor, s.adjusted_minor, s.paid_minor, s.closing_minor, s.line_count,
  s.on_hold_minor, s.payable_minor, (extract(epoch from s.issued_at) * 1000000)::bigint, s.parties::text, l.lines)"""
_SEAL = f"""
select encode(sha256(convert_to({_SECOND}, 'UTF8')), 'hex')
  from (select %(number)s::text as number, %(partner_id)s::uuid as partner_id, %(currency)s::text as currency,
               %(position)s::int as position, %(period_start)s::date as period_start,
               %(period_end)s::date as period_end,
               %(opening_minor)s::bigint as opening_minor, %(earned_minor)s::bigint as earned_minor,
               %(adjusted_minor)s::bigint as adjusted_minor, %(paid_minor)s::bigint as paid_minor,
               %(closing_minor)s::bigint as closing_minor, %(line_count)s::int as line_count,
               %(on_hold_minor)s::bigint as on_hold_minor, %(payable_minor)s::bigint as payable_minor,
               %(issued_at)s::timestamptz as issued_at, %(parties)s::jsonb as parties) s,
       (select {_LINES} as lines from statement_line_stage) l
"""  # noqa: S608  built of constants
# Rows are the statements whose digest no longer fits.
BROKEN_SEALS = f"""
select 'statement ' || number, 'says ' || left(digest, 12) || ', its figures, lines and names make ' || left(made, 12)
  from (select s.number, s.issued_at, s.digest, encode(sha256(convert_to(
               case s.digest_version when 1 then {_FIRST} else {_SECOND} end, 'UTF8')), 'hex') as made
          from commissions_statement s
          left join (select statement_id, {_LINES} as lines from commissions_statement_line
                      where tenant_id = %(tenant)s group by statement_id) l on l.statement_id = s.id
         where s.tenant_id = %(tenant)s) x
 where digest <> made order by issued_at, number
"""  # noqa: S608  built of constants


def seal_staged(**facts: Any) -> str:
    """Return the SHA-256 over everything a statement says; its lines are staged, the facts are its other columns.

    parties: as JSON text.
    """
    with connection.cursor() as cursor:
        cursor.execute(_SEAL, facts)
        return str(cursor.fetchone()[0])
