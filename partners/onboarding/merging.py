"""Applications, training, tracks and rewards follow a partner through a merge; once-ever rewards keep the first."""

from partners.applications.models import Application, Prospect
from partners.directory.merging import Merge, on_merge
from partners.onboarding.duplicates import merge_onboarding
from partners.training.models import Attempt, Certificate, LessonVisit, Taking


@on_merge
def carry_growth(merge: Merge) -> None:
    """Move what the staying partner does not have itself; accepted agreements are not moved: each signs for itself."""
    to = {"partner_id": merge.into_id}
    for model in (Application, Prospect, Taking, LessonVisit, Attempt, Certificate):
        model.objects.filter(partner_id=merge.from_id).update(**to)
    merge_onboarding(from_id=merge.from_id, into_id=merge.into_id, at=merge.at)
