"""What a simulation is started with, and what leads and customers may cost."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from commissions.plans.models import PlanVersion
from commissions.simulation.replaying import Span
from commissions.simulation.rules import Targets
from prm.money import Money
from prm.web.forms import DateField, MoneyField

LONGEST_DAYS = 1_830


class SimulationForm(forms.Form):
    """Which version, over which days."""

    use_required_attribute = False

    version = forms.ChoiceField(label=gettext_lazy("What is tried"))
    first = DateField(label=gettext_lazy("First day"))
    last = DateField(label=gettext_lazy("Last day"))

    def __init__(self, *args: Any, versions: list[PlanVersion], today: date, **kwargs: Any) -> None:
        self.today = today
        kwargs.setdefault("initial", {})
        kwargs["initial"] = {
            "first": today - timedelta(days=365),
            "last": today - timedelta(days=1),
            **kwargs["initial"],
        }
        super().__init__(*args, **kwargs)
        self.fields["version"].choices = [  # type: ignore[attr-defined]
            (
                str(row.id),
                (_("Version %(number)s") if row.published_at else _("Draft of version %(number)s"))
                % {"number": row.number},
            )
            for row in versions
        ]

    def clean(self) -> dict[str, Any]:
        """The days are a span of the past."""
        data = self.cleaned_data
        first, last = data.get("first"), data.get("last")
        if last and last > self.today:
            self.add_error("last", _("Choose a day up to today"))
        if first and last:
            if last < first:
                self.add_error("last", _("Choose a last day that is not before the first"))
            elif last - first > timedelta(days=LONGEST_DAYS):
                self.add_error("first", _("Five years at most"))
        return data

    @property
    def span(self) -> Span:
        """The days of a valid form."""
        return Span(self.cleaned_data["first"], self.cleaned_data["last"])


class TargetsForm(forms.Form):
    """What a lead and a customer may cost; empty asks nothing."""

    use_required_attribute = False

    def __init__(self, *args: Any, currency: str, targets: Targets, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, label, text, value in (
            (
                "lead_ceiling",
                _("A lead costs at most"),
                _("What marketing pays for one elsewhere."),
                targets.lead_ceiling,
            ),
            ("customer_ceiling", _("A customer costs at most"), "", targets.customer_ceiling),
            (
                "customer_floor",
                _("A customer costs at least"),
                _("Below that, referring is not worth a partner's while."),
                targets.customer_floor,
            ),
        ):
            self.fields[name] = MoneyField(
                label=label,
                help_text=text,
                currencies=[currency],
                required=False,
                zero=False,
                initial=Money(value, currency) if value else None,
            )

    def clean(self) -> dict[str, Any]:
        """The least lies below the most."""
        data = self.cleaned_data
        most, least = data.get("customer_ceiling"), data.get("customer_floor")
        if most and least and least.minor >= most.minor:
            self.add_error("customer_floor", _("Enter less than a customer costs at most"))
        return data

    @property
    def targets(self) -> Targets:
        """What a valid form says."""
        data = self.cleaned_data
        return Targets(
            *(
                data[name].minor if data.get(name) else None
                for name in ("lead_ceiling", "customer_ceiling", "customer_floor")
            )
        )
