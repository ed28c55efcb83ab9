"""Forms about statements."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from prm.web.forms import DateField


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
