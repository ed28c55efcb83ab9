"""What a simulation adds up, and whether the cost lies in the band that marketing gives; pure."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class Result:
    """Sums over a span, minor units of one currency; months by yyyymm as [in force, simulated].

    old is what the terms in force earn by the engine, booked what the books say of the same events. differing names
    up to twenty rewards where the two disagree. skipped: events in another currency. old_things and new_things: rewards
    that are not money, for people whose employer allows none, at their worth. prizes, goods and fees cost the program
    beside commissions, whatever the plan.
    """

    old_minor: int = 0
    new_minor: int = 0
    booked_minor: int = 0
    months: dict[str, list[int]] = field(default_factory=dict)
    partners: int = 0
    winners: int = 0
    losers: int = 0
    events: int = 0
    skipped: int = 0
    differing_count: int = 0
    differing: list[str] = field(default_factory=list)
    leads: int = 0
    customers: int = 0
    fees_minor: int = 0
    prizes_minor: int = 0
    goods_minor: int = 0
    old_things_minor: int = 0
    new_things_minor: int = 0

    def as_json(self) -> dict[str, Any]:
        """Return the form that is stored."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Result":
        """Read the stored form."""
        return cls(**{name: stored[name] for name in cls.__dataclass_fields__ if name in stored})

    @property
    def reproduces(self) -> bool:
        """Whether the engine's replay of the terms in force is what the books say, reward by reward."""
        return self.differing_count == 0

    @property
    def old_cost_minor(self) -> int:
        """What the program cost: commissions and things of the terms in force, and what it cost beside them."""
        return self.old_minor + self.old_things_minor + self._beside_minor

    @property
    def new_cost_minor(self) -> int:
        """What the program would have cost as tried."""
        return self.new_minor + self.new_things_minor + self._beside_minor

    @property
    def _beside_minor(self) -> int:
        return self.fees_minor + self.prizes_minor + self.goods_minor

    def per_lead(self, cost_minor: int) -> int | None:
        """Return the cost of a lead, None without leads; whole minor units, half-even is not needed."""
        return cost_minor // self.leads if self.leads else None

    def per_customer(self, cost_minor: int) -> int | None:
        """Return the cost of a customer, None without customers."""
        return cost_minor // self.customers if self.customers else None


@dataclass(frozen=True)
class Targets:
    """What a lead and a customer may cost at most, and a customer at least; None asks nothing."""

    lead_ceiling: int | None = None
    customer_ceiling: int | None = None
    customer_floor: int | None = None


def warnings_of(result: Result, targets: Targets) -> list[str]:
    """Return which bounds the simulated cost breaks: "lead", "customer" (above), "floor" (below)."""
    whole = result.new_cost_minor
    lead, customer = result.per_lead(whole), result.per_customer(whole)
    found = []
    if targets.lead_ceiling is not None and lead is not None and lead > targets.lead_ceiling:
        found.append("lead")
    if customer is not None:
        if targets.customer_ceiling is not None and customer > targets.customer_ceiling:
            found.append("customer")
        if targets.customer_floor is not None and customer < targets.customer_floor:
            found.append("floor")
    return found
