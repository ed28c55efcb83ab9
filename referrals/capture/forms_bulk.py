"""The form with which a partner brings a file of referrals."""

from django import forms
from django.utils.translation import gettext_lazy as _

from prm.web.forms import FileDrop


class BulkFileForm(forms.Form):
    """One file of up to 500 rows."""

    file = forms.FileField(
        label=_("Choose a file"),
        widget=FileDrop(accept=".csv,.xlsx,text/csv", limits=_("CSV or Excel, up to 500 rows")),
        error_messages={"required": _("Choose a file"), "empty": _("The file is empty")},
    )
