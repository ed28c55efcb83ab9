"""Tax forms follow a partner through a merge; what the staying partner has of its own counts."""

from commissions.tax.models import TaxForm
from partners.directory.merging import Merge, on_merge


@on_merge
def carry_forms(merge: Merge) -> None:
    """Give the duplicate's forms to the partner that stays, as history where that one has such a form itself."""
    own = TaxForm.objects.filter(partner_id=merge.into_id, replaced_at=None)
    for form, state in own.values_list("form", "state"):
        TaxForm.objects.filter(
            partner_id=merge.from_id, form=form, state=state, replaced_at=None
        ).update(replaced_at=merge.at)
    TaxForm.objects.filter(partner_id=merge.from_id).update(partner_id=merge.into_id)
