"""What a person says yes with."""

from django import forms
from django.utils.translation import gettext_lazy as _


class AcceptForm(forms.Form):
    """A person's yes to new terms, for their company."""

    use_required_attribute = False

    signer_name = forms.CharField(
        label=_("Your full name"),
        max_length=120,
        error_messages={"required": _("Enter your full name")},
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    agreed = forms.BooleanField(
        label=_("I have read what changes and accept it for my company"),
        error_messages={"required": _("Tick the box to accept")},
    )
