"""The default chart of accounts, and the digest that binds a closed month: pure."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any

REPORTS = ("journal", "liability", "earnings", "payouts")
# kind of account -> code in the default chart: liabilities 2xxx, assets 1xxx, costs 6xxx
DEFAULT_CODES = {
    "cash": "1000",
    "input_vat": "1400",
    "fx": "1900",
    "pending": "2100",
    "payable": "2110",
    "in_payout": "2120",
    "disputed": "2130",
    "deferred": "2140",
    "withheld_tax": "2200",
    "adjustments": "2900",
    "commission_expense": "6000",
    "fees": "6100",
    "write_offs": "6200",
    "in_kind": "2300",
    "breakage": "6900",
}


@dataclass(frozen=True)
class Frozen:
    """What reports show that may change later, as it was when the month was closed."""

    language: str
    # Report -> its headings.
    headings: dict[str, list[str]]
    # Kind of account -> code and name.
    accounts: dict[str, list[str]]
    # Kind of transfer -> what it is called.
    entries: dict[str, str]
    # Partner -> name.
    partners: dict[str, str]

    def as_json(self) -> dict[str, Any]:
        """Return it as it is stored."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Frozen":
        """Read it back."""
        return cls(**stored)

    def partner(self, partner_id: object) -> str:
        """Return a partner's name; empty between two of the vendor's own accounts."""
        return self.partners.get(str(partner_id), "") if partner_id else ""

    def account(self, kind: str) -> list[str]:
        """Return code and name of a kind of account; a kind without either keeps its own name."""
        return self.accounts.get(kind, ["", kind])

    def entry(self, kind: str) -> str:
        """Return what a kind of transfer is called."""
        return self.entries.get(kind, kind)


def month_digest(
    *, period: int, days: Mapping[str, Any], totals: Mapping[str, Any], frozen: Mapping[str, Any]
) -> str:
    """Return the SHA-256 over everything a closed month is: its transfers by day, its totals, the names it used."""
    content = {"period": period, "days": days, "totals": totals, "frozen": frozen}
    return sha256(
        json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    ).hexdigest()
