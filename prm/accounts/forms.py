"""Forms about a person and the people of a team."""

from functools import lru_cache
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _

from prm.accounts.capabilities import Role
from prm.accounts.models import User
from prm.web.forms import HintedChoiceField

PARTNER_CHOICES = [
    (Role.PARTNER_REP, Role.PARTNER_REP.label),
    (Role.PARTNER_ADMIN, Role.PARTNER_ADMIN.label),
]
STAFF_CHOICES = [
    (role, role.label) for role in (Role.CHANNEL_MANAGER, Role.FINANCE, Role.PROGRAM_ADMIN)
]
ROLE_HINTS: dict[str, Any] = {
    Role.PARTNER_REP: _("Submits referrals and follows their own"),
    Role.PARTNER_ADMIN: _(
        "Sees all referrals and earnings, manages the team and the payout details"
    ),
}
STAFF_HINTS: dict[str, Any] = {
    Role.CHANNEL_MANAGER: _("Reviews referrals, looks after partners, imports"),
    Role.FINANCE: _("Records revenue, prepares and approves payouts, issues statements"),
    Role.PROGRAM_ADMIN: _("All of that, and programs, plans, staff and settings"),
}
_AREAS = (
    "Africa/",
    "America/",
    "Antarctica/",
    "Asia/",
    "Atlantic/",
    "Australia/",
    "Europe/",
    "Indian/",
    "Pacific/",
)


def zone_choices(*, blank: Any = None) -> list[tuple[str, Any]]:
    """Return the world's time zones by name, after UTC; blank is the words of an empty first choice."""
    first = [] if blank is None else [("", blank)]
    return [*first, *_zones()]


@lru_cache(maxsize=1)
def _zones() -> tuple[tuple[str, str], ...]:
    """Return the zones once: finding them walks a folder of six hundred files."""
    zones = sorted(name for name in available_timezones() if name.startswith(_AREAS))
    return (("UTC", "UTC"), *((name, name.replace("_", " ")) for name in zones))


def language_choices(*, blank: Any = None) -> list[tuple[str, Any]]:
    """Return the languages of the portal, each in its own words."""
    own = {"en": "English", "it": "Italiano"}
    first = [] if blank is None else [("", blank)]
    return [*first, *((code, own.get(code, name)) for code, name in settings.LANGUAGES)]


class RolesField(forms.MultipleChoiceField):
    """Several roles as cards, each with a line that explains it."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, **kwargs: Any) -> None:
        self.choice_hints = dict(STAFF_HINTS)
        errors = {"required": _("Choose at least one role")}
        super().__init__(choices=STAFF_CHOICES, label=_("Roles"), error_messages=errors, **kwargs)


class ProfileForm(forms.Form):
    """What a person says about themselves."""

    name = forms.CharField(
        label=_("Your name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    language = forms.ChoiceField(
        label=_("Language"), required=False, help_text=_("Pages and emails use it")
    )
    time_zone = forms.ChoiceField(label=_("Time zone"), required=False)
    theme = forms.ChoiceField(
        label=_("Appearance"), required=False, choices=User.Theme.choices, widget=forms.RadioSelect
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["language"].choices = lazy(language_choices, list)(blank=_("Like my browser"))  # type: ignore[attr-defined]
        self.fields["time_zone"].choices = zone_choices(blank=_("Like the vendor"))  # type: ignore[attr-defined]

    def clean_name(self) -> str:
        """Return the name without doubled blanks."""
        return " ".join(self.cleaned_data["name"].split())


class InviteForm(forms.Form):
    """Whom to invite to a partner's team."""

    email = forms.EmailField(
        label=_("Email"),
        help_text=_("The invitation works for this address only"),
        error_messages={
            "required": _("Enter an email address"),
            "invalid": _("Enter an email address in the format name@company.com"),
        },
    )
    name = forms.CharField(label=_("Name"), max_length=120, required=False)
    role = HintedChoiceField(
        label=_("Role"), choices=PARTNER_CHOICES, hints=ROLE_HINTS, initial=Role.PARTNER_REP
    )

    @property
    def roles(self) -> list[str]:
        """The roles to offer."""
        return [self.cleaned_data["role"]]


class StaffInviteForm(InviteForm):
    """Whom to invite to the vendor's staff."""

    role = None  # type: ignore[assignment]
    roles_offered = RolesField()

    @property
    def roles(self) -> list[str]:
        """The roles to offer."""
        return list(self.cleaned_data["roles_offered"])


class TeamMemberForm(forms.Form):
    """What a person is and sees in a partner."""

    title = forms.CharField(label=_("Job title"), max_length=80, required=False)
    role = HintedChoiceField(label=_("Role"), choices=PARTNER_CHOICES, hints=ROLE_HINTS)
    sees_all_referrals = forms.BooleanField(
        label=_("Sees all referrals of the partner"),
        required=False,
        help_text=_("Otherwise only their own. Admins see all."),
    )
    sees_earnings = forms.BooleanField(
        label=_("Sees earnings"),
        required=False,
        help_text=_("Commissions, payouts and statements. Admins see them."),
    )

    @property
    def changes(self) -> dict[str, Any]:
        """What to pass to change_membership."""
        data = self.cleaned_data
        return {
            "title": data["title"],
            "roles": [data["role"]],
            "sees_all_referrals": data["sees_all_referrals"],
            "sees_earnings": data["sees_earnings"],
        }


class StaffMemberForm(forms.Form):
    """What a person is on the vendor's staff."""

    title = forms.CharField(label=_("Job title"), max_length=80, required=False)
    roles = RolesField()

    @property
    def changes(self) -> dict[str, Any]:
        """What to pass to change_membership."""
        return {"title": self.cleaned_data["title"], "roles": self.cleaned_data["roles"]}
