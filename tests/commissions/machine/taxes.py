"""What the rules alone say of tax on payments: plain arithmetic beside the books, of an Italian vendor."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal

# What a payment has of VAT, of tax kept back, and whether it has a paper; nothing for who may not be paid.
Due = tuple[int, int, bool]
VENDOR = "IT"


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
    # Currency -> what was charged and kept back in all.
    charged: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    kept: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def joined(self, name: str, country: str, *, registered: bool) -> None:
        """Note a new partner."""
        self.countries[name] = country
        if registered:
            self.said(name, "registered", "confirm", bills=True)

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
        base = net - self.came_back[name, currency]
        found = self._vat(name, day)
        if found is None:
            return None
        rate, has_paper = found
        vat = _part(base, rate) if has_paper else 0
        if not base or net + vat <= 0:
            vat, has_paper = 0, False
        return vat, _part(base, self._withheld(name, day)) if base > 0 else 0, has_paper

    def paid(self, name: str, currency: str, vat: int, withheld: int) -> None:
        """Note a payment: all that had come back is on its way again."""
        self.charged[currency] += vat
        self.kept[currency] += withheld
        self.came_back[name, currency] = 0

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
