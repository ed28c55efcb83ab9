"""Forms of the course builder; one field per language for every text."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext, pgettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from partners.directory.models import PartnerType
from partners.programs.selectors import open_programs
from partners.training.models import Course, Lesson, LessonKind, Question
from partners.training.rules import MAX_CHOICES
from prm.uploads.rules import DOCUMENTS, VIDEOS
from prm.web.choices import language_in_words
from prm.web.forms import FileDrop, HintedChoiceField

KEYS = "abcdef"[:MAX_CHOICES]
VIDEO_BYTES, DOCUMENT_BYTES = 250_000_000, 25_000_000
Texts = dict[str, str]


def languages() -> list[tuple[str, str]]:
    """Return the languages that texts are written in."""
    return [(code, str(name)) for code, name in settings.LANGUAGES]


class TextsForm(forms.Form):
    """A form with texts in every language: `texts` names them, fields are <name>_<language>."""

    texts: dict[str, forms.CharField]

    def __init__(self, *args: Any, first: str, **kwargs: Any) -> None:
        """Take the language that stands first and that required texts need."""
        self.first = first
        super().__init__(*args, **kwargs)

    def add_texts(self, name: str, label: Any, *, required: bool = False, **options: Any) -> None:
        """Add one field per language, the first language's first."""
        for code, _name in self.in_order():
            words = gettext("%(label)s in %(language)s") % {
                "label": label,
                "language": language_in_words(code),
            }
            self.fields[f"{name}_{code}"] = forms.CharField(
                label=words, required=required and code == self.first, **options
            )

    def in_order(self) -> list[tuple[str, str]]:
        """Return the languages, the first one first."""
        return sorted(languages(), key=lambda pair: pair[0] != self.first)

    def told(self, name: str) -> Texts:
        """Return the texts of a name by language, without empty ones."""
        found = {code: self.cleaned_data.get(f"{name}_{code}", "") for code, _name in languages()}
        return {code: text for code, text in found.items() if text}

    def group(self, *names: str) -> list[forms.BoundField]:
        """Return the bound fields of texts, language by language."""
        return [self[f"{name}_{code}"] for code, _name in self.in_order() for name in names]


def spread(**texts: Texts) -> dict[str, str]:
    """Return texts as initial values of their fields."""
    return {
        f"{name}_{code}": text for name, by_code in texts.items() for code, text in by_code.items()
    }


