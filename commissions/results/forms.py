"""The form that takes a bank's answer."""

from django import forms
from django.utils.translation import gettext_lazy as _

from prm.web.forms import FileDrop

MAX_BYTES = 20_000_000


class ResultForm(forms.Form):
    """One file of results."""

    file = forms.FileField(
        label=_("The bank's answer"),
        widget=FileDrop(
            accept=".xml,.csv,.txt", limits=_("camt.053 statement or CSV list, at most 20 MB")
        ),
        error_messages={"required": _("Choose a file"), "empty": _("The file is empty")},
    )
