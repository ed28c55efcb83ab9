"""Forms of the form builder: how a program admits, and one question with its answers, points and knock-outs."""

from collections.abc import Mapping
from typing import Any, cast

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from partners.applications.models import Admission, AdmissionMode
from partners.applications.rules import (
    CHOICE_LENGTH,
    CHOICE_TYPES,
    LABEL_LENGTH,
    MAX_CHOICES,
    POINTS,
    WORDS_LENGTH,
)
from partners.programs.rules import fresh_key
from partners.programs.texts import said
from partners.training.forms import TextsForm, spread
from partners.training.models import Course, CourseState
from prm.web.choices import country_choices
from prm.web.forms import HintedChoiceField

QUESTION_TYPES = {
    "text": _("Short text"),
    "long": _("Long text"),
    "number": _("Number"),
    "one": _("One of a list"),
    "several": _("Several of a list"),
    "yes_no": _("Yes or no"),
    "country": _("Country"),
    "url": _("Web address"),
}
MODE_HINTS: dict[str, Any] = {
    AdmissionMode.MANUAL: _("Every application waits in the queue"),
    AdmissionMode.AUTOMATIC: _("Whose answers do not knock out is a partner at once"),
    AdmissionMode.RULES: _("Meets all the rules below: in at once. Else a person decides"),
    AdmissionMode.INVITATION: _("The form opens with an invitation's link only"),
    AdmissionMode.COURSE: _("Applicants take the course below without a login"),
}


class CountriesField(forms.MultipleChoiceField):
    """Countries by name in the reader's language; cleans to their codes. None chosen means all."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            required=False,
            choices=lambda: country_choices()[1:],
            help_text=_("None chosen: all countries. Hold Ctrl or Command to choose several"),
            widget=forms.SelectMultiple(attrs={"size": 8}),
            **kwargs,
        )


class AdmissionForm(TextsForm):
    """How a program admits, what it promises, and what the vendor adds to its public page."""

    mode = HintedChoiceField(
        label=_("Who lets partners in"), choices=AdmissionMode.choices, hints=MODE_HINTS
    )
    decide_days = forms.IntegerField(
        label=_("Days to decide"),
        min_value=1,
        max_value=90,
        help_text=_("Promised on the public page; what takes longer is overdue in the queue"),
    )
    reapply_days = forms.IntegerField(
        label=_("Days until a declined company may apply again"), min_value=0, max_value=3650
    )
    min_score = forms.IntegerField(
        label=_("Points needed"), required=False, min_value=-1000, max_value=10_000
    )
    countries = CountriesField(label=_("Countries let in by rule"))
    own_domain = forms.BooleanField(
        label=_("Only with a mail address on the company's own domain"), required=False
    )
    course_id = forms.ChoiceField(
        label=_("Course that admits"),
        required=False,
        help_text=_("Published courses that are open to applicants"),
    )
    probation_days = forms.IntegerField(
        label=_("Days of probation"),
        required=False,
        min_value=1,
        max_value=3650,
        help_text=_("After an admission without a person. Empty: none"),
    )
    probation_referrals = forms.IntegerField(
        label=_("Open referrals at once while on probation"),
        required=False,
        min_value=1,
        max_value=1000,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        language = get_language() or "en"
        courses = Course.objects.filter(state=CourseState.PUBLISHED, open_to_applicants=True)
        choice = cast("forms.ChoiceField", self.fields["course_id"])
        choice.choices = [
            ("", _now("None")),
            *((str(course.id), said(course.title, language)) for course in courses[:200]),
        ]
        self.add_texts(
            "page_text",
            _("Text on the public page"),
            max_length=20_000,
            widget=forms.Textarea(attrs={"rows": 6}),
            help_text=_("Markdown. What the page says of money and time comes from the settings"),
        )

    def clean(self) -> dict[str, Any]:
        """Ask for the course where one admits, and for both halves of a probation."""
        given = super().clean() or {}
        if given.get("mode") == AdmissionMode.COURSE and not given.get("course_id"):
            self.add_error("course_id", _("Choose the course that admits"))
        if bool(given.get("probation_days")) != bool(given.get("probation_referrals")):
            missing = "probation_referrals" if given.get("probation_days") else "probation_days"
            self.add_error(missing, _("A probation needs days and a number of referrals"))
        return given

    @property
    def settings(self) -> dict[str, Any]:
        """The admission's columns."""
        data = self.cleaned_data
        rules = {
            "min_score": data["min_score"],
            "countries": data["countries"],
            "own_domain": data["own_domain"],
        }
        return {
            "mode": data["mode"],
            "decide_days": data["decide_days"],
            "reapply_days": data["reapply_days"],
            "course_id": Course.objects.get(id=data["course_id"]).id if data["course_id"] else None,
            "probation_days": data["probation_days"],
            "probation_referrals": data["probation_referrals"],
            "rules": {
                name: value for name, value in rules.items() if value not in (None, [], False)
            },
            "page_text": self.told("page_text"),
        }


