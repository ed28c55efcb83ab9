"""What an exception is asked for with, and decided with."""

from collections.abc import Collection
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext_lazy as _

from commissions.overrides.services import OverrideTerms
from commissions.plans.models import PlanVersion
from partners.programs.models import Program
from prm.web.forms import DateField, PercentField

LONGEST_DAYS = 731
RATE, VERSION = "rate", "version"
CONDITIONAL = ("event", "rate", "version")


class OverrideForm(forms.Form):
    """Another percentage or another version for one partner, for a time, with its reason."""

    use_required_attribute = False

    kind = forms.ChoiceField(
        label=_("What is different"),
        choices=[(RATE, _("Another percentage")), (VERSION, _("Another version of the plan"))],
        widget=forms.RadioSelect,
        initial=RATE,
    )
    event = forms.ChoiceField(
        label=_("Percentage of"),
        choices=[
            ("lifetime", _("Every payment")),
            ("active", _("Every payment while the partner is active")),
            ("months", _("Payments of the first months")),
            ("first", _("The customer's first payment")),
            ("won", _("The deal when it is won")),
        ],
    )
    rate = PercentField(label=_("New percentage"), places=4)
    starts_on = DateField(
        label=_("For referrals registered from"),
        help_text=_("Referrals that are registered by now keep their terms."),
    )
    ends_on = DateField(
        label=_("Last day"), help_text=_("From the day after, the plan counts again by itself.")
    )
    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Whoever approves it reads this. Partners do not see it."),
    )

    def __init__(
        self,
        *args: Any,
        programs: list[Program],
        versions: list[PlanVersion],
        events: Collection[str],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        # Only what some plan pays a percentage for can get another one.
        chosen = self.fields["event"]
        chosen.choices = [row for row in chosen.choices if row[0] in events]  # type: ignore[attr-defined]
        self.fields["program"] = forms.ChoiceField(
            label=_("Program"), choices=[(str(row.id), row.name) for row in programs]
        )
        self.fields["version"] = forms.ChoiceField(
            label=_("Version"),
            choices=[
                (
                    str(row.id),
                    _("%(program)s, version %(number)s")
                    % {"program": row.program.name, "number": row.number},
                )
                for row in versions
            ],
        )
        self.program_of = {str(row.id): str(row.program_id) for row in versions}
        if len(programs) == 1:
            self.fields["program"].widget = forms.HiddenInput()
            self.fields["program"].initial = str(programs[0].id)
        self.order_fields(
            ["program", "kind", "event", "rate", "version", "starts_on", "ends_on", "reason"]
        )

    def _clean_fields(self) -> None:
        # Asked for by clean(), only where the kind needs them; the page shows only those.
        for name in CONDITIONAL:
            self.fields[name].required = False
        super()._clean_fields()  # type: ignore[misc]
        for name in CONDITIONAL:
            self.fields[name].required = True

    def clean(self) -> dict[str, Any]:
        """Ask for what the chosen kind needs, and for a time that makes sense."""
        data = self.cleaned_data
        if data.get("kind") == RATE and "rate" not in self.errors and not data.get("rate"):
            self.add_error("rate", _("Enter a percentage above 0"))
        if data.get("kind") == RATE and "event" not in self.errors and not data.get("event"):
            self.add_error("event", _("No plan pays a percentage: choose another version"))
        if data.get("kind") == VERSION and "version" not in self.errors:
            if not data.get("version"):
                self.add_error("version", _("Choose a version"))
            elif self.program_of[data["version"]] != data.get("program"):
                self.add_error("version", _("This version belongs to another program"))
        starts_on, ends_on = data.get("starts_on"), data.get("ends_on")
        if starts_on and ends_on:
            if ends_on < starts_on:
                self.add_error("ends_on", _("Choose a last day after the first one"))
            elif ends_on - starts_on > timedelta(days=LONGEST_DAYS):
                self.add_error(
                    "ends_on", _("An exception lasts two years at most; then it is decided again")
                )
        return data

    @property
    def terms(self) -> OverrideTerms:
        """What a valid form says."""
        data = self.cleaned_data
        if data["kind"] == VERSION:
            return OverrideTerms(version_id=UUID(data["version"]))
        rate: Decimal = data["rate"]
        return OverrideTerms(rate=rate, event=data["event"])

    def span(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """Return the moments from and until which it counts: midnights of the tenant's zone."""
        return (
            _midnight(self.cleaned_data["starts_on"], zone),
            _midnight(self.cleaned_data["ends_on"] + timedelta(days=1), zone),
        )


class DecisionForm(forms.Form):
    """Words to a decision."""

    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Whoever asked reads it."),
    )


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone)
