"""Recalculations of a whole program."""

from datetime import date
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from commissions.tiers.selectors import enrolled
from commissions.tiers.services import recalculate
from prm.accounts.capabilities import Capability
from prm.events.services import SYSTEM, Actor
from prm.jobs.runners import Progress, runner

CHUNK = 500
COUNTS = ("up", "down", "warned", "recovered")


@runner(
    "tiers.recalculate",
    label=_("Recalculate tiers"),
    capability=Capability.EDIT_PROGRAMS,
    unit=_("partners"),
    onward=_("Back to the tiers"),
)
def recalculate_program(progress: Progress) -> None:
    """Move the partners of a program by its rules, so many at a time; a killed run goes on where it was."""
    program_id, on = UUID(progress.params["program_id"]), date.fromisoformat(progress.params["on"])
    actor = Actor(progress.started_by_id) if progress.started_by_id else SYSTEM
    done = progress.checkpoint.get("done", 0)
    counts = dict(progress.checkpoint.get("counts") or dict.fromkeys(COUNTS, 0))
    after = UUID(progress.checkpoint["after"]) if progress.checkpoint.get("after") else None
    while not progress.should_stop():
        with progress.scope():
            ids = enrolled(program_id, after=after, limit=CHUNK)
            moved = recalculate(
                program_id=program_id, partner_ids=ids, on=on, actor=actor, at=timezone.now()
            )
            for name in COUNTS:
                counts[name] += getattr(moved, name)
            done += len(ids)
            after = ids[-1] if ids else after
            progress.save_checkpoint({"after": str(after or ""), "done": done, "counts": counts})
        progress.advance(done)
        if len(ids) < CHUNK:
            progress.finish(
                {"partners": done, **{f"tiers_{name}": n for name, n in counts.items()}}
            )
            return
