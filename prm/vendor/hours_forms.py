"""The form of the vendor's working week."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from prm.web.choices import country_name
from prm.web.formats import weekday_text
from prm.workhours.models import ClosedDay
from prm.workhours.rules import Calendar, Hours, countries_with_holidays
from prm.workhours.services import MOST_CLOSED_DAYS

LONGEST_NAME = 80


def _clock() -> forms.TimeField:
    return forms.TimeField(
        required=False, widget=forms.TimeInput(format="%H:%M", attrs={"type": "time", "step": 300})
    )


class HoursForm(forms.Form):
    """Seven days with start and end, whose public holidays count, and more closed days, one a line."""

    country = forms.ChoiceField(
        label=_("Public holidays of"),
        required=False,
        help_text=_("They are days off; nothing is due on them"),
    )
    region = forms.ChoiceField(
        label=_("Region"),
        required=False,
        help_text=_("After a change of country, save once to choose one of its regions"),
    )
    closed = forms.CharField(
        label=_("More closed days"),
        required=False,
        max_length=20_000,
        help_text=_("One a line, as 2026-12-24 Christmas Eve"),
        widget=forms.Textarea(attrs={"rows": 5}),
    )

    def __init__(self, *args: Any, now: Calendar, days: Sequence[ClosedDay], **kwargs: Any) -> None:
        kwargs["initial"] = {
            "country": now.country,
            "region": now.region,
            "closed": "\n".join(f"{row.day} {row.name}".strip() for row in days),
        }
        super().__init__(*args, **kwargs)
        for number, hours in enumerate(now.hours):
            for part, minutes in zip(("from", "to"), hours or (None, None), strict=True):
                field = _clock()
                field.initial = _time_text(minutes)
                self.fields[f"{part}_{number}"] = field
        country = self.data.get("country", now.country) if self.is_bound else now.country
        known = countries_with_holidays()
        names = sorted(((code, country_name(code)) for code in known), key=lambda row: row[1])
        self.fields["country"].choices = [("", gettext("None")), *names]  # type: ignore[attr-defined]
        regions = [(code, code) for code in known.get(country, ())]
        self.fields["region"].choices = [("", gettext("The whole country")), *regions]  # type: ignore[attr-defined]

    @property
    def week(self) -> list[dict[str, Any]]:
        """The seven days with their two fields, Monday first."""
        rows = []
        for number in range(7):
            start, end = self[f"from_{number}"], self[f"to_{number}"]
            rows.append({"name": weekday_text(number), "start": start, "end": end})
        return rows

    def clean_region(self) -> str:
        """Return the region; one of another country, left over from before, is none."""
        region: str = self.cleaned_data["region"]
        return region

    def clean_closed(self) -> list[tuple[date, str]]:
        """Read the days; every line that is none is named."""
        found, bad = [], []
        lines = [line.strip() for line in self.cleaned_data["closed"].splitlines()]
        for number, line in enumerate(lines, start=1):
            if not line:
                continue
            day, _blank, name = line.partition(" ")
            try:
                found.append((date.fromisoformat(day), name.strip()[:LONGEST_NAME]))
            except ValueError:
                bad.append(number)
        if bad:
            words = ngettext(
                "Line %(lines)s does not start with a day such as 2026-12-24",
                "Lines %(lines)s do not start with a day such as 2026-12-24",
                len(bad),
            )
            raise forms.ValidationError(words % {"lines": ", ".join(map(str, bad[:20]))})
        if len(found) > MOST_CLOSED_DAYS:
            raise forms.ValidationError(
                gettext("Enter at most %(most)s days") % {"most": MOST_CLOSED_DAYS}
            )
        return found

    def clean(self) -> dict[str, Any]:
        """Check that each day ends after it starts, and that one is worked."""
        given = super().clean() or {}
        worked = 0
        for number in range(7):
            start, end = given.get(f"from_{number}"), given.get(f"to_{number}")
            if (start is None) != (end is None):
                missing = "from" if start is None else "to"
                if f"{missing}_{number}" not in self.errors:
                    self.add_error(
                        f"{missing}_{number}", gettext("Enter both times, or none for a day off")
                    )
            elif start is not None and end is not None:
                worked += 1
                if end <= start:
                    self.add_error(f"to_{number}", gettext("Enter a time after the start"))
        if not worked and not self.errors:
            self.add_error("from_0", gettext("Enter the hours of at least one day"))
        return given

    @property
    def hours(self) -> Hours:
        """The week in minutes after midnight, of a valid form."""
        week: list[tuple[int, int] | None] = []
        for number in range(7):
            start = self.cleaned_data[f"from_{number}"]
            end = self.cleaned_data[f"to_{number}"]
            minutes = (
                (60 * start.hour + start.minute, 60 * end.hour + end.minute) if start else None
            )
            week.append(minutes)
        return tuple(week)


def _time_text(minutes: int | None) -> str:
    # A day that ends at midnight has no time of day; the last minute stands for it.
    return (
        "" if minutes is None else f"{min(minutes, 1439) // 60:02d}:{min(minutes, 1439) % 60:02d}"
    )
