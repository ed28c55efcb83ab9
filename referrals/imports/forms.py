"""What is asked about a file: where it goes, what its columns and words mean, what happens to incomplete rows."""

from collections.abc import Mapping as Dict
from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from prm.web.forms import DateField, FileDrop
from prm.web.spreadsheets import MAX_BYTES
from referrals.imports.rules import CHOICES, FIELDS, UNDECIDED, BadMapping, Mapping, mapping_from
from referrals.imports.words import CHOICE_LABELS, FIELD_LABELS

_SHEETS = ".csv,.txt,.tsv,.xlsx"


class NewImportForm(forms.Form):
    """The file, and what goes with it."""

    program = forms.ChoiceField(label=_("Program"))
    file = forms.FileField(
        label=_("Choose the file of referrals"),
        widget=FileDrop(
            accept=_SHEETS, limits=_("CSV or Excel, up to 10 MB, 100,000 rows and 100 columns")
        ),
        error_messages={
            "required": _("Choose a file"),
            "empty": _("The file is empty. Choose another one."),
        },
    )
    people = forms.FileField(
        label=_("File of people"),
        help_text=_(
            "Only if the file names people instead of partners: one line a person, with the partner's name."
        ),
        required=False,
        widget=FileDrop(accept=_SHEETS, limits=_("CSV or Excel")),
    )
    preset = forms.FileField(
        label=_("Saved mapping"),
        help_text=_("A mapping you downloaded from an earlier import."),
        required=False,
        widget=FileDrop(accept=".toml", limits=_("TOML")),
    )

    def __init__(self, *args: Any, programs: Sequence[tuple[str, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["program"].choices = programs  # type: ignore[attr-defined]
        if len(programs) == 1:
            self.fields["program"].initial = programs[0][0]

    def clean(self) -> dict[str, Any]:
        """Refuse large files before reading them."""
        read = super().clean() or {}
        for name, limit in (("file", MAX_BYTES), ("people", MAX_BYTES), ("preset", 64 * 1024)):
            if (file := read.get(name)) and file.size > limit:
                words = gettext("The file is larger than %(limit)s MB. Split it into parts.")
                self.add_error(name, words % {"limit": limit // 1024 // 1024 or "0.1"})
        return read


class ColumnsForm(forms.Form):
    """What each column of the file is."""

    def __init__(
        self,
        data: Any = None,
        *,
        headings: Sequence[str],
        custom: Sequence[tuple[str, str]],
        mapping: Mapping,
    ) -> None:
        super().__init__(data)
        self.headings = headings
        choices: list[tuple[str, Any]] = [("", _("Leave out")), *FIELD_LABELS.items()]
        choices += [(f"custom:{key}", label) for key, label in custom]
        meant = {heading: field for field, heading in mapping.columns.items()}
        meant |= {heading: f"custom:{key}" for key, heading in mapping.custom.items()}
        for place, heading in enumerate(headings):
            self.fields[f"column_{place}"] = forms.ChoiceField(
                label=heading, choices=choices, required=False, initial=meant.get(heading, "")
            )

    def clean(self) -> dict[str, Any]:
        """See that nothing is named twice, and that companies or ids can be told."""
        read = super().clean() or {}
        seen: dict[str, str] = {}
        for place, heading in enumerate(self.headings):
            field = read.get(f"column_{place}", "")
            if field and field in seen:
                words = gettext("%(heading)s has this meaning already. Choose another one.")
                self.add_error(f"column_{place}", words % {"heading": seen[field]})
            elif field:
                seen[field] = heading
        if "company" not in seen and "external_id" not in seen:
            raise forms.ValidationError(
                gettext("Say which column holds the company or the id in the other system")
            )
        self.meant = seen
        return read

    @property
    def columns(self) -> dict[str, str]:
        """Field -> heading."""
        return {field: heading for field, heading in self.meant.items() if field in FIELDS}

    @property
    def custom(self) -> dict[str, str]:
        """Own question -> heading."""
        return {
            field.removeprefix("custom:"): heading
            for field, heading in self.meant.items()
            if field.startswith("custom:")
        }


class ValuesForm(forms.Form):
    """How dates, amounts and stage words are read, who the partners are, and what happens to incomplete rows."""

    def __init__(
        self,
        data: Any = None,
        *,
        mapping: Mapping,
        orders: Sequence[tuple[str, str]],
        marks: Sequence[tuple[str, str]],
        words: Sequence[tuple[str, str]],
        stages: Sequence[tuple[str, str]],
        people: Sequence[str],
        hints: Dict[str, str],
        initial: Dict[str, Any],
    ) -> None:
        super().__init__(data, initial=dict(initial))
        self.mapping, self.words = mapping, [word for word, _label in words]
        if orders:
            self.fields["date_order"] = forms.ChoiceField(
                label=_("Dates are written"), choices=orders, widget=forms.RadioSelect
            )
        if marks:
            self.fields["decimal"] = forms.ChoiceField(
                label=_("Amounts are written"), choices=marks, widget=forms.RadioSelect
            )
        undecided = (UNDECIDED, _("Not decided: report them as errors"))
        options = [undecided, *stages, ("skip", _("Leave these rows out"))]
        for place, (_word, label) in enumerate(words):
            self.fields[f"word_{place}"] = forms.ChoiceField(label=label, choices=options)
        if people:
            columns = [(heading, heading) for heading in people]
            self.fields["person"] = forms.ChoiceField(
                label=_("Column with the person"), choices=columns
            )
            self.fields["person_partner"] = forms.ChoiceField(
                label=_("Column with the partner"), choices=columns
            )
        self._add_choices(hints)

    def _add_choices(self, hints: Dict[str, str]) -> None:
        for name, values in CHOICES.items():
            label, labels = CHOICE_LABELS[name]
            self.fields[name] = forms.ChoiceField(
                label=label,
                choices=[(value, labels[value]) for value in values],
                help_text=hints.get(name, ""),
                widget=forms.RadioSelect if name == "waiting" else forms.Select,
            )
        self.fields["fixed_date"] = DateField(label=_("Date for rows without one"), required=False)
        self.fields["company_name"] = forms.CharField(
            label=_("Name for rows without a company"),
            max_length=120,
            required=False,
            help_text=_(
                "{external_id} is replaced by the row's id in the other system, {line} by its line."
            ),
        )
        self.fields["partner_name"] = forms.CharField(
            label=_("Partner for rows without one"),
            max_length=160,
            required=False,
            help_text=_(
                "Also the partner of all rows when the file names none. A new name makes a new partner."
            ),
        )
        self.fields["products"] = forms.CharField(
            label=_("Product names to correct"),
            required=False,
            widget=forms.Textarea(attrs={"rows": 3}),
            help_text=_("One a line: the name in the file = the right name."),
        )
        self.fields["name"] = forms.CharField(
            label=_("Name of this mapping"), max_length=80, required=False
        )

    @property
    def stage_fields(self) -> list[Any]:
        """The fields of the stage words."""
        return [self[f"word_{place}"] for place in range(len(self.words))]

    @property
    def choice_fields(self) -> list[Any]:
        """The fields of what happens to incomplete rows."""
        names = (*CHOICES, "fixed_date", "company_name", "partner_name")
        return [self[name] for name in names if name != "waiting"]

    def clean(self) -> dict[str, Any]:
        """Put the mapping together; what it refuses is said on top."""
        read = super().clean() or {}
        if read.get("no_date") == "fixed" and not read.get("fixed_date"):
            self.add_error("fixed_date", gettext("Enter the date that rows without one get"))
        if read.get("no_partner") == "name" and not read.get("partner_name"):
            self.add_error("partner_name", gettext("Name the partner that rows without one get"))
        if not (
            self.mapping.people or "partner" in self.mapping.columns or read.get("partner_name")
        ):
            self.add_error(
                "partner_name",
                gettext("The file names no partner. Name the partner of all its rows."),
            )
        if self.errors:
            return read
        try:
            self.result = mapping_from(self._settings(read))
        except (BadMapping, ValueError) as error:
            raise forms.ValidationError(str(error)) from error
        return read

    def _settings(self, read: dict[str, Any]) -> dict[str, Any]:
        settings = self.mapping.as_json()
        settings["stages"] = {
            word: read[f"word_{place}"]
            for place, word in enumerate(self.words)
            if read.get(f"word_{place}", UNDECIDED) != UNDECIDED
        }
        for name in ("date_order", "decimal", *CHOICES, "partner_name", "name"):
            if name in read:
                settings[name] = read[name]
        settings["company_name"] = read.get("company_name") or Mapping(columns={}).company_name
        settings["fixed_date"] = read["fixed_date"].isoformat() if read.get("fixed_date") else None
        if settings["people"] and "person" in read:
            settings["people"] = {
                **settings["people"],
                "person": read["person"],
                "partner": read["person_partner"],
            }
        settings["values"] = {
            **settings["values"],
            "product": self._products(read.get("products", "")),
        }
        return settings

    @staticmethod
    def _products(text: str) -> dict[str, str]:
        pairs = [line.partition("=") for line in text.splitlines() if "=" in line]
        return {found.strip(): meant.strip() for found, _sign, meant in pairs if found.strip()}
