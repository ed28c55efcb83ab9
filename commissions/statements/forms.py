"""Forms about statements."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from prm.web.forms import DateField, FileDrop, MoneyField

_AREA = {"rows": 4}


class IssueForm(forms.Form):
    """Up to which day statements are issued."""

    until_on = DateField(
        label=_("Up to and including"),
        help_text=_("Everything booked up to the end of this day goes onto the statements."),
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["until_on"] = DateField(
            label=self.fields["until_on"].label,
            help_text=self.fields["until_on"].help_text,
            latest=today,
            error_messages={"bounds": _("Choose a day that has begun")},
        )


class DisputeForm(forms.Form):
    """Why a line is wrong, and what it should say."""

    reason = forms.CharField(
        label=_("What is wrong with this line"),
        max_length=1000,
        widget=forms.Textarea(attrs=_AREA),
        error_messages={"required": _("Say what is wrong, so that it can be checked")},
    )
    evidence = forms.FileField(
        label=_("Evidence"),
        required=False,
        widget=FileDrop(
            accept=".pdf,.png,.jpg,.jpeg,.csv,.xlsx,.docx",
            limits=_("PDF, picture, Word, Excel or CSV, up to 10 MB"),
        ),
    )

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["wanted"] = MoneyField(
            label=_("What it should be"),
            currencies=[currency],
            required=False,
            negative=True,
            help_text=_("The amount that you expect on this line."),
        )
        self.order_fields(["reason", "wanted", "evidence"])


class AnswerForm(forms.Form):
    """What comes of a dispute."""

    answer = forms.CharField(
        label=_("Answer to the partner"),
        max_length=1000,
        widget=forms.Textarea(attrs=_AREA),
        error_messages={"required": _("Say why, the partner reads it")},
    )

    def __init__(self, *args: Any, currency: str, accepts: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["correction"] = MoneyField(
            label=_("Correction"),
            currencies=[currency],
            required=accepts,
            zero=False,
            help_text=_(
                "Needed to accept, not to refuse. Booked in the partner's favour as a line of its own."
            ),
        )
        self.order_fields(["correction", "answer"])
