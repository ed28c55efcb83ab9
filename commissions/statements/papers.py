"""What a statement says, line by line, in one language: the same for the page, the PDF, the CSV and the workbook."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import (
    get_language,
    get_language_info,
    gettext,
    ngettext,
    pgettext,
)
from django_countries import countries

from commissions.plans.rules import Trace
from commissions.plans.wording import calculation
from commissions.statements.lines import reward_for
from commissions.statements.models import Statement, StatementLine
from commissions.statements.taxing import (
    TaxRow,
    section_of,
    tax_minor_of,
    tax_rows,
)
from commissions.tax.pages import rate_words
from commissions.teams.wording import parts_text
from commissions.vat.wording import vat_words
from prm.money import Money
from prm.web.formats import day_text, money_text

# A page with more lines takes seconds and reads badly; the lines then travel as an attached CSV (BENCH.md, W13).
LONGEST_PRINTED = 100
RELEASES_SHOWN = 4


@dataclass(frozen=True)
class PaperLine:
    """One printed line; details empty where the section has no such column."""

    title: str
    below: str
    day: str
    calculation: str
    person: str
    amount: str


@dataclass(frozen=True)
class PaperSection:
    """The lines of one kind under a heading; count and words say how many lines stand behind sums."""

    key: str
    heading: str
    lines: list[PaperLine]
    total: str
    count: int
    words: str


@dataclass(frozen=True)
class Paper:
    """A statement ready to be printed."""

    statement: Statement
    number: str
    period: str
    to_lines: list[str]
    by_lines: list[str]
    brand: str
    issued: str
    payments: list[str]
    tiles: list[tuple[str, str, bool]]
    sections: list[PaperSection]
    totals: list[tuple[str, str]]
    closing: tuple[str, str]
    owed: list[tuple[str, str]]
    holds: list[str]
    is_summary: bool
    support_email: str
    digest: str
    footer: str
    # Said on a copy in another language than the statement's own, empty on the statement itself.
    copy: str
    vat: list[TaxRow] = field(default_factory=list)


def paper_of(statement: Statement) -> Paper:
    """Return the statement in the active language; at most 100 lines are spelled out, more are summed up by month."""
    lines = (
        list(StatementLine.objects.filter(statement=statement).order_by("position"))
        if statement.line_count <= LONGEST_PRINTED
        else []
    )
    summary = statement.line_count > LONGEST_PRINTED
    currency, parties = statement.currency, statement.parties
    by, to = parties["by"], parties["to"]
    tax = tax_minor_of(statement)

    def amount(minor: int) -> str:
        return money_text(minor, currency)

    return Paper(
        statement=statement,
        number=statement.number,
        period=_period(statement),
        to_lines=_party(to),
        by_lines=_party(by),
        brand=by["brand"],
        issued=day_text(statement.issued_at),
        payments=_payments(statement),
        tiles=[
            (gettext("Opening balance"), amount(statement.opening_minor), False),
            (gettext("Earned"), amount(statement.earned_minor), False),
            (gettext("Adjustments"), amount(statement.adjusted_minor - tax), False),
            *([(gettext("Tax"), amount(tax), False)] if tax else []),
            (pgettext("sum of payments", "Paid"), amount(statement.paid_minor), True),
        ],
        sections=_summed(statement) if summary else _spelled(statement, lines),
        totals=[
            (gettext("Opening balance"), amount(statement.opening_minor)),
            (gettext("Earned"), amount(statement.earned_minor)),
            (gettext("Adjustments"), amount(statement.adjusted_minor - tax)),
            *([(gettext("Tax"), amount(tax))] if tax else []),
            (pgettext("sum of payments", "Paid"), amount(-statement.paid_minor)),
        ],
        closing=(
            gettext("Closing balance, %(currency)s") % {"currency": currency},
            amount(statement.closing_minor),
        ),
        owed=_owed(statement),
        holds=hold_lines(parties.get("holds", []), currency),
        is_summary=summary,
        support_email=by.get("support_email", ""),
        digest=statement.digest,
        footer=gettext("%(name)s · Statement %(number)s")
        % {"name": by["name"], "number": statement.number},
        copy=_copy_words(parties.get("language", "en")),
        vat=tax_rows(statement),
    )


def _copy_words(issued_in: str) -> str:
    if (get_language() or "en") == issued_in:
        return ""
    name = get_language_info(issued_in)["name_translated"]
    return gettext("Translated copy. The statement was issued in this language: %(language)s") % {
        "language": name
    }


def _period(statement: Statement) -> str:
    start, end = statement.period_start, statement.period_end
    if start.day == 1 and (start.year, start.month) == (end.year, end.month):
        return day_text(end, "month")
    return gettext("%(start)s to %(end)s") % {
        "start": day_text(start, "medium"),
        "end": day_text(end, "medium"),
    }


def _party(party: dict[str, str]) -> list[str]:
    found = [party["name"], *party.get("address", "").splitlines()]
    if country := countries.name(party.get("country", "")):
        found.append(str(country))
    if tax := party.get("tax_number"):
        found.append(gettext("VAT %(number)s") % {"number": tax})
    return [line for line in found if line.strip()]


def _payments(statement: Statement) -> list[str]:
    """Return what was paid, where to and under which reference, at most three payments."""
    rows = StatementLine.objects.filter(
        statement=statement, section="paid", amount_minor__lt=0
    ).order_by("-position")[:3]
    found = []
    for row in rows:
        found.append(gettext("Paid %(day)s") % {"day": day_text(row.booked_on)})
        if account := row.detail.get("account"):
            found.append(gettext("To %(account)s") % {"account": account})
        if number := row.detail.get("payout"):
            found.append(gettext("Reference %(number)s") % {"number": number})
    return found


def hold_lines(holds: list[tuple[str, int]], currency: str) -> list[str]:
    """Return when what is on hold is released, the later releases in one sum, so that all parts add up."""
    shown, later = holds[:RELEASES_SHOWN], holds[RELEASES_SHOWN:]
    if len(later) == 1:
        shown, later = holds, []
    found = [
        gettext("%(amount)s until %(day)s.")
        % {"amount": money_text(minor, currency), "day": day_text(date.fromisoformat(day))}
        for day, minor in shown
    ]
    if later:
        found.append(
            gettext("%(amount)s later, the last until %(day)s.")
            % {
                "amount": money_text(sum(minor for _, minor in later), currency),
                "day": day_text(date.fromisoformat(later[-1][0])),
            }
        )
    return found


def _owed(statement: Statement) -> list[tuple[str, str]]:
    """Return where the closing balance stands."""
    disputed = statement.parties.get("disputed_minor", 0)
    parts = [
        (gettext("On hold"), statement.on_hold_minor - disputed),
        (gettext("Disputed, until it is answered"), disputed),
        (gettext("Ready to be paid"), statement.payable_minor),
        (gettext("On its way to the bank"), statement.parties.get("in_payout_minor", 0)),
    ]
    return [(words, money_text(minor, statement.currency)) for words, minor in parts if minor]


SECTIONS = ("earned", "adjusted", "tax", "paid")


def _heading(key: str) -> str:
    return {
        "earned": gettext("Earned"),
        "adjusted": gettext("Adjustments"),
        "tax": gettext("Tax"),
        "paid": gettext("Payments"),
    }[key]


def _section_sum(statement: Statement, key: str) -> int:
    return {
        "earned": statement.earned_minor,
        "adjusted": statement.adjusted_minor - tax_minor_of(statement),
        "tax": tax_minor_of(statement),
        "paid": -statement.paid_minor,
    }[key]


def _spelled(statement: Statement, lines: list[StatementLine]) -> list[PaperSection]:
    found = []
    for key in SECTIONS:
        rows = [line for line in lines if section_of(statement, line) == key]
        if rows:
            printed = [_line(statement, row) for row in rows]
            total = money_text(_section_sum(statement, key), statement.currency)
            found.append(PaperSection(key, _heading(key), printed, total, len(rows), ""))
    return found


def _line(statement: Statement, row: StatementLine) -> PaperLine:
    detail = row.detail
    amount = money_text(row.amount_minor, statement.currency)
    day = day_text(row.booked_on, "medium")
    if row.section == "earned":
        return PaperLine(
            title_of(row),
            shared_out(what_for(detail), row, statement.currency),
            # Booked late, from a file for example, it was earned before the statement's first day.
            day_text(_earned_on(row), "medium"),
            calculation_of(detail),
            detail.get("person", ""),
            amount,
        )
    if row.section == "adjusted":
        return PaperLine(
            title_of(row),
            shared_out(what_for_adjustment(row), row, statement.currency),
            day,
            detail.get("original", ""),
            "",
            amount,
        )
    return PaperLine(
        title_of(row), detail.get("account", ""), day, detail.get("payout", ""), "", amount
    )


def _earned_on(line: StatementLine) -> date:
    """Return the day of the event; that of the booking where there is none, as for a prize."""
    given = line.detail.get("earned_on")
    return date.fromisoformat(given) if given else line.booked_on


def title_of(line: StatementLine) -> str:
    """Return what a line is about: the customer, or that money went out or came back."""
    if line.section == "paid":
        return (
            gettext("Payment") if line.amount_minor < 0 else gettext("Payment returned by the bank")
        )
    kinds = {
        "correction": gettext("Correction after a dispute"),
        "withholding": gettext("Tax withheld")
        if line.amount_minor < 0
        else gettext("Tax given back, the payment was not made"),
        "vat": gettext("VAT") if line.amount_minor > 0 else gettext("VAT taken back"),
        "write_off": gettext("Debt written off"),
        "conversion": gettext("Converted into another currency"),
    }
    return line.detail.get("customer") or kinds.get(
        line.detail.get("kind", ""),
        gettext("Commission") if line.section == "earned" else gettext("Correction"),
    )


def what_for(detail: dict[str, Any]) -> str:
    """Return the rule that earned a line, in words."""
    if detail.get("kind") == "award":
        if payee := detail.get("payee"):
            return gettext("Prize of a contest, for %(person)s") % {"person": payee}
        return gettext("Prize of a contest")
    if not detail.get("trace"):
        return ""
    return reward_for(Trace.from_json(detail["trace"]), detail.get("payee", ""))


def shared_out(words: str, line: StatementLine, currency: str) -> str:
    """Return what a line was for, with the parts of the partner's people where it shares out what it earns."""
    if not (team := line.detail.get("team")):
        return words
    shared = gettext("shared out: %(parts)s") % {
        "parts": parts_text(line.amount_minor, currency, team)
    }
    return f"{words} · {shared}" if words else shared


