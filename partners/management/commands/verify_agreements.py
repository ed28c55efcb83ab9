"""Prove the signatures: `manage.py verify_agreements [--tenant slug]`; exit 1 names each tenant's first bad one."""

from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from partners.agreements.verification import Fault, faults, signature_count
from prm.management.tenants import add_tenant_option, chosen_tenants
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope


class Command(BaseCommand):
    """Also the way of other proofs of evidence: what to read, how many there are, and what one is called."""

    help = "Prove every signed text against its hash and the audit trail."
    word = "signature"

    def faults(self) -> Iterator[Fault]:
        """Yield what is wrong in the open tenant."""
        return faults()

    def count(self) -> int:
        """Return how many rows the open tenant keeps."""
        return signature_count()

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_tenant_option(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        broken = [
            tenant.slug for tenant in chosen_tenants(options["tenant"]) if not self._sound(tenant)
        ]
        if broken:
            raise CommandError(f"broken: {', '.join(broken)}", returncode=1)

    def _sound(self, tenant: Tenant) -> bool:
        with tenant_scope(tenant.id):
            fault, count = next(self.faults(), None), self.count()
        if fault is None:
            self.stdout.write(f"{tenant.slug}: {count} {self.word}s, sound")
            return True
        self.stdout.write(
            f"{tenant.slug}: {self.word} {fault.position} of {count}, {fault.acceptance_id}: {fault.problem}"
        )
        return False
