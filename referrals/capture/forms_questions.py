"""Forms of questions and answers."""

from django import forms
from django.utils.translation import gettext_lazy as _

LONGEST = 2000


class QuestionForm(forms.Form):
    """What the vendor wants to know."""

    text = forms.CharField(
        label=_("Your question"),
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("The partner gets it by email and can answer without signing in."),
        error_messages={"required": _("Write what you want to know")},
    )


class AnswerForm(forms.Form):
    """What the partner answers."""

    text = forms.CharField(
        label=_("Your answer"),
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": _("Write your answer")},
    )
