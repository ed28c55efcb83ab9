"""A new tenant with its people, the moment it is at, and the story so far: what all steps stand on."""

from collections.abc import Callable
from datetime import timedelta
from itertools import count
from typing import Any

from prm.accounts.capabilities import Role
from prm.events.relay import relay_tenant
from prm.events.services import Actor
from prm.tenancy.scope import tenant_scope
from tests.builders.people import a_member, a_tenant
from tests.builders.referrals import a_program
from tests.commissions.machine.story import Setting, Story
from tests.conftest import NOON

MINUTE = timedelta(minutes=1)
_tenants = count(1)


class Stage:
    """Steps take whole numbers where they choose: the n-th of what there is, counted round.

    Where there is nothing to choose from, a step does nothing.
    """

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.tenant = a_tenant(f"machine-{next(_tenants)}")
        self.first = Actor(a_member(self.tenant, Role.FINANCE, self.mail("first")).id)
        self.second = Actor(a_member(self.tenant, Role.FINANCE, self.mail("second")).id)
        self.story, self.now = Story(flavour=setting.flavour), NOON
        self.partners: dict[str, Any] = {}
        self.reps: dict[str, Any] = {}
        self.closed: list[int] = []
        # What was seen of rows that never change, for the invariants.
        self.seen: dict[str, tuple[str | None, int, str | None]] = {}
        self.sealed: dict[int, str] = {}
        # What a step found that no later look at the rows can tell.
        self.wrong: list[str] = []
        with tenant_scope(self.tenant.id):
            self.program = a_program()

    def mail(self, who: str) -> str:
        """Return an address of the tenant's own."""
        return f"{who}@{self.tenant.slug}.example"

    def act(self, work: Callable[[], Any]) -> Any:
        """Do something a minute later, and let the handlers run."""
        self.tick()
        with tenant_scope(self.tenant.id):
            result = work()
        relay_tenant(self.tenant.id)
        return result

    def tick(self) -> None:
        """Let a minute pass."""
        self.now += MINUTE


def pick(found: Any, which: int) -> Any:
    """Return the n-th, counted round."""
    return found[which % len(found)]
