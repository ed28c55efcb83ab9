"""Forms about the person referred."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from prm.web.forms import HintedChoiceField
from referrals.capture.models import Telling
from referrals.capture.rules import Privacy


class PrivacyForm(forms.Form):
    """How a program treats the person referred; `rules` is the answer."""

    tells = HintedChoiceField(
        label=_("When is the person referred told?"),
        choices=Telling.choices,
        hints={
            Telling.ALWAYS: _("The safe choice: nobody is spoken about without knowing it."),
            Telling.ACCEPTED: _("Nobody hears of referrals that you decline at once."),
            Telling.NEVER: _("Only where you tell people by other means, within a month."),
        },
    )
    basis = forms.CharField(
        label=_("Lawful basis, in your words"),
        max_length=400,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Stands in the notice. Empty: your legitimate interest in this introduction."),
    )
    shares_contacts = forms.BooleanField(
        label=_("Partners see contact details that they did not type themselves"),
        required=False,
        help_text=_("Of people who filled in a form, and of referrals that you entered for them."),
    )

    def clean(self) -> dict[str, Any]:
        """Ask for a basis where this portal tells nobody."""
        read: dict[str, Any] = super().clean() or {}
        if read.get("tells") == Telling.NEVER and not read.get("basis"):
            self.add_error("basis", _("Say how, and on what basis, you tell people yourselves"))
        return read

    @property
    def rules(self) -> Privacy:
        """The rules, once the form is valid."""
        return Privacy(**self.cleaned_data)


class EraseForm(forms.Form):
    """A person's wish to be erased, confirmed since it cannot be undone."""

    own_company = forms.BooleanField(
        label=_("I work under my own name: erase the company's name, too"), required=False
    )
    confirm = forms.BooleanField(
        label=_("Erase my personal data. I know that this cannot be undone"),
        error_messages={"required": _("Confirm that your data may be erased for good")},
    )


class StaffEraseForm(EraseForm):
    """The same, when the person asked by phone or letter."""

    own_company = forms.BooleanField(
        label=_("The company is this person's own name: erase it, too"), required=False
    )
    confirm = forms.BooleanField(
        label=_("The person asked for it, and it cannot be undone"),
        error_messages={"required": _("Confirm that the data may be erased for good")},
    )
