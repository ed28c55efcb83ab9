"""Forms about closed months, account codes and questions to the books."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from commissions.closing.chart import ACCOUNT_NAMES
from commissions.ledger.models import AccountKind
from prm.web.forms import DateField

BOOKED, EARNED = "booked", "earned"


class CloseForm(forms.Form):
    """A month is closed for ever, so the person says that it was looked at."""

    checked = forms.BooleanField(
        label=_("I checked these figures against the bank and the accounts"),
        error_messages={"required": _("Check the figures first, then tick this")},
    )


class AsOfForm(forms.Form):
    """Which day, known when, counted by which day."""

    on = DateField(label=_("At the end of"))
    known = DateField(
        label=_("As known on"), required=False, help_text=_("Empty: everything known today")
    )
    by = forms.ChoiceField(
        label=_("Counted by"),
        choices=[
            (BOOKED, _("the day of booking")),
            (EARNED, _("the day it was earned")),
        ],
    )

    restate = forms.BooleanField(required=False)

    def __init__(self, *args: Any, today: date, currency: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["restate"].label = _("Also restated in %(code)s") % {"code": currency}
        self.fields["on"].widget.attrs["max"] = today.isoformat()
        self.fields["known"].widget.attrs["max"] = today.isoformat()


class CodesForm(forms.Form):
    """Code and name of every kind of account in the vendor's own chart."""

    def __init__(self, *args: Any, codes: Mapping[str, list[str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for kind in AccountKind.values:
            code, name = codes[kind]
            title = ACCOUNT_NAMES.get(AccountKind(kind), kind)
            self.fields[f"{kind}_code"] = forms.CharField(
                label=_("%(account)s: code") % {"account": title}, max_length=20, initial=code
            )
            self.fields[f"{kind}_name"] = forms.CharField(
                label=_("%(account)s: name") % {"account": title}, max_length=80, initial=name
            )

    def clean(self) -> dict[str, Any]:
        """Refuse one code for two accounts: the journal could not be read any more."""
        data = super().clean() or {}
        seen: dict[str, str] = {}
        for kind in AccountKind.values:
            code = data.get(f"{kind}_code", "")
            if code and code in seen:
                self.add_error(
                    f"{kind}_code", ValidationError(_("This code is taken by another account"))
                )
            seen[code] = kind
        return data

    @property
    def codes(self) -> dict[str, tuple[str, str]]:
        """Kind -> code and name."""
        return {
            kind: (
                self.cleaned_data[f"{kind}_code"].strip(),
                self.cleaned_data[f"{kind}_name"].strip(),
            )
            for kind in AccountKind.values
        }
