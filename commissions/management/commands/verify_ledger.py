"""Prove the books: `manage.py verify_ledger [--tenant slug]`; exit 1 names the first bad row of each check."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from commissions.verification import counts, faults
from prm.management.tenants import add_tenant_option, chosen_tenants
from prm.tenancy.scope import tenant_scope


class Command(BaseCommand):
    help = "Prove every balance, accrual, payout and statement against the transfers."

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_tenant_option(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        bad = 0
        for tenant in chosen_tenants(options["tenant"]):
            with tenant_scope(tenant.id):
                found, proved = [str(fault) for fault in faults()], counts()
            for fault in found:
                self.stdout.write(f"{tenant.slug}: {fault}")
            if not found:
                words = ", ".join(f"{count} {name}" for name, count in proved.items())
                self.stdout.write(f"{tenant.slug}: right ({words})")
            bad += len(found)
        if bad:
            raise CommandError(f"{bad} checks found a fault", returncode=1)
