"""What a plan version says for one partner that has an exception; pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from commissions.plans.rules import Rule, Version, version_covering
from commissions.plans.terms import Terms

# (trigger, scope) of the percentage rules that an exception to an event's rate replaces.
EVENTS = {
    "won": ("won", ""),
    "first": ("revenue", "first"),
    "months": ("revenue", "months"),
    "active": ("revenue", "active"),
    "lifetime": ("revenue", "lifetime"),
}


@dataclass(frozen=True)
class Override:
    """An approved exception; rate is a fraction, version the published one that counts instead; one of both is set.

    It counts for referrals registered in [starts_at, ends_at).
    """

    id: UUID
    starts_at: datetime
    ends_at: datetime
    rate: Decimal | None = None
    event: str = ""
    version: Version | None = None

    def covers(self, moment: datetime) -> bool:
        """Tell whether a referral registered at the moment is priced by it."""
        return self.starts_at <= moment < self.ends_at


def version_priced(
    versions: Sequence[Version], overrides: Sequence[Override], registered_at: datetime
) -> Version | None:
    """Return the terms of a referral: the version in force at its registration, with the partner's exception.

    versions: the program's published ones. None before the first version, whatever the exception says.
    """
    version = version_covering(versions, registered_at)
    override = next((row for row in overrides if row.covers(registered_at)), None)
    return overridden(version, override) if version and override else version


def overridden(version: Version, override: Override) -> Version:
    """Return a version's terms under an exception: another version's, or its own with the rate replaced.

    A rate replaces those of all percentage rules for its event, their bands and uplifts too; fixed rewards, conditions,
    caps, hold and smallest payout stay.
    """
    if override.version is not None:
        return override.version
    return replace(version, rules=tuple(_replaced(rule, override) for rule in version.rules))


def touches(version: Version, event: str) -> bool:
    """Tell whether a version has a percentage rule for the event at all."""
    return any(_fits(rule, event) for rule in version.rules)


def _replaced(rule: Rule, override: Override) -> Rule:
    if not _fits(rule, override.event):
        return rule
    return replace(rule, rate=override.rate, terms=_flat(rule.terms))


def _flat(terms: Terms) -> Terms:
    """Return a rule's terms without any rate of their own: the exception's is the one that counts."""
    uplifts = terms.bonus is not None and terms.bonus.uplift_rate is not None
    return replace(
        terms,
        groups=tuple(replace(group, rate=None) for group in terms.groups),
        bands=None,
        bonus=None if uplifts else terms.bonus,
    )


def _fits(rule: Rule, event: str) -> bool:
    return rule.reward == "percent" and EVENTS.get(event) == (rule.trigger, rule.scope)
