"""Put a program's public page up once nothing is missing."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from partners.applications.models import Admission
from partners.applications.services import publish_page
from partners.programs.checklist import Item, missing
from partners.programs.models import Program
from prm.events.services import Actor


class ProgramIncomplete(ValueError):
    """The program cannot be published; `items` are the lines of the checklist that are open."""

    def __init__(self, items: Sequence[Item]) -> None:
        super().__init__(", ".join(item.key for item in items))
        self.items = list(items)


class ProgramClosed(ValueError):
    """A closed program takes no partners."""


@transaction.atomic
def publish_program(*, program_id: UUID, actor: Actor, at: datetime) -> Admission:
    """Open a program's public page and form; a repeat writes nothing.

    Raises ProgramClosed, ProgramIncomplete. Emits admission.published.
    """
    program = Program.objects.select_for_update(no_key=True).get(id=program_id)
    if not program.is_open:
        raise ProgramClosed(program.name)
    if items := missing(program, at):
        raise ProgramIncomplete(items)
    return publish_page(program_id=program.id, actor=actor, at=at)
