"""Prove that no tenant's audit trail was altered, cut or added to, and that what keeps it so is switched on."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from prm.events.seals import chain_head, seal_tenant, verify_chain
from prm.management.tenants import add_tenant_option, chosen_tenants
from prm.tenancy.guards import guards_down
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope


class Command(BaseCommand):
    """Walk the hash chain of every tenant, or of one; exit 1 and name the first bad row of each that is broken."""

    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        add_tenant_option(parser)
        parser.add_argument(
            "--head",
            help="position:hash published earlier, for example on a statement; needs --tenant",
        )

    def handle(
        self, *_: Any, tenant: str | None = None, head: str | None = None, **__: Any
    ) -> None:
        if head and not tenant:
            raise CommandError("--head needs --tenant")
        broken = [row.slug for row in chosen_tenants(tenant) if not self._sound(row, head)]
        for guard in guards_down():
            self.stderr.write(f"database: {guard}")
            broken = [name for name in broken if name != "database"] + ["database"]
        if broken:
            raise CommandError(f"broken: {', '.join(broken)}")

    def _sound(self, tenant: Tenant, head: str | None) -> bool:
        seal_tenant(tenant.id)
        with tenant_scope(tenant.id):
            fault = next(verify_chain(published=_published(head)), None)
            position, chain = chain_head()
        if fault is None:
            self.stdout.write(f"{tenant.slug}: {position} events, sound, head {position}:{chain}")
            return True
        self.stderr.write(
            f"{tenant.slug}: entry {fault.position}, event {fault.event_id}: {fault.problem}"
        )
        return False


def _published(head: str | None) -> tuple[int, str] | None:
    if not head:
        return None
    position, _, chain = head.partition(":")
    if not position.isdigit() or len(chain) != 64:
        raise CommandError("--head is position:hash")
    return int(position), chain
