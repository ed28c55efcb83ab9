"""What a partner says about rewards for its people."""

from django import forms
from django.utils.translation import gettext_lazy as _

from commissions.accruals.models import RepRewards


class RepRewardsForm(forms.Form):
    """Whether the vendor may reward the partner's people."""

    use_required_attribute = False

    allows = forms.ChoiceField(
        label=_("Your people may receive"),
        choices=RepRewards.choices,
        widget=forms.RadioSelect,
        help_text=_(
            "A change counts for what is earned from now on. What was earned before stays."
        ),
    )