def what_for_adjustment(line: StatementLine) -> str:
    """Return why something was taken back."""
    if tax := line.detail.get("withheld"):
        return gettext("%(rate)s of %(base)s") % {
            "rate": rate_words(Decimal(tax["rate"]), Decimal(tax["share"])),
            "base": money_text(abs(tax["base_minor"]), tax["currency"]),
        }
    if vat := line.detail.get("vat"):
        return gettext("%(rate)s of %(base)s") % {
            "rate": vat_words(vat["treatment"], Decimal(vat["rate"])),
            "base": money_text(abs(vat["base_minor"]), vat["currency"]),
        }
    if line.detail.get("reason"):
        return str(line.detail["reason"])
    if line.detail.get("kind") == "in_kind":
        return gettext("Taken instead of money")
    kinds = {
        "refund": gettext("Refund to the customer"),
        "chargeback": gettext("Chargeback by the customer"),
    }
    return kinds.get(
        line.detail.get("event_kind", ""),
        gettext("Commission reversed") if line.amount_minor < 0 else "",
    )


def calculation_of(detail: dict[str, Any]) -> str:
    """Return how a line was computed: "15% of €27,600.00" or "Fixed amount"."""
    return calculation(Trace.from_json(detail["trace"])) if detail.get("trace") else ""


