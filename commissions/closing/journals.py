"""A month's journal as CSV by COPY: the bytes that the rows of the report would give, many times faster.

The bytes of a closed month are proved, so that both ways must write the same for ever; a test holds them together.
"""

from collections.abc import Callable, Iterator

from django.db import connection

from commissions.closing.rules import Frozen
from prm.tenancy.scope import current_scope
from prm.web.copying import MONEY, PLAIN, TEXT, cells_chosen
from prm.web.exports import csv_lines, safe_text

# Transfers of one statement; their rows are put in order in memory.
CHUNK = 50_000


def journal_csv(
    period: int, words: Frozen, *, told: Callable[[int], None] = lambda _: None
) -> Iterator[bytes]:
    """Yield the lines of a month's journal, its headings first. A scope must stay open meanwhile.

    told: hears between statements how many rows there were; nothing else may be asked of the connection meanwhile.
    """
    yield "".join(csv_lines(words.headings["journal"], [])).encode()
    last, count = 0, 0
    while until := _chunk_end(period, last):
        with connection.cursor() as cursor:
            # Of the chunk's rows all are wanted: hashed, not looked up one by one.
            cursor.execute("set local enable_nestloop = off")
            # The cursor inside: Django's wrapper of development takes no values.
            with cursor.cursor.copy(_COPY, _values(period, words, last, until)) as copy:
                # One message is one row; spreadsheets' line ends, as csv_lines writes them.
                for line in copy:
                    yield b"".join((line[:-1], b"\r\n"))
            count += cursor.rowcount
            cursor.execute("set local enable_nestloop = on")
        told(count)
        last = until


def _chunk_end(period: int, last: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_END, [current_scope().tenant_id, period, last, CHUNK])
        return int(cursor.fetchone()[0] or 0)


def _values(period: int, words: Frozen, last: int, until: int) -> dict[str, object]:
    accounts = list(words.accounts)
    return {
        "tenant": current_scope().tenant_id,
        "period": period,
        "last": last,
        "until": until,
        "entries": list(words.entries),
        "entry_words": [safe_text(word) for word in words.entries.values()],
        "accounts": accounts,
        "codes": [safe_text(words.accounts[kind][0]) for kind in accounts],
        "names": [safe_text(words.accounts[kind][1]) for kind in accounts],
        "partners": list(words.partners),
        "partner_names": [safe_text(name) for name in words.partners.values()],
    }


_END = """
select max(id) from (select id from commissions_transfer
                      where tenant_id = %s and period = %s and id > %s order by id limit %s) chunk
"""

# Words are safe when they come; a kind without any keeps its own name.
_TRANSFERS = """
select t.id, t.booked_on,
       replace(to_char(t.recorded_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), '.000000', ''),
       t.journal, nullif(coalesce(e.word, t.kind), ''), nullif(p.name, ''),
       t.amount_minor, t.currency, t.currency, t.reverses_id,
       nullif(da.code, ''), nullif(coalesce(da.name, d.kind), ''),
       nullif(ca.code, ''), nullif(coalesce(ca.name, c.kind), '')
  from commissions_transfer t
  join commissions_account d on d.tenant_id = t.tenant_id and d.id = t.debit_account_id
  join commissions_account c on c.tenant_id = t.tenant_id and c.id = t.credit_account_id
  left join unnest(%(entries)s::text[], %(entry_words)s::text[]) e (kind, word) on e.kind = t.kind
  left join unnest(%(accounts)s::text[], %(codes)s::text[], %(names)s::text[]) da (kind, code, name) on da.kind = d.kind
  left join unnest(%(accounts)s::text[], %(codes)s::text[], %(names)s::text[]) ca (kind, code, name) on ca.kind = c.kind
  left join unnest(%(partners)s::uuid[], %(partner_names)s::text[]) p (id, name) on p.id = t.partner_id
 where t.tenant_id = %(tenant)s and t.period = %(period)s and t.id > %(last)s and t.id <= %(until)s
"""
_CELLS = cells_chosen(
    _TRANSFERS, [PLAIN, PLAIN, PLAIN, TEXT, PLAIN, PLAIN, MONEY, *(PLAIN for _ in range(6))]
)
# Every cell is made once, for both sides of its transfer.
_COPY = f"""
copy (select a0, a1, a2, a3, a4, case side when 0 then a9 else a11 end, case side when 0 then a10 else a12 end, a5,
             case side when 0 then a6 end, case side when 1 then a6 end, a7, a8
        from ({_CELLS} offset 0) made cross join (values (0), (1)) s (side)
       order by a0, side)
  to stdout with (format csv)
"""  # noqa: S608  names of these modules
