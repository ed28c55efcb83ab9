"""The form with which a file is added to a referral."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from prm.web.forms import FileDrop


class FileForm(forms.Form):
    """One file; staff say whether the partner sees it."""

    file = forms.FileField(
        label=_("Choose a file"),
        widget=FileDrop(
            accept=".pdf,.png,.jpg,.jpeg,.docx,.xlsx",
            limits=_("PDF, picture, Word or Excel, up to 10 MB"),
        ),
        error_messages={"required": _("Choose a file"), "empty": _("The file is empty")},
    )
    shared = forms.BooleanField(label=_("The partner sees it, too"), required=False)

    def __init__(self, *args: Any, staff: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        if not staff:
            del self.fields["shared"]

    @property
    def internal(self) -> bool:
        """Whether only the vendor's people see the file."""
        return "shared" in self.fields and not self.cleaned_data["shared"]
