"""Exceptions follow a partner through a merge, as far as the partner that stays has none in the same time."""

from commissions.overrides.models import OverrideState, PlanOverride
from partners.directory.merging import Merge, on_merge


@on_merge
def carry_overrides(merge: Merge) -> None:
    """Give the duplicate's exceptions and requests to the partner that stays.

    Where both had an approved exception in a program at once, the staying partner's own counts for all that the two
    brought; the duplicate's stays in the register under its name.
    """
    own = list(PlanOverride.objects.filter(partner_id=merge.into_id, state=OverrideState.APPROVED))
    rows = PlanOverride.objects.select_for_update(no_key=True).filter(partner_id=merge.from_id)
    moving = [
        row.id
        for row in rows.order_by("id")
        if row.state != OverrideState.APPROVED or not any(_clash(row, other) for other in own)
    ]
    PlanOverride.objects.filter(id__in=moving).update(partner_id=merge.into_id)


def _clash(row: PlanOverride, other: PlanOverride) -> bool:
    return (
        row.program_id == other.program_id
        and row.starts_at < other.ends_at
        and other.starts_at < row.ends_at
    )
