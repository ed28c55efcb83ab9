"""Run every proof this installation knows; exit 1 when one fails."""

from typing import Any

from django.core.management import CommandError, call_command, get_commands
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """Run every command named verify_… and check_ledger, all of them even when one fails."""

    help = __doc__

    def handle(self, *_: Any, **__: Any) -> None:
        proofs = sorted(
            name for name in get_commands() if name.startswith("verify_") or name == "check_ledger"
        )
        failed = []
        for name in proofs:
            self.stdout.write(f"== {name}")
            try:
                call_command(name, stdout=self.stdout, stderr=self.stderr)
            except CommandError as problem:
                self.stderr.write(f"{name}: {problem}")
                failed.append(name)
        if failed:
            raise CommandError(f"failed: {', '.join(failed)}")
        self.stdout.write(f"{len(proofs)} proofs, all sound")
