"""Forms of the vendor's decisions about applications."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from prm.web.forms import DateField

NEW = "new"


class ApproveForm(forms.Form):
    """Into which partner an applicant comes."""

    into = forms.ChoiceField(label=_("Becomes"), widget=forms.RadioSelect)
    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, partners: list[Any], company: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["into"].choices = [  # type: ignore[attr-defined]
            *((str(partner.id), self._named(partner)) for partner in partners),
            (NEW, _("A new partner: %(name)s") % {"name": company}),
        ]

    @staticmethod
    def _named(partner: Any) -> str:
        text = _("The partner %(name)s, which is there already") % {"name": partner.name}
        return f"{text} ({partner.domain})" if partner.domain else str(text)


class AskForm(forms.Form):
    """What the vendor wants to know."""

    question = forms.CharField(
        label=_("Your question"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("The applicant gets it by mail and answers on their own page"),
        error_messages={"required": _("Enter what you want to know")},
    )
    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)


class DeclineForm(forms.Form):
    """Why an application is declined, and from when the company may apply again."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("The applicant reads it, word for word"),
        error_messages={"required": _("Enter a reason: the applicant reads it")},
    )
    reapply_on = DateField(
        label=_("May apply again from"),
        required=False,
        help_text=_("Empty: the program's usual waiting time"),
    )
    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)


class ReopenForm(forms.Form):
    """Why a decline is taken back."""

    reason = forms.CharField(
        label=_("Why it is opened again"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Kept in its history; the applicant is told that it is looked at again"),
    )