def _summed(statement: Statement) -> list[PaperSection]:
    """Return one line per month and rule instead of hundreds."""
    sums: dict[str, dict[tuple[int, int, str], list[int]]] = {
        key: defaultdict(lambda: [0, 0]) for key in SECTIONS
    }
    for row in _lines(statement):
        words = (
            what_for(row.detail)
            if row.section == "earned"
            else title_of(row)
            if row.section == "paid"
            else what_for_adjustment(row)
        )
        cell = sums[section_of(statement, row)][(row.booked_on.year, row.booked_on.month, words)]
        cell[0] += row.amount_minor
        cell[1] += 1
    found = []
    for key, cells in sums.items():
        if not cells:
            continue
        printed = [
            PaperLine(
                day_text(date(year, month, 1), "month"),
                words,
                "",
                count_words(count),
                "",
                money_text(total, statement.currency),
            )
            for (year, month, words), (total, count) in sorted(cells.items())
        ]
        count = sum(cell[1] for cell in cells.values())
        total = money_text(_section_sum(statement, key), statement.currency)
        found.append(PaperSection(key, _heading(key), printed, total, count, count_words(count)))
    return found


def count_words(count: int) -> str:
    """Return "1 line" or "718 lines"."""
    return ngettext("%(count)s line", "%(count)s lines", count) % {"count": count}


def _lines(statement: Statement) -> Iterator[StatementLine]:
    return StatementLine.objects.filter(statement=statement).order_by("position").iterator(2000)


def export_header() -> list[str]:
    """Return the columns of the CSV and of the workbook."""
    return [
        gettext("Statement"),
        gettext("Line"),
        gettext("Section"),
        gettext("Date"),
        gettext("Customer"),
        gettext("Referral"),
        gettext("For"),
        gettext("Calculation"),
        gettext("Sent by"),
        gettext("Original statement"),
        gettext("Payment"),
        gettext("Currency"),
        gettext("Amount"),
    ]


def export_rows(statement: Statement) -> Iterator[list[Any]]:
    """Yield opening balance, every line and closing balance; the amounts add up to the closing balance."""
    currency = statement.currency

    def balance(words: str, day: date, minor: int) -> list[Any]:
        return [statement.number, None, words, day, *[None] * 7, currency, Money(minor, currency)]

    yield balance(gettext("Opening balance"), statement.period_start, statement.opening_minor)
    for row in _lines(statement):
        detail = row.detail
        yield [
            statement.number,
            row.position,
            _heading(section_of(statement, row)),
            row.booked_on,
            title_of(row),
            detail.get("referral"),
            what_for(detail)
            if row.section == "earned"
            else what_for_adjustment(row)
            if row.section == "adjusted"
            else detail.get("account"),
            calculation_of(detail) if row.section == "earned" else None,
            detail.get("person"),
            detail.get("original"),
            detail.get("payout"),
            currency,
            Money(row.amount_minor, currency),
        ]
    yield balance(gettext("Closing balance"), statement.period_end, statement.closing_minor)
