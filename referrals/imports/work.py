"""The hands an import is done by: a job's, or a command's own."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from prm.tenancy.scope import tenant_scope


class Work(Protocol):
    """What check and commit need; prm.jobs.runners.Progress has it all."""

    checkpoint: dict[str, Any]

    def scope(self) -> AbstractContextManager[None]:
        """Open one transaction of the tenant for one chunk."""

    def advance(self, done: int, total: int | None = None) -> None:
        """Say how far it is."""

    def save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keep what is needed to go on after a kill, together with the chunk's rows."""

    def should_stop(self) -> bool:
        """Tell whether somebody asked to stop."""


@dataclass
class DirectWork:
    """Work without a job, for commands."""

    tenant_id: int
    checkpoint: dict[str, Any] = field(default_factory=dict)

    @contextmanager
    def scope(self) -> Iterator[None]:
        """Open one transaction of the tenant for one chunk."""
        with tenant_scope(self.tenant_id):
            yield

    def advance(self, done: int, total: int | None = None) -> None:
        """Nobody watches."""

    def save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keep it for this run."""
        self.checkpoint = checkpoint

    def should_stop(self) -> bool:
        """Nobody asks."""
        return False
