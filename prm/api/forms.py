"""The form that makes a key."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django import forms
from django.utils.translation import gettext_lazy as _

from prm.api.rules import PARTNER_SCOPES, Scope

SCOPE_CHOICES: list[tuple[str, Any]] = [
    (Scope.READ_REFERRALS, _("Read referrals")),
    (Scope.WRITE_REFERRALS, _("Submit referrals")),
    (Scope.WRITE_EVENTS, _("Report leads, sales and refunds")),
]
SCOPE_HINTS: dict[str, Any] = {
    Scope.READ_REFERRALS: _("Where each one stands, and the contact in it"),
    Scope.WRITE_REFERRALS: _("And ask first whether a company can be registered"),
    Scope.WRITE_EVENTS: _("They book revenue, and commissions follow from it"),
}
LIVES = [("90", _("90 days")), ("365", _("One year")), ("0", _("No end"))]


class ScopesField(forms.MultipleChoiceField):
    """What a key may be used for, as cards with a line that explains each."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, **kwargs: Any) -> None:
        self.choice_hints = dict(SCOPE_HINTS)
        errors = {"required": _("Choose at least one")}
        super().__init__(label=_("What it may do"), error_messages=errors, **kwargs)


class KeyForm(forms.Form):
    """Name, rights and end of a new key."""

    name = forms.CharField(
        label=_("Name"),
        max_length=80,
        help_text=_("Which program uses it, such as “Web shop”"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": _("Say which program uses it")},
    )
    scopes = ScopesField()
    life = forms.ChoiceField(label=_("Works for"), choices=LIVES, initial="365")
    key_id = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, for_partner: bool) -> None:
        super().__init__(data, initial={"key_id": uuid4()})
        allowed = PARTNER_SCOPES if for_partner else frozenset(Scope)
        self.fields["scopes"].choices = [row for row in SCOPE_CHOICES if row[0] in allowed]  # type: ignore[attr-defined]

    def expires_at(self, now: datetime) -> datetime | None:
        """Return the chosen end, None for none."""
        days = self.cleaned_data["life"]
        return now + timedelta(days=int(days)) if int(days) else None
