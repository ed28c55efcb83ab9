"""What the rules alone say of tax on payments: plain arithmetic beside the books, of an Italian vendor."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal

# What a payment has of VAT, of tax kept back, and whether it has a paper; nothing for who may not be paid.
Due = tuple[int, int, bool]
VENDOR = "IT"


@dataclass(frozen=True)
class Invoice:
    """What a partner asked for, and what finance said of it; came_back: what was ready beside it, taxed already."""

    net: int
    vat: int
    came_back: int
    word: str


@dataclass
class Taxes:
    """What partners and finance said, by partners' names, and what is under way; amounts in minor units."""

    countries: dict[str, str] = field(default_factory=dict)
    # Name -> what it is to the VAT office, and what finance said of that.
    words: dict[str, tuple[str, str]] = field(default_factory=dict)
    billed: set[str] = field(default_factory=set)
    rates: list[tuple[date, Decimal]] = field(default_factory=lambda: [(date.min, Decimal("0.22"))])
    # Country, or none for all -> from which day on which part is kept back.
    rules: dict[str, dict[date, Decimal]] = field(default_factory=lambda: defaultdict(dict))
    # Partner and currency -> what the bank sent back and nothing has paid since: taxed when it was paid.
    came_back: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    # Partner and currency -> its own invoice that nothing has paid yet.
    invoices: dict[tuple[str, str], "Invoice"] = field(default_factory=dict)
    # Currency -> what was charged and kept back in all.
    charged: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    kept: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def joined(self, name: str, country: str, *, registered: bool, bills: bool) -> None:
        """Note a new partner."""
        self.countries[name] = country
        if registered:
            self.said(name, "registered", "confirm", bills=bills)

    def said(self, name: str, kind: str, word: str, *, bills: bool) -> None:
        """Note a partner's word; the same again is no new one, unless finance refused it."""
        before, state = self.words.get(name, ("", ""))
        if before != kind or state == "refuse":
            state = "wait"
        self.words[name] = kind, state if word == "wait" else word
        (self.billed.add if bills else self.billed.discard)(name)

    def withheld_from(self, country: str, day: date, part: Decimal) -> None:
        """Note a rule; of a day the first one counts."""
        self.rules[country].setdefault(day, part)

    def merged(self, gone: str, stays: str, carried: Mapping[str, bool]) -> None:
        """Let the staying partner's own word count. carried: whether money was on its way, by currency."""
        had_word, had_bills = stays in self.words, stays in self.billed
        word = self.words.pop(gone, None)
        if word and not had_word:
            self.words[stays] = word
        if gone in self.billed:
            self.billed.discard(gone)
            if not had_word and not had_bills:
                self.billed.add(stays)
        for currency, is_carried in carried.items():
            self.invoices.pop((gone, currency), None)
            back = self.came_back.pop((gone, currency), 0)
            # What a debt had eaten up by then is no longer on its way.
            self.came_back[stays, currency] += back if is_carried else 0

    def converted(
        self, name: str, out: tuple[str, int], into: tuple[str, int], rate: Decimal
    ) -> None:
        """Note a conversion, as currency and amount: what came back goes first, and was taxed."""
        currency, minor = out
        first = min(minor, max(self.came_back[name, currency], 0))
        self.came_back[name, currency] -= first
        became = into[1] if first == minor else min(_part(first, rate), into[1])
        self.came_back[name, into[0]] += became

    def due(self, name: str, currency: str, net: int, day: date) -> Due | None:
        """Return what belongs on a payment of a day, None when nobody may be paid it."""
        found = self._vat(name, day)
        invoice = self._paying(name, currency, net)
        # An invoice with the VAT of another day is out of date.
        if invoice and (not found or invoice.vat != _part(invoice.net, found[0])):
            invoice = None
        base = invoice.net if invoice else net - self.came_back[name, currency]
        if found is None:
            return None
        rate, has_paper = found
        vat = _part(base, rate) if has_paper else 0
        if invoice:
            vat, has_paper = invoice.vat, True
            if invoice.word == "wait":
                return None
        if not base or net + vat <= 0:
            vat, has_paper = 0, False
        return vat, _part(base, self._withheld(name, day)) if base > 0 else 0, has_paper

    def _paying(self, name: str, currency: str, net: int) -> Invoice | None:
        """Return the partner's own invoice that a payment of so much pays; nothing later is paid with it."""
        writes = name not in self.billed and self.words.get(name, ("", ""))[0] not in {"", "person"}
        invoice = self.invoices.get((name, currency)) if writes else None
        return invoice if invoice and invoice.net + invoice.came_back == net else None

    def invoiced(self, name: str, currency: str, ready: int, day: date, word: str) -> Invoice:
        """Note an invoice for what is ready, in place of the one before, and what finance said of it; return it."""
        found, back = self._vat(name, day), self.came_back[name, currency]
        assert found, f"{name} invoices what nobody may pay"
        invoice = Invoice(ready - back, _part(ready - back, found[0]), back, word)
        self.invoices.pop((name, currency), None)
        if word != "refuse":
            self.invoices[name, currency] = invoice
        return invoice

    def paid(self, name: str, currency: str, net: int, due: Due) -> None:
        """Note a payment: what had come back is on its way again, as far as it was paid."""
        vat, withheld, has_paper = due
        invoice = self._paying(name, currency, net) if has_paper else None
        self.came_back[name, currency] -= (
            invoice.came_back if invoice else self.came_back[name, currency]
        )
        if invoice:
            del self.invoices[name, currency]
        self.charged[currency] += vat
        self.kept[currency] += withheld

    def _vat(self, name: str, day: date) -> tuple[Decimal, bool] | None:
        kind, state = self.words.get(name, ("", ""))
        if kind in {"", "person"}:
            return Decimal(0), False
        has_paper = name in self.billed
        if kind == "unregistered":
            return Decimal(0), has_paper
        if self.countries[name] != VENDOR:
            # The vendor owes it; a number that was refused carries nothing.
            return None if state == "refuse" else (Decimal(0), has_paper)
        if kind == "small":
            return Decimal(0), has_paper
        if state != "confirm":
            return None
        return next(rate for start, rate in reversed(self.rates) if start <= day), has_paper

    def _withheld(self, name: str, day: date) -> Decimal:
        for country in (self.countries[name], ""):
            begun = [start for start in self.rules[country] if start <= day]
            if begun:
                return self.rules[country][max(begun)]
        return Decimal(0)


def _part(minor: int, rate: Decimal) -> int:
    return int((minor * rate).quantize(Decimal(1), ROUND_HALF_EVEN))
