"""Prove the statements: `manage.py verify_statements [--tenant slug] [--print]`; exit 1 names every bad one."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from commissions.statements.models import Statement, StatementFile
from commissions.statements.proving import statement_faults
from prm.management.tenants import add_tenant_option, chosen_tenants
from prm.tenancy.scope import tenant_scope


class Command(BaseCommand):
    help = "Prove that statements say what their digests bind, and that their files come out as they first were."

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_tenant_option(parser)
        parser.add_argument("--print", action="store_true", help="make every PDF again as well")

    def handle(self, *args: Any, **options: Any) -> None:
        bad = 0
        for tenant in chosen_tenants(options["tenant"]):
            with tenant_scope(tenant.id):
                found = list(statement_faults(print_again=options["print"]))
                proved = Statement.objects.count(), StatementFile.objects.count()
            for fault in found:
                self.stdout.write(f"{tenant.slug}: {fault}")
            if not found:
                self.stdout.write(
                    f"{tenant.slug}: right ({proved[0]} statements, {proved[1]} files)"
                )
            bad += len(found)
        if bad:
            raise CommandError(f"{bad} faults found", returncode=1)
