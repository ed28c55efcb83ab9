"""A calendar that other programs read (RFC 5545): days with amounts, and nobody's name."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from commissions.calendar.rules import Expected
from commissions.calendar.wording import blocker_words
from prm.web.formats import money_text

_LINE = 75


def calendar_text(rows: Sequence[Expected], *, name: str, host: str, at: datetime, url: str) -> str:
    """Return the calendar; amounts without a day are left out.

    name: what the program calls it. host: makes ids unique in the world. at: aware UTC, when it was asked for.
    """
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Partner portal//Money calendar//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"X-WR-CALNAME:{_escaped(name)}",
        "REFRESH-INTERVAL;VALUE=DURATION:PT12H",
    ]
    for row in rows:
        if row.on is not None and row.amount_minor > 0:
            lines += _event(row, host=host, at=at, url=url)
    lines.append("END:VCALENDAR")
    return "".join(f"{part}\r\n" for line in lines for part in _folded(line))


def _event(row: Expected, *, host: str, at: datetime, url: str) -> list[str]:
    assert row.on is not None
    return [
        "BEGIN:VEVENT",
        f"UID:{row.key}@{host}",
        f"DTSTAMP:{at:%Y%m%dT%H%M%SZ}",
        f"DTSTART;VALUE=DATE:{row.on:%Y%m%d}",
        f"DTEND;VALUE=DATE:{row.on + timedelta(days=1):%Y%m%d}",
        f"SUMMARY:{_escaped(money_text(row.amount_minor, row.currency))}",
        f"DESCRIPTION:{_escaped(blocker_words(row))}",
        f"URL:{url}",
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
    ]


def _escaped(text: str) -> str:
    plain = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return plain.replace("\r", "").replace("\n", "\\n")


def _folded(line: str) -> Iterator[str]:
    """Cut a line into pieces of at most 75 octets, never inside a character; later ones begin with a space."""
    piece, room = "", _LINE
    for sign in line:
        size = len(sign.encode())
        if size > room:
            yield piece
            piece, room = " ", _LINE - 1
        piece, room = piece + sign, room - size
    yield piece
