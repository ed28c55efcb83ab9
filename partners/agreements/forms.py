"""Forms about agreements: writing a version, signing one."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from partners.agreements.models import AgreementVersion
from partners.agreements.rules import (
    MAX_NOTICE_DAYS,
    MAX_TEXT,
    BadMergeFields,
    checked_text,
)
from prm.web.choices import language_in_words


class DraftForm(forms.Form):
    """A version of an agreement: its text and what changes, per language, and the notice."""

    notice_days = forms.IntegerField(
        label=_("Notice in days"),
        min_value=0,
        max_value=MAX_NOTICE_DAYS,
        help_text=_("How long the version a partner accepted before is still enough"),
    )

    def __init__(self, *args: Any, has_former: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.has_former = has_former
        for code, _name in settings.LANGUAGES:
            name = {"language": language_in_words(code)}
            self.fields[f"text_{code}"] = forms.CharField(
                label=gettext("Text in %(language)s") % name,
                max_length=MAX_TEXT,
                required=False,
                widget=forms.Textarea(attrs={"rows": 14, "spellcheck": "true"}),
                help_text=gettext("Markdown with the fields listed on this page"),
            )
            self.fields[f"changes_{code}"] = forms.CharField(
                label=gettext("What changes, in %(language)s") % name,
                max_length=2000,
                required=False,
                widget=forms.Textarea(attrs={"rows": 3}),
                help_text=gettext("Partners read it above the text and in the mail"),
            )
        if not has_former:
            for code, _language in settings.LANGUAGES:
                del self.fields[f"changes_{code}"]
            del self.fields["notice_days"]

    @staticmethod
    def initial_of(version: AgreementVersion | None) -> dict[str, Any]:
        """Return what the form shows of a version, or of a new one."""
        if version is None:
            return {"notice_days": 30}
        drafted = version.number == 0
        return {
            "notice_days": version.notice_days,
            **{f"text_{code}": text for code, text in version.texts.items()},
            **(
                {f"changes_{code}": text for code, text in version.changes.items()}
                if drafted
                else {}
            ),
        }

    @property
    def sections(self) -> list[dict[str, Any]]:
        """The fields of each language: {"text", "changes"}, bound."""
        return [
            {
                "text": self[f"text_{code}"],
                "changes": self[f"changes_{code}"] if self.has_former else None,
            }
            for code, _language in settings.LANGUAGES
        ]

    def clean(self) -> dict[str, Any]:
        """Refuse unknown fields by name, and a version without any text."""
        given = super().clean() or {}
        codes = [code for code, _language in settings.LANGUAGES]
        for code in codes:
            try:
                given[f"text_{code}"] = checked_text(given.get(f"text_{code}", ""))
            except BadMergeFields as bad:
                names = ", ".join(f"“{name}”" for name in bad.names)
                self.add_error(
                    f"text_{code}",
                    gettext("These fields are not known: %(names)s") % {"names": names},
                )
        if not self.errors and not any(given[f"text_{code}"] for code in codes):
            self.add_error(f"text_{codes[0]}", gettext("Write the text in at least one language"))
        return given

    @property
    def version(self) -> dict[str, Any]:
        """The version's texts, changes and notice days."""
        codes = [code for code, _language in settings.LANGUAGES]
        return {
            "texts": {code: self.cleaned_data[f"text_{code}"] for code in codes},
            "changes": {code: self.cleaned_data.get(f"changes_{code}", "") for code in codes},
            "notice_days": self.cleaned_data.get("notice_days", 0),
        }


class SignForm(forms.Form):
    """A person's yes to an agreement, for their company."""

    signer_name = forms.CharField(
        label=_("Your full name"),
        max_length=120,
        error_messages={"required": _("Enter your full name")},
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    signer_title = forms.CharField(
        label=_("Your position"),
        max_length=120,
        error_messages={"required": _("Enter your position in the company")},
        widget=forms.TextInput(attrs={"autocomplete": "organization-title"}),
    )
    agreed = forms.BooleanField(
        label=_("I have read this agreement and accept it for my company"),
        error_messages={"required": _("Tick the box to sign")},
    )
