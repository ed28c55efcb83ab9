"""Tiers follow a partner through a merge: where only the duplicate stood, the partner that stays stands."""

from commissions.tiers.models import NoticeState, TierNotice, TierStanding
from partners.directory.merging import Merge, on_merge


@on_merge
def carry_tiers(merge: Merge) -> None:
    """Give the duplicate's standings where the other has none; otherwise its own stay, and the rest ends."""
    kept = TierStanding.objects.filter(partner_id=merge.into_id).values_list(
        "program_id", flat=True
    )
    for model in (TierStanding, TierNotice):
        model.objects.filter(partner_id=merge.from_id).exclude(program_id__in=list(kept)).update(
            partner_id=merge.into_id
        )
    TierNotice.objects.filter(partner_id=merge.from_id, state=NoticeState.OPEN).update(
        state=NoticeState.WITHDRAWN
    )
