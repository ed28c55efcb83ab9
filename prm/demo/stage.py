"""The actors and places of one demo tenant while its year is played."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from heapq import heappush
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from partners.directory.models import Partner
from partners.programs.models import Program
from prm.accounts.models import User
from prm.demo.story import Person, TenantStory
from prm.events.services import Actor
from prm.tenancy.models import Tenant

HISTORY_DAYS = 365
Step = Callable[[datetime], None]


@dataclass
class Stage:
    """The actors and places of one tenant while its year is played."""

    story: TenantStory
    tenant: Tenant
    today: date
    dice: random.Random
    programs: dict[str, Program] = field(default_factory=dict)
    partners: dict[str, Partner] = field(default_factory=dict)
    people: dict[str, User] = field(default_factory=dict)
    queue: list[tuple[datetime, int, Step]] = field(default_factory=list)
    order: Any = field(default_factory=count)

    def at(self, day: date, hour: int = 9, minute: int = 0) -> datetime:
        """Return a moment in the tenant's zone."""
        return datetime.combine(day, time(hour, minute), ZoneInfo(self.story.time_zone)).astimezone(
            UTC
        )

    def month_start(self, months_ago: int) -> datetime:
        """Return the first moment of a month of the past; 0 is this month."""
        day = self.today.replace(day=1)
        for _ in range(months_ago):
            day = (day - timedelta(days=1)).replace(day=1)
        return self.at(day, 0)

    def plan(self, moment: datetime, step: Step) -> None:
        """Put a step on the calendar; steps later than now are left to the reader."""
        heappush(self.queue, (moment, next(self.order), step))

    def actor(self, person: Person) -> Actor:
        """Return the person as who does something."""
        return Actor(user_id=self.people[person.email].id, name=person.name)

    @property
    def manager(self) -> Actor:
        return self.actor(self.story.staff[0])
