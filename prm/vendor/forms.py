"""Forms of the vendor's settings and look."""

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from prm.accounts.forms import language_choices, zone_choices
from prm.vendor.logos import NotALogo, cleaned_logo
from prm.vendor.rules import is_host_name
from prm.web.choices import country_choices, currency_choices
from prm.web.forms import FileDrop

LOGO_PROBLEMS = {
    "large": _("Choose a file of at most 1 MB"),
    "kind": _("Choose a PNG or JPEG picture"),
    "pixels": _("Choose a picture of at most 4,096 by 4,096 pixels"),
    "broken": _("The picture cannot be read. Export it again as PNG"),
}


class SettingsForm(forms.Form):
    """What a program admin says about the vendor."""

    name = forms.CharField(
        label=_("Name"),
        max_length=120,
        help_text=_("As partners know it; shown in the menu and in emails"),
    )
    legal_name = forms.CharField(
        label=_("Legal name"), max_length=160, required=False, help_text=_("Printed on statements")
    )
    legal_address = forms.CharField(
        label=_("Address"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "street-address"}),
    )
    tax_number = forms.CharField(label=_("VAT or tax number"), max_length=40, required=False)
    country = forms.ChoiceField(label=_("Country"), required=False)
    language = forms.ChoiceField(
        label=_("Language"), help_text=_("For people who have chosen none")
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone"), help_text=_("Decides to which month a payment belongs")
    )
    currency = forms.ChoiceField(label=_("Currency"), help_text=_("Offered first for new programs"))
    mail_sender = forms.CharField(
        label=_("Sender name"),
        max_length=120,
        required=False,
        help_text=_("Left empty, the name above"),
    )
    reply_to = forms.EmailField(label=_("Replies go to"), required=False)
    support_email = forms.EmailField(
        label=_("Support address"), required=False, help_text=_("Shown to partners who need help")
    )
    privacy_url = forms.URLField(
        label=_("Privacy notice"),
        max_length=300,
        required=False,
        assume_scheme="https",
        help_text=_("The web address of yours; linked below every public page"),
        error_messages={
            "invalid": _("Enter a web address in the form https://example.com/privacy")
        },
    )
    require_second_factor = forms.BooleanField(
        label=_("Staff must use two-step login"),
        required=False,
        help_text=_("Staff without it are asked to set it up before they can go on"),
    )
    directory_open = forms.BooleanField(
        label=_("Show the public directory of partners"),
        required=False,
        help_text=_("Only partners that agreed and that you approved are in it"),
    )
    domain = forms.CharField(
        label=_("Own web address"),
        max_length=253,
        required=False,
        help_text=_(
            "A host name such as partners.example.com that points to this portal. Emails link to it"
        ),
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false"}),
    )

    SECTIONS = (
        (
            "vendor",
            _("The vendor"),
            ("name", "legal_name", "legal_address", "tax_number", "country"),
        ),
        ("region", _("Language, time and money"), ("language", "time_zone", "currency")),
        ("mail", _("Emails"), ("mail_sender", "reply_to", "support_email")),
        (
            "access",
            _("Access"),
            ("require_second_factor", "directory_open", "privacy_url", "domain"),
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = {
            "country": country_choices(),
            "language": language_choices(),
            "time_zone": zone_choices(),
            "currency": currency_choices(),
        }
        for name, rows in choices.items():
            current = self.initial.get(name)
            if current and current not in dict(rows):
                rows.append((current, current))
            self.fields[name].choices = rows  # type: ignore[attr-defined]
        self.fields["name"].error_messages["required"] = _("Enter a name")

    @property
    def sections(self) -> list[dict[str, Any]]:
        """The fields in groups with a heading each."""
        return [
            {"id": key, "title": title, "fields": [self[name] for name in names]}
            for key, title, names in self.SECTIONS
        ]

    def clean_domain(self) -> str:
        """Return the host name in lower case; the portal's own hosts cannot be taken."""
        host: str = self.cleaned_data["domain"].strip().lower().rstrip(".")
        own = {*settings.OWN_HOSTS, settings.PUBLIC_ORIGIN.partition("://")[2].partition(":")[0]}
        if host and not is_host_name(host):
            raise ValidationError(
                _("Enter a host name in the form partners.example.com"), code="host"
            )
        if host in own:
            raise ValidationError(
                _("Choose another host name, this one belongs to the portal itself"), code="own"
            )
        return host


class LookForm(forms.Form):
    """Colour and logo."""

    accent = forms.RegexField(
        label=_("Accent colour"),
        regex=r"^#[0-9a-fA-F]{6}$",
        help_text=_("Buttons, links and marks use it"),
        widget=forms.TextInput(attrs={"type": "color"}),
        error_messages={
            "invalid": _("Enter a colour in the form #0b6b75"),
            "required": _("Choose a colour"),
        },
    )
    logo = forms.FileField(
        label=_("Choose a logo"),
        required=False,
        widget=FileDrop(
            accept="image/png,image/jpeg", limits=_("PNG or JPEG, at most 1 MB; square works best")
        ),
    )
    remove_logo = forms.BooleanField(label=_("Remove the logo"), required=False)

    def clean_accent(self) -> str:
        """Return the colour in lower case."""
        return str(self.cleaned_data["accent"]).lower()

    def clean_logo(self) -> bytes | None:
        """Return the picture as clean PNG; None when no file was sent."""
        file = self.cleaned_data["logo"]
        if not file:
            return None
        try:
            return cleaned_logo(file)
        except NotALogo as problem:
            raise ValidationError(LOGO_PROBLEMS[problem.reason], code=problem.reason) from problem

    @property
    def new_logo(self) -> bytes | None:
        """The logo to store: None keeps the old one, empty removes it."""
        logo: bytes | None = self.cleaned_data["logo"]
        return b"" if logo is None and self.cleaned_data["remove_logo"] else logo
