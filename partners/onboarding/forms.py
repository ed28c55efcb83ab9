"""Forms of onboarding: building tracks and unlock conditions, doing steps, answering them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from partners.directory.models import PartnerType
from partners.onboarding import rules
from partners.onboarding.building import StepDraft
from partners.onboarding.models import Fact, RewardKind, StepKind
from partners.onboarding.words import FEATURES, TO_DO
from prm.uploads.rules import DOCUMENTS
from prm.web.choices import language_in_words
from prm.web.forms import FileDrop, HintedChoiceField, MoneyField

MAX_BYTES = 10_000_000
LONGEST_TITLE = 120
PAID = frozenset({RewardKind.CREDIT, RewardKind.GIFT_CARD})


class TextsForm(forms.Form):
    """A form with texts per language: the tenant's own language first and asked for, the others optional."""

    # Fields over the whole width, so that the two languages of a text stand side by side.
    wide: frozenset[str] = frozenset(
        {"kind", "due_days", "blocks_next", "may_skip", "needs_approval"}
    )

    def __init__(self, *args: Any, language: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = dict(settings.LANGUAGES)
        self.languages = [language, *(code for code in names if code != language)]

    def add_texts(
        self,
        name: str,
        label: Any,
        *,
        required: bool = False,
        rows: int = 0,
        hint: Any = "",
        max_length: int = LONGEST_TITLE,
    ) -> None:
        """Add one field a language."""
        for code in self.languages:
            own = code == self.languages[0]
            self.fields[f"{name}_{code}"] = forms.CharField(
                label=gettext("%(field)s in %(language)s")
                % {"field": label, "language": language_in_words(code)},
                max_length=max_length,
                required=required and own,
                widget=forms.Textarea(attrs={"rows": rows, "lang": code})
                if rows
                else forms.TextInput(attrs={"lang": code}),
                help_text=hint if own else "",
            )

    def texts(self, name: str) -> dict[str, str]:
        """Return the texts that were given, by language."""
        given = {code: self.cleaned_data.get(f"{name}_{code}", "") for code in self.languages}
        return {
            code: text.replace("\r\n", "\n").strip() for code, text in given.items() if text.strip()
        }

    @staticmethod
    def spread(name: str, texts: dict[str, str]) -> dict[str, str]:
        """Return initial values of the fields of one name."""
        return {f"{name}_{code}": text for code, text in texts.items()}


class TrackForm(TextsForm):
    """A track: its name, whom it is for, and what finishing in time earns."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.add_texts("name", _("Name"), required=True)
        self.fields["partner_type"] = forms.ChoiceField(
            label=_("For"),
            required=False,
            choices=[("", _("All types of partners")), *PartnerType.choices],
            help_text=_("A track for one type goes before a track for all"),
        )
        self.fields["finish_days"] = forms.IntegerField(
            label=_("First lead for finishing within days"),
            required=False,
            min_value=1,
            max_value=365,
            help_text=_(
                "Counted from the start to the end of that day in your time zone. Leave empty to promise nothing"
            ),
        )

    @property
    def facts(self) -> dict[str, Any]:
        """What create_track and edit_track take."""
        return {
            "name": self.texts("name"),
            "partner_type": self.cleaned_data["partner_type"],
            "finish_days": self.cleaned_data["finish_days"],
        }


KIND_HINTS: dict[str, Any] = {
    StepKind.FACT: _("The portal notices it, nobody has to tick anything"),
    StepKind.READ: _("The partner reads the text and confirms it"),
    StepKind.UPLOAD: _("The partner brings a document or picture"),
    StepKind.COURSE: _("A person of the partner passes it"),
    StepKind.APPROVAL: _("Somebody of yours confirms it, such as a first call"),
}


class StepForm(TextsForm):
    """One step of a track. How it is done cannot be changed later."""

    def __init__(
        self,
        *args: Any,
        courses: Sequence[tuple[str, str]],
        currency: str,
        kind: str = "",
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fixed_kind = kind
        if not kind:
            self._add_how(courses)
        self._add_what_to_do()
        if kind in {"", StepKind.UPLOAD}:
            self.fields["needs_approval"] = forms.BooleanField(
                label=_("Somebody of yours looks at the file first"),
                required=False,
                help_text=_("Later steps stay closed until then"),
            )
        self._add_what_it_gives(currency)

    def _add_how(self, courses: Sequence[tuple[str, str]]) -> None:
        self.fields["kind"] = HintedChoiceField(
            label=_("How it gets done"), choices=StepKind.choices, hints=KIND_HINTS
        )
        self.fields["fact"] = forms.ChoiceField(
            label=_("Which fact"),
            required=False,
            choices=[("", _("Not a fact")), *Fact.choices],
            help_text=_("For a step that is done by itself"),
        )
        self.fields["course"] = forms.ChoiceField(
            label=_("Which course"),
            required=False,
            choices=[("", _("No course")), *courses],
            help_text=_("For a step that is done by passing a course"),
        )

    def _add_what_to_do(self) -> None:
        self.add_texts(
            "title", _("Title"), hint=_("May be empty for facts and courses, which have a name")
        )
        self.add_texts(
            "body",
            _("Text"),
            rows=4,
            max_length=20_000,
            hint=_("Markdown. What to do and why, or the text to read"),
        )
        self.fields["due_days"] = forms.IntegerField(
            label=_("Deadline in days after the start"), required=False, min_value=0, max_value=730
        )
        self.fields["blocks_next"] = forms.BooleanField(
            label=_("Later steps stay closed until this one is done"), required=False
        )
        self.fields["may_skip"] = forms.BooleanField(
            label=_("The partner may skip it"), required=False
        )

    def _add_what_it_gives(self, currency: str) -> None:
        self.add_texts(
            "milestone",
            _("Milestone"),
            hint=_("What the partner has reached with this step, such as “Ready to sell”"),
        )
        self.fields["reward_kind"] = forms.ChoiceField(
            label=_("Reward"),
            required=False,
            choices=[("", _("None")), *RewardKind.choices],
            help_text=_("Given once ever, when the step is done"),
        )
        self.fields["reward"] = MoneyField(
            label=_("Amount of the reward"),
            currencies=[currency],
            required=False,
            zero=False,
            help_text=_("For credits and gift cards"),
        )
        self.add_texts("reward_text", _("What the reward is"))

    def clean(self) -> dict[str, Any]:
        """Ask for what the kind of step needs."""
        given = super().clean() or {}
        kind = self.fixed_kind or given.get("kind", "")
        if not self.fixed_kind:
            if kind == StepKind.FACT and not given.get("fact"):
                self.add_error("fact", _("Choose the fact"))
            if kind == StepKind.COURSE and not given.get("course"):
                self.add_error("course", _("Choose the course"))
        own = f"title_{self.languages[0]}"
        if kind not in {StepKind.FACT, StepKind.COURSE} and not given.get(own):
            self.add_error(own, _("Enter a title"))
        if (
            given.get("reward_kind") in PAID
            and not given.get("reward")
            and "reward" not in self.errors
        ):
            self.add_error("reward", _("Enter the amount"))
        return given

    def draft(self, *, kind: str = "", fact: str = "", course_id: UUID | None = None) -> StepDraft:
        """Return the step; kind, fact and course of a step that is there stay as they are."""
        given = self.cleaned_data
        reward = given.get("reward") if given.get("reward_kind") in PAID else None
        return StepDraft(
            kind=kind or given["kind"],
            title=self.texts("title"),
            body=self.texts("body"),
            fact=fact if kind else given["fact"],
            course_id=course_id if kind else (UUID(given["course"]) if given["course"] else None),
            due_days=given["due_days"],
            blocks_next=given["blocks_next"],
            may_skip=given["may_skip"],
            needs_approval=given.get("needs_approval", False),
            milestone=self.texts("milestone"),
            reward_kind=given["reward_kind"],
            reward_minor=reward.minor if reward else None,
            reward_currency=reward.currency if reward else "",
            reward_text=self.texts("reward_text"),
        )


class UnlocksForm(forms.Form):
    """What opens each feature of a program: a set of boxes a feature; all ticked ones must hold."""

    def __init__(
        self,
        *args: Any,
        courses: Sequence[tuple[str, str]],
        tracks: Sequence[tuple[str, str]],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        facts = [(f"fact:{fact}", TO_DO[fact]) for fact in Fact if fact != Fact.AGREEMENT]
        learned = [
            (f"course:{key}", gettext("Pass the course “%(course)s”") % {"course": name})
            for key, name in courses
        ]
        gone = [
            (f"track:{key}", gettext("Finish the steps of “%(track)s”") % {"track": name})
            for key, name in tracks
        ]
        for feature in rules.FEATURES:
            every = [("agreement", TO_DO[Fact.AGREEMENT]), *facts, *learned, *gone]
            choices = [
                (key, label)
                for key, label in every
                if key not in rules.IMPOSSIBLE[feature]
                and not (feature == rules.COURSES and key.startswith("course:"))
            ]
            if feature == rules.SUBMIT:
                choices = choices[1:]
            self.fields[field_name(feature)] = forms.MultipleChoiceField(
                label=FEATURES[feature],
                choices=choices,
                required=False,
                widget=forms.CheckboxSelectMultiple,
                help_text=_("The signed agreement is always asked for when the program has one")
                if feature == rules.SUBMIT
                else _("Nothing ticked: open to every partner of the program"),
            )

    def keys(self, feature: str) -> list[str]:
        """Return the conditions ticked for a feature."""
        return list(self.cleaned_data[field_name(feature)])


def field_name(feature: str) -> str:
    """Return the name of a feature's boxes."""
    return feature.replace(".", "_")


class HandInForm(forms.Form):
    """A partner hands in a file."""

    file = forms.FileField(
        label=_("File"),
        widget=FileDrop(
            accept=".pdf,.png,.jpg,.jpeg,.docx,.xlsx,.csv",
            limits=_("PDF, picture, Word or Excel file, at most 10 MB"),
        ),
        error_messages={"required": _("Choose a file"), "empty": _("The file is empty")},
    )
    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    allowed = DOCUMENTS

    def clean_file(self) -> Any:
        """Refuse what is too large before it is read."""
        file = self.cleaned_data["file"]
        if file.size > MAX_BYTES:
            raise ValidationError(_("The file is larger than 10 MB"))
        return file


class AskForm(forms.Form):
    """A partner says that a step which the vendor confirms is ready."""

    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class ReplyForm(forms.Form):
    """Why a step comes back."""

    reply = forms.CharField(
        label=_("What has to be done"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("The partner reads this by email and on the step"),
        error_messages={"required": _("Say what has to be done")},
    )


class CallForm(forms.Form):
    """What was said in a call."""

    text = forms.CharField(
        label=_("What was said"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Only your people read this"),
        error_messages={"required": _("Say what was said")},
    )


class FulfilForm(forms.Form):
    """How a partner got what it had earned."""

    text = forms.CharField(
        label=_("How it was given"),
        max_length=300,
        help_text=_(
            "Such as the number of the gift card's order, or the lead's name. The partner reads this"
        ),
        error_messages={"required": _("Say how it was given")},
    )