class CourseForm(TextsForm):
    """A course's facts."""

    program = forms.ChoiceField(
        label=_("Program"),
        required=False,
        help_text=_("Only partners of this program take the course"),
    )
    partner_type = forms.ChoiceField(label=_("Partner type"), required=False)
    open_to_applicants = forms.BooleanField(
        label=_("Applicants can take it"),
        required=False,
        help_text=_("For programs that admit who passes a course; applicants have no login yet"),
    )
    pass_percent = forms.IntegerField(
        label=_("Pass mark"),
        min_value=1,
        max_value=100,
        help_text=_("Per cent of the questions; exactly this many pass"),
    )
    draw_count = forms.IntegerField(
        label=_("Questions drawn per attempt"),
        min_value=0,
        max_value=200,
        help_text=_("0 asks all questions of the bank"),
    )
    max_attempts = forms.IntegerField(
        label=_("Attempts"), min_value=0, max_value=50, help_text=_("0 sets no limit")
    )
    retry_hours = forms.IntegerField(
        label=_("Hours between attempts"), min_value=0, max_value=24 * 90
    )
    minutes = forms.IntegerField(
        label=_("Learning time in minutes"),
        min_value=0,
        max_value=6_000,
        help_text=_("Printed on the certificate"),
    )
    gives_certificate = forms.BooleanField(label=_("Who passes gets a certificate"), required=False)
    certificate_months = forms.IntegerField(
        label=_("Certificate valid for months"),
        required=False,
        min_value=1,
        max_value=120,
        help_text=_("Empty: it does not expire"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["program"].choices = [  # type: ignore[attr-defined]
            ("", _("All programs")),
            *((str(row.id), row.name) for row in open_programs()),
        ]
        self.fields["partner_type"].choices = [("", _("All types")), *PartnerType.choices]  # type: ignore[attr-defined]
        self.add_texts("title", gettext("Title"), required=True, max_length=200)
        self.add_texts(
            "summary",
            gettext("Summary"),
            max_length=1_000,
            widget=forms.Textarea(attrs={"rows": 3}),
        )

    @property
    def wording(self) -> list[forms.BoundField]:
        """The texts, language by language."""
        return self.group("title", "summary")

    @property
    def settings(self) -> dict[str, Any]:
        """The course's columns."""
        plain = (
            "partner_type",
            "open_to_applicants",
            "pass_percent",
            "draw_count",
            "max_attempts",
            "retry_hours",
            "minutes",
            "gives_certificate",
            "certificate_months",
        )
        program = self.cleaned_data["program"]
        chosen = next((row.id for row in open_programs() if str(row.id) == program), None)
        return {
            **{name: self.cleaned_data[name] for name in plain},
            "program_id": chosen,
            "title": self.told("title"),
            "summary": self.told("summary"),
        }


def course_initial(course: Course) -> dict[str, Any]:
    """Return a course as initial values of its form."""
    names = [
        "partner_type",
        "open_to_applicants",
        "pass_percent",
        "draw_count",
        "max_attempts",
        "retry_hours",
        "minutes",
        "gives_certificate",
        "certificate_months",
    ]
    values = {name: getattr(course, name) for name in names}
    return {
        **values,
        "program": str(course.program_id or ""),
        **spread(title=course.title, summary=course.summary),
    }


class LessonForm(TextsForm):
    """A lesson: text, or a video or document with text beside it."""

    kind = HintedChoiceField(
        label=_("Kind"),
        choices=LessonKind.choices,
        hints={
            LessonKind.TEXT: _("Read on the page"),
            LessonKind.VIDEO: _("An MP4 or WebM file; write what is said as its text"),
            LessonKind.DOCUMENT: _("A PDF, Word, Excel or picture file to open"),
        },
    )
    minutes = forms.IntegerField(label=_("Minutes"), min_value=1, max_value=600)
    file = forms.FileField(
        label=_("Choose the video or document"),
        required=False,
        widget=FileDrop(
            accept=".mp4,.webm,.pdf,.docx,.xlsx,.png,.jpg,.jpeg,.csv",
            limits=_("Videos up to 250 MB, documents up to 25 MB"),
        ),
    )

    def __init__(self, *args: Any, has_file: bool = False, **kwargs: Any) -> None:
        """Take whether the lesson has a file already."""
        self.has_file = has_file
        super().__init__(*args, **kwargs)
        self.add_texts("title", gettext("Title"), required=True, max_length=200)
        self.add_texts(
            "body",
            gettext("Text"),
            max_length=40_000,
            help_text=_("Markdown: # heading, * list, **bold**, [words](https://…)"),
            widget=forms.Textarea(attrs={"rows": 10}),
        )

    def clean(self) -> dict[str, Any] | None:
        """Ask for the file of a video or document, and for the words of a text."""
        cleaned = super().clean()
        kind = self.cleaned_data.get("kind")
        if kind == LessonKind.TEXT and not self.told("body"):
            self.add_error(f"body_{self.first}", _("Write the lesson's text"))
        missing = not self.cleaned_data.get("file") and not self.has_file
        if kind in {LessonKind.VIDEO, LessonKind.DOCUMENT} and missing and not self.errors:
            self.add_error("file", _("Choose a file"))
        return cleaned

    @property
    def wording(self) -> list[forms.BoundField]:
        """The texts, language by language."""
        return self.group("title", "body")

    @property
    def facts(self) -> dict[str, Any]:
        """The lesson's columns, without its file."""
        return {
            "kind": self.cleaned_data["kind"],
            "minutes": self.cleaned_data["minutes"],
            "title": self.told("title"),
            "body": self.told("body"),
        }

    @property
    def takes(self) -> tuple[frozenset[str], int]:
        """The kinds of files the chosen kind takes, and how large they may be."""
        if self.cleaned_data["kind"] == LessonKind.VIDEO:
            return VIDEOS, VIDEO_BYTES
        return DOCUMENTS, DOCUMENT_BYTES


def lesson_initial(lesson: Lesson) -> dict[str, Any]:
    """Return a lesson as initial values of its form."""
    return {
        "kind": lesson.kind,
        "minutes": lesson.minutes,
        **spread(title=lesson.title, body=lesson.body),
    }


class QuestionForm(TextsForm):
    """A question with up to six answers; a statement is right or wrong and needs none."""

    kind = forms.ChoiceField(label=_("Kind"), choices=Question.Kind.choices)
    statement = forms.ChoiceField(
        label=_("The statement is"),
        choices=[
            ("yes", pgettext_lazy("a statement", "Right")),
            ("no", pgettext_lazy("a statement", "Wrong")),
        ],
        widget=forms.RadioSelect,
        required=False,
        initial="yes",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.add_texts(
            "text",
            gettext("Question"),
            required=True,
            max_length=1_000,
            widget=forms.Textarea(attrs={"rows": 2}),
        )
        for number, key in enumerate(KEYS, start=1):
            label = gettext("Answer %(number)s") % {"number": number}
            self.add_texts(f"answer_{key}", label, max_length=400)
            self.fields[f"right_{key}"] = forms.BooleanField(
                label=gettext("Answer %(number)s is right") % {"number": number}, required=False
            )
        self.add_texts(
            "explanation",
            gettext("Explanation"),
            max_length=2_000,
            help_text=_("Shown after a pass or the last attempt"),
            widget=forms.Textarea(attrs={"rows": 2}),
        )
        for field in self.fields.values():
            field.required = field.required and not isinstance(field, forms.BooleanField)

    def clean(self) -> dict[str, Any] | None:
        """Ask for two answers at least, and for the right ones."""
        cleaned = super().clean()
        if self.cleaned_data.get("kind") == Question.Kind.YES_NO:
            if not self.cleaned_data.get("statement"):
                self.add_error("statement", _("Choose whether the statement is right"))
            return cleaned
        choices = self._choices()
        right = sum(1 for choice in choices if choice["right"])
        first = f"answer_{KEYS[0]}_{self.first}"
        if len(choices) < 2:
            self.add_error(first, _("Write at least two answers"))
        elif not right:
            self.add_error(f"right_{KEYS[0]}", _("Mark the right answer"))
        elif right > 1 and self.cleaned_data.get("kind") == Question.Kind.SINGLE:
            self.add_error("kind", _("Several answers are right: choose “Several right answers”"))
        for key in KEYS:
            if self.cleaned_data.get(f"right_{key}") and not self.told(f"answer_{key}"):
                self.add_error(f"answer_{key}_{self.first}", _("Write the answer that is right"))
        return cleaned

    def _choices(self) -> list[dict[str, Any]]:
        return [
            {
                "key": key,
                "text": self.told(f"answer_{key}"),
                "right": bool(self.cleaned_data.get(f"right_{key}")),
            }
            for key in KEYS
            if self.told(f"answer_{key}")
        ]

    @property
    def rows(self) -> list[tuple[forms.BoundField, list[forms.BoundField]]]:
        """The answers: whether each is right, and its texts."""
        return [(self[f"right_{key}"], self.group(f"answer_{key}")) for key in KEYS]

    @property
    def wording(self) -> list[forms.BoundField]:
        """The question's texts, language by language."""
        return self.group("text")

    @property
    def explanations(self) -> list[forms.BoundField]:
        """The explanation's texts, language by language."""
        return self.group("explanation")

    @property
    def facts(self) -> dict[str, Any]:
        """The question's columns."""
        kind = self.cleaned_data["kind"]
        return {
            "kind": kind,
            "text": self.told("text"),
            "explanation": self.told("explanation"),
            "choices": right_or_wrong(self.cleaned_data["statement"] == "yes")
            if kind == Question.Kind.YES_NO
            else self._choices(),
        }


def right_or_wrong(is_right: bool) -> list[dict[str, Any]]:  # noqa: FBT001  the one fact of a statement
    """Return the two answers to a statement, in every language."""
    texts: dict[str, Texts] = {"yes": {}, "no": {}}
    for code, _name in languages():
        with translation.override(code):
            texts["yes"][code] = pgettext("a statement", "Right")
            texts["no"][code] = pgettext("a statement", "Wrong")
    return [
        {"key": "yes", "text": texts["yes"], "right": is_right},
        {"key": "no", "text": texts["no"], "right": not is_right},
    ]


def question_initial(question: Question) -> dict[str, Any]:
    """Return a question as initial values of its form."""
    values: dict[str, Any] = {
        "kind": question.kind,
        **spread(text=question.text, explanation=question.explanation),
    }
    if question.kind == Question.Kind.YES_NO:
        right = next((choice["key"] for choice in question.choices if choice["right"]), "yes")
        return {**values, "statement": right}
    for key, choice in zip(KEYS, question.choices, strict=False):
        values |= {f"right_{key}": choice["right"], **spread(**{f"answer_{key}": choice["text"]})}
    return values


class RevokeForm(forms.Form):
    """Why a certificate is taken back."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("The partner reads it; the public page only says that it was revoked"),
        error_messages={"required": _("Write the reason")},
    )
