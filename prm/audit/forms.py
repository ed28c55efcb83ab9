"""What to look for in the audit trail."""

from datetime import date

from django import forms
from django.utils.translation import gettext_lazy as _

from prm.audit.selectors import AuditFilter
from prm.audit.words import AREAS


class AuditFilterForm(forms.Form):
    """Words, an area, and days; what does not read as a day is left out."""

    q = forms.CharField(required=False, max_length=100)
    area = forms.ChoiceField(required=False, choices=[("", _("Everything")), *AREAS])
    since = forms.DateField(required=False, input_formats=["%Y-%m-%d"])
    until = forms.DateField(required=False, input_formats=["%Y-%m-%d"])

    @property
    def wanted(self) -> AuditFilter:
        """What was asked for."""
        self.full_clean()
        found = getattr(self, "cleaned_data", {})
        words = str(found.get("q") or "").replace("\x00", "").strip()
        return AuditFilter(
            words, found.get("area") or "", _known(found.get("since")), _known(found.get("until"))
        )


def _known(day: date | None) -> date | None:
    """Return a day that the calendar of every zone holds with the day after it, None for others."""
    return day if day and 1970 <= day.year < 2200 else None