def admission_initial(admission: Admission) -> dict[str, Any]:
    """Return an admission as its form shows it."""
    names = ("mode", "decide_days", "reapply_days", "probation_days", "probation_referrals")
    return {
        **{name: getattr(admission, name) for name in names},
        **(admission.rules or {}),
        "course_id": str(admission.course_id or ""),
        **spread(page_text=admission.page_text),
    }


class QuestionForm(TextsForm):
    """One question of a given type; what belongs to other types is not asked."""

    required = forms.BooleanField(label=_("Must be answered"), required=False)

    def __init__(self, *args: Any, kind: str, row_count: int = 0, **kwargs: Any) -> None:
        """Take the type, and how many answers to choose from the form has room for."""
        self.kind, self.row_count = kind, row_count
        super().__init__(*args, **kwargs)
        self.add_texts("label", _("Question"), required=True, max_length=LABEL_LENGTH)
        self.add_texts("hint", _("Hint"), max_length=LABEL_LENGTH)
        if kind in {"text", "long", "url", "number", "country"}:
            self.fields["points"] = _points(_("Points for any answer"))
        if kind == "number":
            self.fields["least"] = forms.IntegerField(
                label=_("A smaller number declines"),
                required=False,
                min_value=-(10**12),
                max_value=10**12,
            )
        if kind == "country":
            self.fields["countries"] = CountriesField(label=_("Other countries decline"))
        for row in self._row_names():
            self._add_row(row)
        if kind in {"number", "country", *CHOICE_TYPES}:
            self.add_texts(
                "decline",
                _("Words to a declined applicant"),
                max_length=WORDS_LENGTH,
                widget=forms.Textarea(attrs={"rows": 3}),
            )

    def _row_names(self) -> list[str]:
        if self.kind == "yes_no":
            return ["yes", "no"]
        if self.kind in CHOICE_TYPES:
            return [f"row{number}" for number in range(1, self.row_count + 1)]
        return []

    def _add_row(self, row: str) -> None:
        if self.kind != "yes_no":
            self.fields[f"{row}_key"] = forms.RegexField(
                r"^[a-z][a-z0-9_]{0,39}$", required=False, widget=forms.HiddenInput
            )
            self.add_texts(f"{row}_label", _("Answer"), max_length=CHOICE_LENGTH)
        self.fields[f"{row}_points"] = _points(_("Points"))
        self.fields[f"{row}_knock_out"] = forms.BooleanField(label=_("Declines"), required=False)

    def rows(self) -> list[dict[str, Any]]:
        """Return the answers to choose from as the page lays them out."""
        words = {"yes": _now("Yes"), "no": _now("No")}
        return [
            {
                "name": words.get(row, ""),
                "number": number,
                "key": None if self.kind == "yes_no" else self[f"{row}_key"],
                "labels": [] if self.kind == "yes_no" else self.group(f"{row}_label"),
                "points": self[f"{row}_points"],
                "knock_out": self[f"{row}_knock_out"],
            }
            for number, row in enumerate(self._row_names(), 1)
        ]

    def plain(self) -> list[forms.BoundField]:
        """Return the fields that belong to this type alone."""
        return [self[name] for name in ("points", "least", "countries") if name in self.fields]

    def declines(self) -> list[forms.BoundField]:
        """Return the fields of the words to somebody declined."""
        has_words = any(name.startswith("decline_") for name in self.fields)
        return self.group("decline") if has_words else []

    def clean(self) -> dict[str, Any]:
        """Ask for two answers to choose from, and for words where an answer declines."""
        given = super().clean() or {}
        if self.kind in {"one", "several"} and not self.errors:
            chosen = self._choices()
            if len(chosen) < 2:
                self.add_error(f"row{1}_label_{self.first}", _("Enter at least two answers"))
            elif given.get("required") and all(choice["knock_out"] for choice in chosen):
                self.add_error(None, _("Every answer declines: nobody could become a partner"))
        knocks = (
            any(given.get(f"{row}_knock_out") for row in self._row_names())
            or given.get("least") is not None
            or bool(given.get("countries"))
        )
        if knocks and not self.told("decline"):
            self.add_error(
                f"decline_{self.first}", _("Say why: declined applicants read these words")
            )
        return given

    def _choices(self) -> list[dict[str, Any]]:
        data = self.cleaned_data
        if self.kind == "yes_no":
            return [
                {
                    "key": row,
                    "label": {},
                    "points": data.get(f"{row}_points") or 0,
                    "knock_out": data.get(f"{row}_knock_out", False),
                }
                for row in ("yes", "no")
            ]
        found: list[dict[str, Any]] = []
        taken = {data.get(f"{row}_key") or "" for row in self._row_names()}
        for row in self._row_names():
            label = self.told(f"{row}_label")
            if not label:
                continue
            key = data.get(f"{row}_key") or fresh_key(next(iter(label.values())), taken)
            taken.add(key)
            found.append(
                {
                    "key": key,
                    "label": label,
                    "points": data.get(f"{row}_points") or 0,
                    "knock_out": data.get(f"{row}_knock_out", False),
                }
            )
        return found

    def question(self, key: str) -> dict[str, Any]:
        """Return the question in the form that rules.checked_questions takes."""
        data = self.cleaned_data
        return {
            "key": key,
            "type": self.kind,
            "required": data["required"],
            "label": self.told("label"),
            "hint": self.told("hint"),
            "decline": self.told("decline") if self.declines() else {},
            "points": data.get("points") or 0,
            "choices": self._choices() if self.kind in CHOICE_TYPES else [],
            "least": data.get("least"),
            "countries": data.get("countries") or [],
        }


def question_initial(question: Mapping[str, Any]) -> dict[str, Any]:
    """Return a question as its form shows it."""
    initial = {
        "required": question["required"],
        "points": question["points"] or None,
        "least": question["least"],
        "countries": question["countries"],
        **spread(label=question["label"], hint=question["hint"], decline=question["decline"]),
    }
    for number, choice in enumerate(question["choices"], 1):
        row = choice["key"] if question["type"] == "yes_no" else f"row{number}"
        initial |= {
            f"{row}_key": choice["key"],
            f"{row}_points": choice["points"] or None,
            f"{row}_knock_out": choice["knock_out"],
            **spread(**{f"{row}_label": choice["label"]}),
        }
    return initial


def rows_needed(question: Mapping[str, Any] | None) -> int:
    """Return how many answers a form has room for: those there are and three more, at least four."""
    there = len(question["choices"]) if question else 0
    return min(max(4, there + 3), MAX_CHOICES)


def _points(label: Any) -> forms.IntegerField:
    return forms.IntegerField(label=label, required=False, min_value=-POINTS, max_value=POINTS)
