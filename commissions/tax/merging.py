"""Tax forms follow a partner through a merge; what the staying partner has of its own counts."""

from commissions.tax.models import FormKind, FormState, TaxForm
from commissions.tax.services import reopen_number
from partners.directory.merging import Merge, on_merge
from partners.directory.models import Partner
from prm.events.services import SYSTEM


@on_merge
def carry_forms(merge: Merge) -> None:
    """Give the duplicate's forms to the partner that stays, as history where that one has such a form itself."""
    own = TaxForm.objects.filter(partner_id=merge.into_id, replaced_at=None)
    for form, state in own.values_list("form", "state"):
        TaxForm.objects.filter(
            partner_id=merge.from_id, form=form, state=state, replaced_at=None
        ).update(replaced_at=merge.at)
    coming = TaxForm.objects.filter(partner_id=merge.from_id)
    has_number = coming.filter(
        form=FormKind.VAT_ID, state=FormState.APPROVED, replaced_at=None
    ).exists()
    coming.update(partner_id=merge.into_id)
    countries = dict(
        Partner.objects.filter(id__in=[merge.from_id, merge.into_id]).values_list("id", "country")
    )
    before, country = countries[merge.from_id], countries[merge.into_id]
    if has_number and before != country:
        reopen_number(
            partner_id=merge.into_id, before=before, country=country, actor=SYSTEM, at=merge.at
        )
