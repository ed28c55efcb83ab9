"""Proves what partners said to new terms: every text against the hash kept with it, and against the audit trail."""

from collections.abc import Iterator

from commissions.acceptances.models import PlanAcceptance
from partners.agreements.verification import Fault, altered


def faults() -> Iterator[Fault]:
    """Yield the open tenant's acceptances of terms that were altered or taken away, oldest first."""
    yield from altered(PlanAcceptance.objects.all(), event="plan.accepted")


def acceptance_count() -> int:
    """Return how many the open tenant keeps."""
    return PlanAcceptance.objects.count()
