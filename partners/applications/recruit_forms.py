"""Forms of prospects and of inviting many."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from partners.applications.inviting import MAX_PASTED, pasted_rows
from partners.directory.models import PartnerType
from partners.directory.selectors import manager_choices
from partners.programs.selectors import open_programs
from prm.web.choices import country_choices
from prm.web.forms import EmailField, FileDrop, HintedChoiceField, WebAddressField

APPLY, PARTNER = "apply", "partner"


class ProspectForm(forms.Form):
    """What is known of a prospect."""

    company = forms.CharField(
        label=_("Company"),
        max_length=160,
        error_messages={"required": _("Enter the company's name")},
    )
    contact = forms.CharField(label=_("Contact person"), max_length=120, required=False)
    email = EmailField(label=_("Email"), required=False)
    website = WebAddressField(label=_("Website"), required=False)
    country = forms.ChoiceField(label=_("Country"), required=False)
    type = forms.ChoiceField(label=_("Type"), choices=PartnerType.choices)
    staff_count = forms.IntegerField(
        label=_("People who work there"), min_value=0, max_value=9_999_999, required=False
    )
    client_count = forms.IntegerField(
        label=_("Clients that could buy"), min_value=0, max_value=9_999_999, required=False
    )
    source = forms.CharField(label=_("Source"), max_length=80, required=False)
    campaign = forms.CharField(label=_("Campaign"), max_length=80, required=False)
    owner = forms.ChoiceField(label=_("Owner"), required=False)
    notes = forms.CharField(
        label=_("Notes"), max_length=4000, required=False, widget=forms.Textarea(attrs={"rows": 4})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["country"].choices = country_choices()  # type: ignore[attr-defined]
        self.fields["owner"].choices = [("", _("Nobody yet")), *manager_choices()]  # type: ignore[attr-defined]

    @property
    def facts(self) -> dict[str, Any]:
        """The prospect's columns."""
        facts = dict(self.cleaned_data)
        owner = facts.pop("owner")
        return facts | {"owner_id": int(owner) if owner else None}


class InviteProspectForm(forms.Form):
    """How a prospect is invited."""

    how = HintedChoiceField(
        label=_("How"),
        choices=[(APPLY, _("Invite to apply")), (PARTNER, _("Make a partner at once"))],
        hints={
            APPLY: _("They get a link to the program's form, which works also where it is closed"),
            PARTNER: _("They get an invitation to the portal, without a form"),
        },
        initial=APPLY,
    )
    program = forms.ChoiceField(label=_("Program"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["program"].choices = [(str(row.id), row.name) for row in open_programs()]  # type: ignore[attr-defined]


class SheetForm(forms.Form):
    """A file of rows."""

    file = forms.FileField(
        label=_("File"),
        widget=FileDrop(accept=".csv,.xlsx", limits=_("CSV or XLSX, at most 2,000 rows")),
        error_messages={"required": _("Choose a file")},
    )


class InviteManyForm(forms.Form):
    """Whom to invite, pasted or in a file, and into which program."""

    addresses = forms.CharField(
        label=_("Addresses"),
        max_length=60_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=_("One a line: an address, or company; address; name"),
    )
    file = forms.FileField(
        label=_("Or a file"),
        required=False,
        widget=FileDrop(accept=".csv,.xlsx", limits=_("CSV or XLSX, at most 2,000 rows")),
    )
    program = forms.ChoiceField(label=_("Program"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        programs = [(str(row.id), row.name) for row in open_programs()]
        self.fields["program"].choices = [("", _("None yet")), *programs]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Demand addresses or a file, never both, and not too many addresses."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        data["rows"] = pasted_rows(data.get("addresses", ""))
        if not data["rows"] and not data.get("file") and not self.errors:
            self.add_error("addresses", _("Enter at least one address, or choose a file"))
        if data["rows"] and data.get("file"):
            self.add_error("addresses", _("Send the addresses or the file, one at a time"))
        if len(data["rows"]) > MAX_PASTED:
            self.add_error("addresses", _("More than 500 addresses: use a file"))
        return data
