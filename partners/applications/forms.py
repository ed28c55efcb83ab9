"""Forms of applications: who applies, the program's own questions, an answer; and those of the form builder."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import ProhibitNullCharactersValidator
from django.utils.translation import get_language
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from partners.applications.models import Application
from partners.applications.rules import ANSWER_LENGTH, number_of
from partners.applications.services import Answer, Contact
from partners.directory.models import PartnerType
from partners.programs.texts import said
from prm.web.choices import country_choices, country_name
from prm.web.forms import EmailField, WebAddressField


class ContactForm(forms.Form):
    """Who applies; first of the two screens."""

    company = forms.CharField(
        label=_("Company"),
        max_length=160,
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
        error_messages={"required": _("Enter your company's name")},
    )
    website = WebAddressField(
        label=_("Website"),
        required=False,
        help_text=_("It shows us what you do, and that you are who you say"),
    )
    country = forms.ChoiceField(
        label=_("Country"), error_messages={"required": _("Choose your country")}
    )
    type = forms.ChoiceField(label=_("What describes you best?"), choices=PartnerType.choices)
    name = forms.CharField(
        label=_("Your full name"),
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": _("Enter your name")},
    )
    email = EmailField(
        label=_("Work email"),
        max_length=254,
        help_text=_("We answer to this address"),
        error_messages={"required": _("Enter your email address")},
    )

    def __init__(
        self, data: Any = None, *, initial: dict[str, Any], types: Sequence[str] = ()
    ) -> None:
        """Take the partner types that the program is for; none: all."""
        super().__init__(data, initial={"type": PartnerType.REFERRAL, **initial})
        country = cast("forms.ChoiceField", self.fields["country"])
        country.choices = country_choices()
        if types:
            kinds = cast("forms.ChoiceField", self.fields["type"])
            kinds.choices = [row for row in PartnerType.choices if row[0] in types]

    @property
    def contact(self) -> Contact:
        """Who applies, checked."""
        names = ("name", "email", "company", "website", "country", "type")
        return Contact(**{name: self.cleaned_data[name] for name in names})


def contact_initial(draft: Application) -> dict[str, Any]:
    """Return what a draft says of who applies."""
    names = ("name", "email", "company", "website", "country", "type")
    return {name: getattr(draft, name) for name in names}


class NumberField(forms.CharField):
    """A number as people write it, kept as they wrote it."""

    def clean(self, value: Any) -> str:
        """Return the text; only one number below a trillion."""
        text = str(super().clean(value) or "")
        if text and number_of(text) is None:
            raise ValidationError(_("Enter a number like 25"), code="number")
        return text


class QuestionsForm(forms.Form):
    """The program's own questions; second of the two screens."""

    def __init__(
        self,
        data: Any = None,
        *,
        questions: Sequence[Mapping[str, Any]],
        typed: Mapping[str, Any] | None = None,
    ) -> None:
        """Take the questions, and what a draft holds of their answers; the prefix keeps keys apart from other names."""
        self.questions = questions
        self.language = get_language() or "en"
        super().__init__(data, initial=dict(typed or {}), prefix="q")
        for question in questions:
            self.fields[question["key"]] = self._field(question)

    def _field(self, question: Mapping[str, Any]) -> forms.Field:
        kind, required = question["type"], question["required"]
        shared: dict[str, Any] = {
            "label": said(question["label"], self.language),
            "help_text": said(question.get("hint") or {}, self.language),
            "required": required,
        }
        missing = {"required": _("Answer this question")}
        if kind in {"one", "yes_no"}:
            choices = self._choices(question)
            if not required:
                choices = [("", _now("No answer")), *choices]
            return forms.ChoiceField(
                widget=forms.RadioSelect, choices=choices, error_messages=missing, **shared
            )
        if kind == "several":
            return forms.MultipleChoiceField(
                widget=forms.CheckboxSelectMultiple,
                choices=self._choices(question),
                error_messages={"required": _("Choose at least one answer")},
                **shared,
            )
        if kind == "country":
            return forms.ChoiceField(choices=country_choices(), error_messages=missing, **shared)
        if kind == "url":
            return WebAddressField(error_messages=missing, **shared)
        if kind == "number":
            return NumberField(
                max_length=ANSWER_LENGTH["number"],
                widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
                error_messages=missing,
                **shared,
            )
        long = kind == "long"
        return forms.CharField(
            max_length=ANSWER_LENGTH[kind],
            widget=forms.Textarea(attrs={"rows": 4}) if long else forms.TextInput(),
            error_messages=missing,
            **shared,
        )

    def _choices(self, question: Mapping[str, Any]) -> list[tuple[str, str]]:
        if question["type"] == "yes_no":
            return [("yes", _now("Yes")), ("no", _now("No"))]
        return [
            (choice["key"], said(choice["label"], self.language)) for choice in question["choices"]
        ]

    @property
    def typed(self) -> dict[str, Any]:
        """What was typed, valid or not, by question."""
        return {
            question["key"]: self.fields[question["key"]].widget.value_from_datadict(
                self.data, self.files, self.add_prefix(question["key"])
            )
            for question in self.questions
        }

    @property
    def answers(self) -> list[Answer]:
        """The checked answers as they are kept."""
        return [
            Answer(
                key=question["key"],
                label=str(self.fields[question["key"]].label),
                type=question["type"],
                value=(value := self.cleaned_data[question["key"]]),
                shown=self._shown(question, value),
            )
            for question in self.questions
        ]

    def _shown(self, question: Mapping[str, Any], value: Any) -> str:
        if question["type"] in {"one", "yes_no", "several"}:
            names = dict(self._choices(question))
            chosen = value if isinstance(value, list) else [value]
            return ", ".join(names[each] for each in chosen if each)
        if question["type"] == "country" and value:
            return country_name(value)
        return str(value or "")


class ReplyForm(forms.Form):
    """An applicant's answer to what the vendor asked."""

    answer = forms.CharField(
        label=_("Your answer"),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 5}),
        validators=[ProhibitNullCharactersValidator()],
        error_messages={"required": _("Enter your answer")},
    )
