"""What a partner says about rewards for its people."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from commissions.accruals.models import RepRewards
from commissions.accruals.people import PersonYear
from prm.web.forms import HintedChoiceField


class RepRewardsForm(forms.Form):
    """Whether the vendor may reward the partner's people."""

    use_required_attribute = False

    allows = HintedChoiceField(
        label=_("Your people may receive"),
        choices=RepRewards.choices,
        hints={
            RepRewards.NONE.value: _("What a program has for the person, nobody gets."),
            RepRewards.NON_CASH.value: _(
                "A thing, a card or a credit of the same worth. It comes to the person."
            ),
            RepRewards.CASH.value: _(
                "Money is paid to your company with its payouts; you pay it on to the person."
            ),
        },
        help_text=_(
            "A change counts for what is earned from now on. What was earned before stays."
        ),
    )


class TaxMarkForm(forms.Form):
    """Which person's year is marked, of those there are."""

    use_required_attribute = False

    of = forms.ChoiceField(label=_("Person and year"))

    def __init__(self, *args: Any, rows: Sequence[PersonYear], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["of"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(row.key, row.label) for row in rows]

    @property
    def chosen(self) -> dict[str, int]:
        """The person and the year of a valid form."""
        user_id, year = self.cleaned_data["of"].split("-")
        return {"user_id": int(user_id), "year": int(year)}
