"""Prove accepted terms: `manage.py verify_terms [--tenant slug]`; exit 1 names each tenant's first bad acceptance."""

from collections.abc import Iterator

from commissions.acceptances.verification import acceptance_count, faults
from partners.agreements.verification import Fault
from partners.management.commands import verify_agreements


class Command(verify_agreements.Command):
    help = "Prove every accepted text of terms against its hash and the audit trail."
    word = "acceptance"

    def faults(self) -> Iterator[Fault]:
        return faults()

    def count(self) -> int:
        return acceptance_count()
