"""Forms about holds that end early."""

from django import forms
from django.utils.translation import gettext_lazy as _


class AskForm(forms.Form):
    """Why rewards should be payable before their day."""

    reason = forms.CharField(
        label=_("Why before its day"),
        max_length=200,
        error_messages={"required": _("Say why, for the person who decides")},
    )
