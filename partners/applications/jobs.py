"""The long work of recruiting: files of partners to invite, and of prospects."""

from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from partners.applications import inviting, prospects
from partners.applications.sheets import Sheet, do_sheet
from prm.accounts.capabilities import Capability
from prm.accounts.models import User
from prm.events.services import Actor
from prm.jobs.runners import Progress, runner


@runner(
    "invitations.send",
    label=_("Invite partners"),
    capability=Capability.EDIT_PARTNERS,
    unit=_("rows"),
    onward=_("See open invitations"),
)
def send_invitations(progress: Progress) -> None:
    """Invite the person of every row, each whole or not at all, and say what became of it."""
    actor, at = _actor(progress), datetime.fromisoformat(progress.params["at"])
    program = progress.params.get("program")
    sheet = Sheet(
        inviting.COLUMNS,
        inviting.REQUIRED,
        lambda cells: inviting.invite_row(
            cells, program_id=UUID(program) if program else None, actor=actor, at=at
        ),
    )
    do_sheet(progress, sheet, file_name="invitations-result.csv")


@runner(
    "prospects.import",
    label=_("Import prospects"),
    capability=Capability.DECIDE_APPLICATIONS,
    unit=_("rows"),
    onward=_("See prospects"),
)
def import_prospects(progress: Progress) -> None:
    """Write every row down as a prospect; a name that is there already stays as it is."""
    actor, at = _actor(progress), datetime.fromisoformat(progress.params["at"])
    sheet = Sheet(
        prospects.COLUMNS,
        ("company",),
        lambda cells: prospects.prospect_row(cells, actor=actor, at=at),
    )
    do_sheet(progress, sheet, file_name="prospects-result.csv")


def _actor(progress: Progress) -> Actor:
    person = User.objects.filter(id=progress.started_by_id or 0).first()
    return Actor(user_id=progress.started_by_id, name=person.get_full_name() if person else "")
