"""Forms about partners."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from partners.directory.models import ChangeCause, PartnerState, PartnerType
from partners.directory.selectors import manager_choices
from partners.programs.models import Program
from partners.programs.selectors import open_programs
from prm.accounts.capabilities import Role
from prm.accounts.selectors import TeamMember
from prm.web.choices import country_choices
from prm.web.forms import EmailField, HintedChoiceField, WebAddressField

INVITED_ROLES = [
    (Role.PARTNER_ADMIN, Role.PARTNER_ADMIN.label),
    (Role.PARTNER_REP, Role.PARTNER_REP.label),
]
ROLE_HINTS: dict[str, Any] = {
    Role.PARTNER_ADMIN: _(
        "Sees all referrals and earnings, manages the team and the payout details"
    ),
    Role.PARTNER_REP: _("Submits referrals and follows their own"),
}

STOP_CAUSES = (
    ChangeCause.ASKED,
    ChangeCause.AGREEMENT,
    ChangeCause.QUALITY,
    ChangeCause.INACTIVE,
    ChangeCause.PAPERS,
    ChangeCause.OTHER,
)
BACK_CAUSES = (ChangeCause.SETTLED, ChangeCause.ASKED, ChangeCause.OTHER)
CAUSE_CHOICES = [
    ("", _("None given")),
    *(
        (cause.value, cause.label)
        for cause in (
            ChangeCause.ASKED,
            ChangeCause.PROGRAM,
            ChangeCause.QUALITY,
            ChangeCause.OTHER,
        )
    ),
]


class PartnerForm(forms.Form):
    """Facts about a partner."""

    name = forms.CharField(
        label=_("Name"),
        max_length=160,
        error_messages={"required": _("Enter the partner's name")},
    )
    type = forms.ChoiceField(label=_("Type"), choices=PartnerType.choices)
    country = forms.ChoiceField(label=_("Country"), required=False)
    website = WebAddressField(label=_("Website"), required=False)
    segment = forms.CharField(
        label=_("Segment"),
        max_length=60,
        required=False,
        help_text=_("Your own word, such as a region or a size"),
    )
    manager = forms.ChoiceField(label=_("Channel manager"), required=False)
    legal_name = forms.CharField(
        label=_("Legal name"), max_length=160, required=False, help_text=_("Printed on statements")
    )
    address = forms.CharField(
        label=_("Address"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    tax_number = forms.CharField(label=_("VAT or tax number"), max_length=40, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["country"].choices = country_choices()  # type: ignore[attr-defined]
        self.fields["manager"].choices = [("", _("Nobody yet")), *manager_choices()]  # type: ignore[attr-defined]

    @property
    def facts(self) -> dict[str, Any]:
        """The partner's columns."""
        names = (
            "name",
            "type",
            "country",
            "website",
            "segment",
            "legal_name",
            "address",
            "tax_number",
        )
        manager = self.cleaned_data["manager"]
        return {name: self.cleaned_data[name] for name in names} | {
            "manager_id": int(manager) if manager else None
        }


class NewPartnerForm(PartnerForm):
    """A new partner, its programs and its first person."""

    programs = forms.MultipleChoiceField(
        label=_("Programs"), required=False, widget=forms.CheckboxSelectMultiple
    )
    email = EmailField(
        label=_("Email of their first person"),
        required=False,
        help_text=_("They get an invitation and become partner admin"),
    )
    person = forms.CharField(label=_("Name of their first person"), max_length=120, required=False)
    # Says that the person has seen the partners that look alike.
    confirmed = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        programs = [(str(program.id), program.name) for program in open_programs()]
        self.fields["programs"].choices = programs  # type: ignore[attr-defined]
        if len(programs) == 1:
            self.fields["programs"].initial = [programs[0][0]]


class InvitePersonForm(forms.Form):
    """Whom to invite into a partner."""

    email = EmailField(label=_("Email"), help_text=_("The invitation works for this address only"))
    name = forms.CharField(label=_("Name"), max_length=120, required=False)
    role = HintedChoiceField(
        label=_("Role"), choices=INVITED_ROLES, hints=ROLE_HINTS, initial=Role.PARTNER_ADMIN
    )


class StateForm(forms.Form):
    """Why a partner is paused, ended or taken up again, and what the person saw of the money."""

    cause = forms.ChoiceField(
        label=_("Cause"), error_messages={"required": _("Choose what caused it")}
    )
    reason = forms.CharField(
        label=_("Reason"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("The partner reads it in the portal and by mail"),
    )
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, state: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        causes = BACK_CAUSES if state == PartnerState.ACTIVE else STOP_CAUSES
        self.fields["cause"].choices = [  # type: ignore[attr-defined]
            ("", _("Choose one")),
            *((cause.value, cause.label) for cause in causes),
        ]
        self.fields["reason"].required = state != PartnerState.ACTIVE
        self.fields["cause"].required = state != PartnerState.ACTIVE
        self.fields["reason"].error_messages["required"] = _("Enter a reason")


class MoveForm(forms.Form):
    """From which day a partner works in another program, or is another type."""

    from_program = forms.ChoiceField(label=_("From program"))
    to_program = forms.ChoiceField(label=_("To program"))
    on = forms.DateField(
        label=_("First day"),
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("Referrals sent from this day on go to the new program"),
        error_messages={"required": _("Enter the first day"), "invalid": _("Enter a day")},
    )
    cause = forms.ChoiceField(label=_("Cause"), required=False)
    reason = forms.CharField(
        label=_("Reason"), max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(
        self,
        *args: Any,
        from_programs: Iterable[Program],
        to_programs: Iterable[Program],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["from_program"].choices = [(str(row.id), row.name) for row in from_programs]  # type: ignore[attr-defined]
        self.fields["to_program"].choices = [(str(row.id), row.name) for row in to_programs]  # type: ignore[attr-defined]
        self.fields["cause"].choices = CAUSE_CHOICES  # type: ignore[attr-defined]


class TypeForm(forms.Form):
    """From which day a partner is another type."""

    type = forms.ChoiceField(label=_("New type"), choices=PartnerType.choices)
    on = forms.DateField(
        label=_("First day"),
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={"required": _("Enter the first day"), "invalid": _("Enter a day")},
    )
    cause = forms.ChoiceField(label=_("Cause"), required=False)
    reason = forms.CharField(
        label=_("Reason"), max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["cause"].choices = CAUSE_CHOICES  # type: ignore[attr-defined]


class ViewForm(forms.Form):
    """Why somebody looks at the portal as a partner."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=300,
        help_text=_("The partner reads it on its team page"),
        error_messages={"required": _("Enter a reason")},
    )


class MergeForm(forms.Form):
    """The confirmation of a merge."""

    reason = forms.CharField(label=_("Reason"), max_length=300, required=False)
    sure = forms.BooleanField(
        label=_("I know that a merge cannot be undone"),
        error_messages={"required": _("Confirm that the merge cannot be undone")},
    )


class PersonMergeForm(forms.Form):
    """Which login of the team stays, and the confirmation."""

    into = forms.ChoiceField(label=_("Login that stays"))
    sure = forms.BooleanField(
        label=_("I know that a merge cannot be undone"),
        error_messages={"required": _("Confirm that the merge cannot be undone")},
    )

    def __init__(self, *args: Any, others: Iterable[TeamMember], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["into"].choices = [  # type: ignore[attr-defined]
            ("", _("Choose a login")),
            *((person.membership_id, f"{person.name} · {person.email}") for person in others),
        ]
